#include "cli/command.hpp"
#include "prepare/mock_hospital.hpp"

namespace semblance::cli {
namespace {

class MockHospitalCommand : public Command {
 public:
  MockHospitalCommand() { prepare::add_settings(settings_.list(), options_); }
  const char* name() const override { return "mock-hospital"; }
  const char* summary() const override {
    return "make MIMIC-III-shaped raw tables with no real person in them";
  }
  void add_flags(CLI::App& app) override {
    app.add_option("--output", options_.output, "directory to write the .csv.gz tables to")
        ->required();
    settings_.add_flags(app);
  }
  void run(const CommonFlags& flags, base::Communicator& communicator) override {
    settings_.apply(flags.config, "mock_hospital");
    options_.seed = flags.seed;
    options_.threads = flags.threads;
    if (communicator.rank() == 0) prepare::write_mock_hospital(options_);
    communicator.barrier();
  }

 private:
  prepare::MockHospitalOptions options_;
  SettingFlags settings_;
};

}  // namespace

std::unique_ptr<Command> mock_hospital_command() { return std::make_unique<MockHospitalCommand>(); }

}  // namespace semblance::cli
