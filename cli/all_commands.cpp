#include "cli/command.hpp"

namespace semblance::cli {

// Each subcommand lives in a file of its own, cli/<name>_command.cpp.
std::vector<std::unique_ptr<Command>> all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  return commands;
}

}  // namespace semblance::cli
