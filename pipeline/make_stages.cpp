#include "pipeline/make_stages.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "table/convert_table.hpp"

namespace semblance::pipeline {
namespace fs = std::filesystem;

RunFolder::RunFolder(const fs::path& folder, const std::string& table_format)
    : root(folder),
      raw(folder / "raw"),
      input(folder / ("input." + table_format)),
      input_metadata(folder / "input.metadata.yaml"),
      train(folder / ("train." + table_format)),
      holdout(folder / ("holdout." + table_format)),
      metadata(folder / "metadata.yaml"),
      counts(folder / "rows.json"),
      model(folder / "model.h5"),
      checkpoints(folder / "checkpoints"),
      synthetic(folder / "synthetic"),
      attack(folder / "attack.json"),
      report(folder / "report") {}

namespace {

/// Builds the stages one after another; each method adds one.
class StageMaker {
 public:
  explicit StageMaker(Config& config)
      : config_(config),
        folder_(config.output, config.table_format),
        sections_(config_sections(config)) {}

  void add_mock_hospital() {
    Stage stage = named("mock_hospital", "invent the raw tables of a hospital");
    stage.outputs = {{"raw", folder_.raw}};
    prepare::MockHospitalOptions options = config_.mock_hospital;
    options.output = folder_.raw.string();
    stage.run = [options](base::Communicator& communicator) {
      if (communicator.rank() == 0) prepare::write_mock_hospital(options);
    };
    stages_.push_back(std::move(stage));
  }

  void add_prepare() {
    Stage stage = named("prepare", "join the raw tables to one table");
    prepare::PrepareOptions options = config_.prepare;
    if (config_.makes_mock_hospital) options.input = folder_.raw.string();
    options.output = folder_.input.string();
    options.metadata = folder_.input_metadata.string();
    stage.inputs = {{"recipe", options.recipe}, {"raw", options.input}};
    stage.outputs = {{"input", folder_.input}, {"input_metadata", folder_.input_metadata}};
    stage.run = [options](base::Communicator& communicator) {
      prepare::prepare(options, communicator);
    };
    stages_.push_back(std::move(stage));
  }

  void add_holdout() {
    Stage stage = named("holdout", "set rows aside to judge with");
    HoldoutOptions options = config_.holdout;
    options.table = config_.table.empty() ? folder_.input.string() : config_.table;
    options.metadata = config_.metadata;
    if (options.metadata.empty() && config_.table.empty()) {
      options.metadata = folder_.input_metadata.string();
    }
    options.needed_columns = columns_named_later();
    if (options.metadata.empty()) {
      // What `train` would find without metadata is found here, so that metadata.yaml shows it.
      options.derive = config_.train.derive;
      options.date_order = config_.train.date_order;
      options.learned_columns = config_.train.order;
    }
    options.train_output = folder_.train.string();
    options.holdout_output = folder_.holdout.string();
    options.metadata_output = folder_.metadata.string();
    options.counts_output = folder_.counts.string();
    stage.inputs = {{"input", options.table}};
    if (!options.metadata.empty()) stage.inputs.push_back({"metadata", options.metadata});
    stage.outputs = {
        {"train", folder_.train}, {"metadata", folder_.metadata}, {"rows", folder_.counts}};
    if (has_holdout()) stage.outputs.push_back({"holdout", folder_.holdout});
    stage.settings.emplace_back("table_format", config_.table_format);
    if (options.metadata.empty()) add_rule_settings(stage);
    stage.run = [options](base::Communicator& communicator) { hold_out(options, communicator); };
    stages_.push_back(std::move(stage));
  }

  void add_train() {
    Stage stage = named("train", "learn a model of the training rows");
    trainer::TrainOptions options = config_.train;
    options.table = folder_.train.string();
    options.metadata = folder_.metadata.string();
    options.output = folder_.model.string();
    options.checkpoint_dir = folder_.checkpoints.string();
    stage.inputs = {{"train", folder_.train}, {"metadata", folder_.metadata}};
    stage.outputs = {{"model", folder_.model}};
    stage.scratch = {{"checkpoints", folder_.checkpoints}};
    std::erase_if(stage.settings, [](const auto& setting) { return finds_rules(setting.first); });
    stage.run = [options](base::Communicator& communicator) {
      if (communicator.rank() == 0) fs::create_directories(options.checkpoint_dir);
      communicator.barrier();
      trainer::train(options, communicator);
    };
    stages_.push_back(std::move(stage));
  }

  void add_generate() {
    Stage stage = named("generate", "make synthetic rows");
    generator::GenerateOptions options = config_.generate;
    options.model = folder_.model.string();
    options.output = folder_.synthetic.string();
    stage.inputs = {{"model", folder_.model}};
    if (config_.reject_copies) {
      options.reject_copies_of = folder_.train.string();
      stage.inputs.push_back({"train", folder_.train});
    }
    if (options.rows == 0) stage.inputs.push_back({"rows", folder_.counts});
    stage.outputs = {{"synthetic", folder_.synthetic}};
    stage.run = [options, counts = folder_.counts](base::Communicator& communicator) {
      generator::GenerateOptions here = options;
      if (here.rows == 0) here.rows = read_train_rows(counts.string());
      generator::generate(here, communicator);
    };
    stages_.push_back(std::move(stage));
  }

