#include "cli/command.hpp"
#include "prepare/prepare.hpp"

namespace semblance::cli {
namespace {

class PrepareCommand : public Command {
 public:
  PrepareCommand() { prepare::add_settings(settings_.list(), options_); }
  const char* name() const override { return "prepare"; }
  const char* summary() const override {
    return "make one input table of raw hospital tables, by a recipe";
  }
  void add_flags(CLI::App& app) override {
    app.add_option("recipe", options_.recipe,
                   "recipe in YAML (docs/RECIPES.md; examples in recipes/)")
        ->required();
    app.add_option("--input", options_.input,
                   "directory of the raw tables (.csv, .csv.gz, .parquet, .h5)")
        ->required();
    app.add_option("--output", options_.output, "table to write: .csv, .csv.gz, .parquet or .h5")
        ->required();
    app.add_option("--metadata", options_.metadata,
                   "where to write kinds, date order and entity as metadata YAML, for train");
    settings_.add_flags(app);
  }
  void run(const CommonFlags& flags, base::Communicator& communicator) override {
    settings_.apply(flags.config, name());
    options_.threads = flags.threads;
    prepare::prepare(options_, communicator);
  }

 private:
  prepare::PrepareOptions options_;
  SettingFlags settings_;
};

}  // namespace

std::unique_ptr<Command> prepare_command() { return std::make_unique<PrepareCommand>(); }

}  // namespace semblance::cli
