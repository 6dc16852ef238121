/// semblance generate: model in, synthetic table out.
#include "cli/command.hpp"
#include "generator/generate.hpp"

namespace semblance::cli {
namespace {

class GenerateCommand : public Command {
 public:
  GenerateCommand() { generator::add_settings(settings_.list(), options_); }
  const char* name() const override { return "generate"; }
  const char* summary() const override { return "make a synthetic table from a trained model"; }

  void add_flags(CLI::App& app) override {
    app.add_option("model", options_.model, "trained model, as written by 'semblance train'")
        ->required();
    app.add_option("--rows", options_.rows,
                   "rows to make; with --like, left out or a multiple of the rows of its table");
    app.add_option("--output", options_.output,
                   "a directory for sharded HDF5, or one file: .h5, .parquet, .csv or .csv.gz")
        ->required();
    settings_.add_flags(app);
  }

  void run(const CommonFlags& flags, base::Communicator& communicator) override {
    settings_.apply(flags.config, name());
    options_.seed = flags.seed;
    options_.device = flags.device;
    options_.threads = flags.threads;
    generator::generate(options_, communicator);
  }

 private:
  generator::GenerateOptions options_;
  SettingFlags settings_;
};

}  // namespace

std::unique_ptr<Command> generate_command() { return std::make_unique<GenerateCommand>(); }

}  // namespace semblance::cli