  void add_export() {
    Stage stage = named("export", "write the synthetic rows as single files");
    stage.inputs = {{"synthetic", folder_.synthetic}};
    std::vector<std::string> files;
    for (const std::string& format : config_.export_formats) {
      const fs::path file = folder_.root / ("synthetic." + format);
      stage.outputs.push_back({file.filename().string(), file});
      files.push_back(file.string());
    }
    stage.run = [files, synthetic = folder_.synthetic.string()](base::Communicator& communicator) {
      if (communicator.rank() != 0) return;
      for (const std::string& file : files) table::convert_table(synthetic, file, {}, 1);
    };
    stages_.push_back(std::move(stage));
  }

  void add_attack() {
    Stage stage = named("attack", "train copies of the model and attack them");
    AttackOptions options = config_.attack;
    options.real = folder_.train.string();
    options.holdout = folder_.holdout.string();
    options.metadata = folder_.metadata.string();
    options.model = folder_.model.string();
    options.output = folder_.attack.string();
    stage.inputs = {{"train", folder_.train},
                    {"holdout", folder_.holdout},
                    {"metadata", folder_.metadata},
                    {"model", folder_.model}};
    stage.outputs = {{"attack.json", folder_.attack}};
    stage.run = [options](base::Communicator& communicator) { attack(options, communicator); };
    stages_.push_back(std::move(stage));
  }

  void add_evaluate() {
    Stage stage = named("evaluate", "compare synthetic with real rows");
    evaluator::EvaluateOptions options = config_.evaluate;
    options.real = folder_.train.string();
    options.synthetic = folder_.synthetic.string();
    if (has_holdout()) options.holdout = folder_.holdout.string();
    options.metadata = folder_.metadata.string();
    options.title = config_.title;
    options.output = folder_.report.string();
    stage.inputs = {
        {"train", folder_.train}, {"synthetic", folder_.synthetic}, {"metadata", folder_.metadata}};
    if (has_holdout()) stage.inputs.push_back({"holdout", folder_.holdout});
    if (config_.attacks) {
      options.attack_file = folder_.attack.string();
      stage.inputs.push_back({"attack.json", folder_.attack});
    }
    if (!options.thresholds.empty()) stage.inputs.push_back({"thresholds", options.thresholds});
    stage.outputs = {{"report.html", folder_.report / "report.html"},
                     {"report.json", folder_.report / "report.json"}};
    stage.settings.emplace_back("title", config_.title);
    stage.run = [options, model = folder_.model](base::Communicator& communicator) {
      if (communicator.rank() == 0) fs::create_directories(options.output);
      communicator.barrier();
      evaluator::EvaluateOptions judged = options;
      if (judged.model.empty() && fs::exists(model)) {
        judged.model = fmt::format("{} ({})", model.filename().string(),
                                   base::sha256_of_path(model).substr(0, 12));
      }
      evaluator::evaluate(judged, communicator);
    };
    stages_.push_back(std::move(stage));
  }

  std::vector<Stage> take() { return std::move(stages_); }

 private:
  /// Columns that the last stages will ask for: better missed before training than after it.
  std::vector<NeededColumn> columns_named_later() const {
    const evaluator::EvaluateOptions& evaluate = config_.evaluate;
    std::vector<NeededColumn> columns;
    const auto need = [&](const char* setting, const std::string& name, bool compared = true) {
      if (!name.empty()) columns.push_back({setting, name, compared});
    };
    for (const std::string& name : evaluate.quasi_identifiers)
      need("evaluate.quasi_identifiers", name);
    for (const std::string& name : evaluate.sensitive) need("evaluate.sensitive", name);
    need("evaluate.target", evaluate.target);
    need("evaluate.protected_column", evaluate.protected_column);
    if (config_.attacks) need("attack.person", config_.attack.person, false);
    return columns;
  }

  bool has_holdout() const { return config_.holdout.share > 0; }

  /// Settings of `train` that are heeded in the stage `holdout`.
  static bool finds_rules(const std::string& setting) {
    return setting == "derive" || setting == "date_order";
  }
  void add_rule_settings(Stage& stage) const {
    for (const auto& [name, value] : named("train", "").settings) {
      if (finds_rules(name) || name == "order") stage.settings.emplace_back("train." + name, value);
    }
  }

  /// A stage with the settings of its section that decide its result.
  Stage named(const std::string& name, const std::string& task) const {
    Stage stage;
    stage.name = name;
    stage.task = task;
    for (const ConfigSection& section : sections_) {
      if (section.name != name) continue;
      for (const base::Setting& setting : section.settings.all()) {
        if (!decides_result(setting.name) || names_file(setting.name)) continue;
        stage.settings.emplace_back(setting.name, setting.text());
      }
    }
    return stage;
  }

  Config& config_;
  RunFolder folder_;
  std::vector<ConfigSection> sections_;
  std::vector<Stage> stages_;
};

}  // namespace

std::vector<Stage> make_stages(Config& config) {
  StageMaker maker(config);
  if (config.makes_mock_hospital) maker.add_mock_hospital();
  if (config.table.empty()) maker.add_prepare();
  maker.add_holdout();
  maker.add_train();
  maker.add_generate();
  if (!config.export_formats.empty()) maker.add_export();
  if (config.attacks) maker.add_attack();
  maker.add_evaluate();
  return maker.take();
}

}  // namespace semblance::pipeline
