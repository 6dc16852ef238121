/// The program: picks the subcommand, turns errors into exit codes, and ends all ranks together.
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <thread>

#include "base/device.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/program_name.hpp"
#include "cli/command.hpp"

namespace semblance::cli {
namespace {

constexpr int kUsageExit = 2;

void add_common_flags(CLI::App& app, CommonFlags& flags) {
  app.add_option("--device", flags.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  app.add_option("--threads", flags.threads, "CPU threads; 0: all cores of this process")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  app.add_option("--seed", flags.seed, "seed of all random choices")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--quiet", flags.quiet, "only warnings and errors");
  app.add_option("--log-json", flags.log_json, "append machine-readable events to this file");
  app.add_option("--config", flags.config, "YAML file whose section of this name holds settings");
}

/// Names that the user may have meant, for a word that is no subcommand or flag.
std::vector<std::string> valid_words(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  if (!word.starts_with("-")) {
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(sub->get_name());
    return names;
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// One line for each word that is not understood; "" when all are.
std::string unknown_words(const CLI::App& program, const CLI::App& app) {
  std::string lines;
  bool after_flag = false;  // this word may be the value of the unknown flag before it
  for (const std::string& word : app.remaining(true)) {
    const bool is_value = after_flag && !word.starts_with("-");
    after_flag = word.starts_with("-");
    if (word == "--" || is_value) continue;
    const std::string name = word.substr(0, word.find('='));
    const bool flag = name.starts_with("-");
    const char* what = flag ? "flag" : &app == &program ? "command" : "argument";
    lines += fmt::format("{}unknown {} '{}'{}", lines.empty() ? "" : "\n       ", what, name,
                         base::did_you_mean(name, valid_words(app, name)));
    if (&app == &program && !flag) break;  // the words after a wrong command are not to blame
  }
  return lines;
}

int usage_error(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App* app = &program;
  for (const CLI::App* sub : program.get_subcommands()) app = sub;
  const std::string unknown = unknown_words(program, *app);
  const std::string command = program.get_name() + (app == &program ? "" : " " + app->get_name());
  fmt::print(stderr, "error: {}\nrun '{} --help' for the usage\n",
             unknown.empty() ? error.what() : unknown, command);
  return kUsageExit;
}

/// Results on standard output that did not arrive (disk full, closed pipe) are an I/O error.
void flush_results() {
  if (std::fflush(stdout) != 0) base::fail_errno("write", "standard output");
}

int print_and_flush(const std::string& text) {
  fmt::print("{}", text);
  return std::fflush(stdout) == 0 ? 0 : base::exit_code(base::ErrorKind::kIo);
}

/// Says what went wrong, and ends all ranks: others may be waiting for this one. The same error
/// strikes all ranks as a rule; then rank 0 alone says it, as it ends the others before they speak.
int end_with_error(base::Communicator* communicator, const std::string& message, int code) {
  if (communicator != nullptr && communicator->rank() > 0) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  base::log_message(base::LogLevel::kError, message);
  if (communicator != nullptr && communicator->size() > 1) communicator->abort(code);
  return code;
}

int run_command(Command& command, const CommonFlags& flags) {
  std::unique_ptr<base::Communicator> communicator;
  constexpr int kIoExit = 4, kBugExit = 1;
  try {
    communicator = base::world_communicator();
    base::configure_log({flags.quiet, flags.log_json, communicator->rank()});
    command.run(flags, *communicator);
    flush_results();
    return 0;
  } catch (const base::Error& error) {
    return end_with_error(communicator.get(), error.what(), base::exit_code(error.kind()));
  } catch (const std::filesystem::filesystem_error& error) {
    return end_with_error(communicator.get(), error.what(), kIoExit);
  } catch (const std::bad_alloc&) {
    return end_with_error(communicator.get(), "out of memory", kIoExit);
  } catch (const std::exception& error) {
    return end_with_error(communicator.get(), fmt::format("internal: {}", error.what()), kBugExit);
  }
}

int run(int argc, char** argv) {
  CLI::App program("Mock patient data with the likeness of the real thing", "semblance");
  const std::string version = base::program_name() +
                              (base::built_with_cuda() ? ", CUDA" : ", no CUDA") +
                              (base::built_with_mpi() ? ", MPI" : ", no MPI");
  program.set_version_flag("--version", version);
  program.require_subcommand(0, 1);

  const auto commands = all_commands();
  CommonFlags flags;
  for (const auto& command : commands) {
    CLI::App* app = program.add_subcommand(command->name(), command->summary());
    command->add_flags(*app);
    add_common_flags(*app, flags);
  }
  try {
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = program.get_subcommands();
    return print_and_flush(chosen.empty() ? program.help()
                                          : chosen.front()->help(program.get_name()));
  } catch (const CLI::CallForVersion&) {
    return print_and_flush(version + "\n");
  } catch (const CLI::ParseError& error) {
    return usage_error(program, error);
  }
  for (const auto& command : commands) {
    if (!program.got_subcommand(command->name())) continue;
    const CLI::App& app = *program.get_subcommand(command->name());
    flags.seed_given = app.count("--seed") > 0;
    flags.device_given = app.count("--device") > 0;
    flags.threads_given = app.count("--threads") > 0;
    return run_command(*command, flags);
  }
  fmt::print(stderr, "{}", program.help());
  return kUsageExit;
}

}  // namespace
}  // namespace semblance::cli

int main(int argc, char** argv) { return semblance::cli::run(argc, argv); }
