/// A subcommand of the program: its flags and what it does. No arithmetic here, only wiring.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/communicator.hpp"
#include "base/settings.hpp"

namespace semblance::cli {

/// Flags that every subcommand takes.
struct CommonFlags {
  std::string device = "auto";
  int threads = 0;
  std::uint64_t seed = 1;
  bool device_given = false, threads_given = false, seed_given = false;  ///< on the command line
  bool quiet = false;
  std::string log_json;
  std::string config;  ///< YAML file; the section named like the subcommand is read
};

class Command {
 public:
  virtual ~Command() = default;
  virtual const char* name() const = 0;
  virtual const char* summary() const = 0;
  /// Declares the flags; called once.
  virtual void add_flags(CLI::App& app) = 0;
  /// Does the work after all flags are read.
  virtual void run(const CommonFlags& flags, base::Communicator& communicator) = 0;
};

/// Settings of a stage as flags: `batch_size` becomes `--batch-size`. Values are kept as text and
/// applied by apply(), after the configuration file, so that flags win.
class SettingFlags {
 public:
  base::SettingList& list() { return list_; }
  void add_flags(CLI::App& app);
  /// Applies section `section` of the YAML file `config` (if any), then the flags.
  void apply(const std::string& config, const std::string& section);

 private:
  base::SettingList list_;
  std::vector<std::pair<std::string, std::string>> given_;
};

/// All subcommands in the order of --help.
std::vector<std::unique_ptr<Command>> all_commands();

}  // namespace semblance::cli
