#include "cli/command.hpp"
#include "evaluator/evaluate.hpp"

namespace semblance::cli {
namespace {

class EvaluateCommand : public Command {
 public:
  EvaluateCommand() { evaluator::add_settings(settings_.list(), options_); }
  const char* name() const override { return "evaluate"; }
  const char* summary() const override {
    return "judge a synthetic table: report.html and report.json on quality, utility and privacy";
  }
  void add_flags(CLI::App& app) override {
    app.add_option("--real", options_.real, "the real table that the model learned from")
        ->required();
    app.add_option("--synthetic", options_.synthetic, "the table to judge")->required();
    app.add_option("--output", options_.output, "directory for report.html and report.json")
        ->required();
    settings_.add_flags(app);
  }
  void run(const CommonFlags& flags, base::Communicator& communicator) override {
    settings_.apply(flags.config, name());
    options_.device = flags.device;
    options_.threads = flags.threads;
    options_.seed = flags.seed;
    evaluator::evaluate(options_, communicator);
  }

 private:
  evaluator::EvaluateOptions options_;
  SettingFlags settings_;
};

}  // namespace

std::unique_ptr<Command> evaluate_command() { return std::make_unique<EvaluateCommand>(); }

}  // namespace semblance::cli
