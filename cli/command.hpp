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
  std::string device = "auto";  ///< as base::resolve_device() takes it
  int threads = 0;              ///< 0: all cores of the process
  std::uint64_t seed = 1;       ///< of all random choices of the command
  bool device_given = false, threads_given = false, seed_given = false;  ///< on the command line
  bool quiet = false;    ///< no progress and no information on standard error
  std::string log_json;  ///< file for events as JSON lines; "" for none
  std::string config;    ///< YAML file; the section named like the subcommand is read
};

/// One subcommand. Results go to standard output, messages through base/log.hpp.
class Command {
 public:
  virtual ~Command() = default;
  virtual const char* name() const = 0;     ///< as typed: "mock-hospital"
  virtual const char* summary() const = 0;  ///< one line for --help
  /// Declares the flags; called once.
  virtual void add_flags(CLI::App& app) = 0;
  /// Does the work after all flags are read.
  virtual void run(const CommonFlags& flags, base::Communicator& communicator) = 0;
};

/// Settings of a stage as flags: `batch_size` becomes `--batch-size`. Values are kept as text and
/// applied by apply(), after the configuration file, so that flags win.
class SettingFlags {
 public:
  /// Fill it by a stage's add_settings() before add_flags().
  base::SettingList& list() { return list_; }
  /// Declares a flag for each setting in list(); this object must outlive the parsing.
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
