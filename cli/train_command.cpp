#include "base/error.hpp"
#include "cli/command.hpp"
#include "trainer/train.hpp"

namespace semblance::cli {
namespace {

class TrainCommand : public Command {
 public:
  const char* name() const override { return "train"; }
  const char* summary() const override { return "learn a table and write model.h5"; }

  void add_flags(CLI::App& app) override {
    app.add_option("TABLE", options_.table, ".csv, .csv.gz, .parquet, .h5 or a shard directory")
        ->required();
    app.add_option("--metadata", options_.metadata, "metadata YAML; inferred when not given");
    app.add_option("--output,-o", options_.output, "the model file to write")->required();
    trainer::add_settings(settings_.list(), options_);
    settings_.add_flags(app);
  }

  void run(const CommonFlags& flags, base::Communicator& communicator) override {
    settings_.apply(flags.config, "train");
    options_.device = flags.device;
    options_.threads = flags.threads;
    options_.seed = flags.seed;
    trainer::train(options_, communicator);
  }

 private:
  trainer::TrainOptions options_;
  SettingFlags settings_;
};

}  // namespace

std::unique_ptr<Command> train_command() { return std::make_unique<TrainCommand>(); }

}  // namespace semblance::cli
