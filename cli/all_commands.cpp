#include "cli/command.hpp"

namespace semblance::cli {

std::unique_ptr<Command> inspect_command();
std::unique_ptr<Command> prepare_command();
std::unique_ptr<Command> train_command();
std::unique_ptr<Command> generate_command();
std::unique_ptr<Command> attack_command();
std::unique_ptr<Command> evaluate_command();
std::unique_ptr<Command> run_command();
std::unique_ptr<Command> export_command();
std::unique_ptr<Command> mock_hospital_command();
std::unique_ptr<Command> info_command();

// Each subcommand lives in a file of its own, cli/<name>_command.cpp.
std::vector<std::unique_ptr<Command>> all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(inspect_command());
  commands.push_back(prepare_command());
  commands.push_back(train_command());
  commands.push_back(generate_command());
  commands.push_back(attack_command());
  commands.push_back(evaluate_command());
  commands.push_back(run_command());
  commands.push_back(export_command());
  commands.push_back(mock_hospital_command());
  commands.push_back(info_command());
  return commands;
}

}  // namespace semblance::cli
