/// `semblance attack`: membership attacks with shadow models.
#include "cli/command.hpp"
#include "pipeline/attack.hpp"

namespace semblance::cli {
namespace {

class AttackCommand final : public Command {
 public:
  AttackCommand() { pipeline::add_settings(settings_.list(), options_); }
  const char* name() const override { return "attack"; }
  const char* summary() const override {
    return "train copies of a model on random halves of the real rows and try to tell who was in";
  }
  void add_flags(CLI::App& app) override {
    app.add_option("--real", options_.real, "the table that the model was trained on")->required();
    app.add_option("--holdout", options_.holdout, "rows of the same population that it never saw")
        ->required();
    app.add_option("--model", options_.model, "model.h5, whose settings train the copies")
        ->required();
    app.add_option("--output", options_.output, "attack.json, for evaluate --attack-file")
        ->required();
    app.add_option("--metadata", options_.metadata, "metadata YAML; inferred when not given");
    settings_.add_flags(app);
  }
  void run(const CommonFlags& flags, base::Communicator& communicator) override {
    settings_.apply(flags.config, name());
    options_.device = flags.device;
    options_.threads = flags.threads;
    options_.seed = flags.seed;
    pipeline::attack(options_, communicator);
  }

 private:
  pipeline::AttackOptions options_;
  SettingFlags settings_;
};

}  // namespace

std::unique_ptr<Command> attack_command() { return std::make_unique<AttackCommand>(); }

}  // namespace semblance::cli
