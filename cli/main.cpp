/// The program: picks the subcommand, turns errors into exit codes, and ends all ranks together.
#include <cstdio>
#include <exception>

#include "base/device.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"

namespace semblance::cli {
namespace {

constexpr int kUsageExit = 2;

void add_common_flags(CLI::App& app, CommonFlags& flags) {
  app.add_option("--device", flags.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  app.add_option("--threads", flags.threads, "CPU threads; 0: all cores of this process")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  app.add_option_function<std::uint64_t>(
         "--seed",
         [&flags](const std::uint64_t& seed) { flags.seed = seed, flags.seed_given = true; },
         "seed of all random choices")
      ->default_str("1");
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

int usage_error(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App* app = &program;
  for (const CLI::App* sub : program.get_subcommands()) app = sub;
  std::string hint;
  for (const std::string& word : app->remaining(true)) {
    const std::string flag = word.substr(0, word.find('='));
    hint += "\n  unknown: " + word + base::did_you_mean(flag, valid_words(*app, flag));
  }
  fmt::print(stderr, "error: {}{}\nrun '{} --help' for the usage\n", error.what(), hint,
             app == &program ? program.get_name() : program.get_name() + " " + app->get_name());
  return kUsageExit;
}

int run(int argc, char** argv) {
  CLI::App program("Mock patient data with the likeness of the real thing", "semblance");
  program.set_version_flag("--version", std::string("semblance " SEMBLANCE_VERSION) +
                                            (base::built_with_cuda() ? ", CUDA" : ", no CUDA") +
                                            (base::built_with_mpi() ? ", MPI" : ", no MPI"));
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
    fmt::print("{}", chosen.empty() ? program.help() : chosen.front()->help());
    return 0;
  } catch (const CLI::Success& success) {
    return program.exit(success);
  } catch (const CLI::ParseError& error) {
    return usage_error(program, error);
  }
  if (program.get_subcommands().empty()) {
    fmt::print("{}", program.help());
    return kUsageExit;
  }

  std::unique_ptr<base::Communicator> communicator;
  try {
    communicator = base::world_communicator();
    base::configure_log({flags.quiet, flags.log_json, communicator->rank()});
    for (const auto& command : commands) {
      if (program.got_subcommand(command->name())) command->run(flags, *communicator);
    }
    return 0;
  } catch (const base::Error& error) {
    base::log_message(base::LogLevel::kError, error.what());
    const int code = base::exit_code(error.kind());
    if (communicator && communicator->size() > 1) communicator->abort(code);
    return code;
  } catch (const std::bad_alloc&) {
    base::log_message(base::LogLevel::kError, "out of memory");
    if (communicator && communicator->size() > 1) communicator->abort(4);
    return 4;
  } catch (const std::exception& error) {
    base::log_message(base::LogLevel::kError, fmt::format("internal: {}", error.what()));
    if (communicator && communicator->size() > 1) communicator->abort(1);
    return 1;
  }
}

}  // namespace
}  // namespace semblance::cli

int main(int argc, char** argv) { return semblance::cli::run(argc, argv); }
