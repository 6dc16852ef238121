/// `semblance run`: all stages from one configuration.
#include "base/error.hpp"
#include "base/program_name.hpp"
#include "cli/command.hpp"
#include "pipeline/run.hpp"

namespace semblance::cli {
namespace {

class RunCommand final : public Command {
 public:
  const char* name() const override { return "run"; }
  const char* summary() const override {
    return "all stages from one configuration: data, model, synthetic rows, report";
  }

  void add_flags(CLI::App& app) override {
    app.add_option("CONFIG", request_.config, "configuration YAML (docs/RUN.md)")
        ->type_name("YAML")
        ->required();
    app.add_option("--set", request_.sets,
                   "SECTION.NAME=VALUE: a setting of the configuration, for example train.epochs=5")
        ->type_name("")
        ->allow_extra_args(false);
    app.add_option("--output", request_.output, "run folder, instead of the configuration's")
        ->type_name("DIR");
    app.add_option("--from", request_.from,
                   "first stage to look at; the results of earlier ones must be there")
        ->type_name("STAGE");
    app.add_option("--to", request_.to, "last stage to look at")->type_name("STAGE");
    app.add_flag("--force", request_.force, "run the stages even when nothing changed");
    app.footer(
        "Stages: mock_hospital, prepare, holdout, train, generate, export, attack, evaluate.\n"
        "A stage is skipped when its settings, its inputs and the program are those of its last "
        "run.");
  }

  void run(const CommonFlags& flags, base::Communicator& communicator) override {
    SEMBLANCE_EXPECT(flags.config.empty(), kUsage,
                     "run takes its configuration as argument: semblance run {}", flags.config);
    pipeline::RunRequest request = request_;
    request.program = base::program_name();
    if (flags.seed_given) request.sets.push_back(fmt::format("seed={}", flags.seed));
    if (flags.device_given) request.sets.push_back("device=" + flags.device);
    if (flags.threads_given) request.sets.push_back(fmt::format("threads={}", flags.threads));
    pipeline::run(request, communicator);
  }

 private:
  pipeline::RunRequest request_;
};

}  // namespace

std::unique_ptr<Command> run_command() { return std::make_unique<RunCommand>(); }

}  // namespace semblance::cli
