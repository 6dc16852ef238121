#include "pipeline/config.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/error.hpp"
#include "evaluator/check_settings.hpp"

namespace semblance::pipeline {
namespace fs = std::filesystem;

namespace {

constexpr std::array kTableFormats = {"csv", "csv.gz", "parquet", "h5"};

/// The settings of a stage less those that the run folder decides.
base::SettingList without(const base::SettingList& list, const std::set<std::string>& left_out) {
  base::SettingList kept;
  for (const base::Setting& s : list.all()) {
    if (!left_out.contains(s.name)) kept.add(s.name, s.target, s.help);
  }
  return kept;
}

void add_if_absent(base::SettingList& list, const std::string& name, base::Setting::Target target,
                   std::string help) {
  const std::vector<std::string> names = list.names();
  if (std::find(names.begin(), names.end(), name) == names.end())
    list.add(name, target, std::move(help));
}

/// A stage's own settings with `seed`, `device` and `threads`, which fall back to the top level.
template <class Options>
ConfigSection stage_section(const char* name, Options& options,
                            const std::set<std::string>& left_out) {
  base::SettingList own;
  add_settings(own, options);
  ConfigSection section{name, without(own, left_out)};
  add_if_absent(section.settings, "seed", &options.seed, "seed of this stage (default: the run's)");
  add_if_absent(section.settings, "threads", &options.threads,
                "CPU threads of this stage (default: the run's)");
  if constexpr (requires { options.device; }) {
    add_if_absent(section.settings, "device", &options.device,
                  "device of this stage (default: the run's)");
  }
  return section;
}

base::SettingList top_settings(Config& config) {
  base::SettingList list;
  list.add("output", &config.output,
           "folder of the run (default: the name of the file, with '-run')");
  list.add("title", &config.title, "heading of the report");
  list.add("table", &config.table,
           "table to learn from: .csv, .csv.gz, .parquet, .h5 or a shard directory");
  list.add("metadata", &config.metadata, "metadata YAML of the table (default: inferred)");
  list.add("table_format", &config.table_format,
           "format of the tables in the run folder: csv, csv.gz, parquet or h5");
  list.add("seed", &config.seed, "seed of every stage that names none of its own");
  list.add("device", &config.device, "auto, cpu, cuda or cuda:N");
  list.add("threads", &config.threads, "CPU threads; 0: all cores of this process");
  return list;
}

base::SettingList prepare_settings(prepare::PrepareOptions& options) {
  base::SettingList own;
  add_settings(own, options);
  base::SettingList list;
  list.add("recipe", &options.recipe, "recipe YAML (docs/RECIPES.md)");
  list.add("input", &options.input, "directory of the raw tables (not with mock_hospital)");
  const base::SettingList rest = without(own, {"recipe", "input", "output"});
  for (const base::Setting& s : rest.all()) list.add(s.name, s.target, s.help);
  add_if_absent(list, "threads", &options.threads,
                "CPU threads of this stage (default: the run's)");
  return list;
}

}  // namespace

std::vector<ConfigSection> config_sections(Config& config) {
  std::vector<ConfigSection> sections;
  sections.push_back({"", top_settings(config)});
  sections.push_back(stage_section("mock_hospital", config.mock_hospital, {"output"}));
  sections.push_back({"prepare", prepare_settings(config.prepare)});
  sections.push_back(stage_section("holdout", config.holdout, {}));
  sections.push_back(stage_section("train", config.train,
                                   {"table", "metadata", "output", "checkpoint_dir", "resume"}));
  ConfigSection generate =
      stage_section("generate", config.generate,
                    {"model", "output", "reject_copies_of", "rows", "like", "impute", "entities"});
  generate.settings.add("rows", &config.generate.rows,
                        "rows to make; 0: as many as there are training rows");
  generate.settings.add("reject_copies", &config.reject_copies,
                        "make no row that equals a training row");
  sections.push_back(std::move(generate));
  base::SettingList exporting;
  exporting.add(
      "formats", &config.export_formats,
      "single files to write beside the shard directory: csv, csv.gz, parquet, h5; empty: none");
  sections.push_back({"export", std::move(exporting)});
  sections.push_back(stage_section("attack", config.attack, {}));
  ConfigSection evaluate =
      stage_section("evaluate", config.evaluate,
                    {"real", "synthetic", "holdout", "metadata", "output", "title", "attack_file"});
  add_if_absent(evaluate.settings, "target", &config.evaluate.target,
                "column to predict in the utility checks");
  sections.push_back(std::move(evaluate));
  return sections;
}

bool names_file(const std::string& setting) {
  static const std::set<std::string> paths = {"recipe", "input", "thresholds"};
  return paths.contains(setting);
}

bool decides_result(const std::string& setting) {
  static const std::set<std::string> no_influence = {"device", "threads", "memory_mib",
                                                     "checkpoint_seconds"};
  return !no_influence.contains(setting);
}

namespace {

/// Top-level seed, device and threads become the defaults of every stage.
void spread_defaults(Config& config) {
  const auto spread = [&](auto& options) {
    if constexpr (requires { options.seed; }) options.seed = config.seed;
    if constexpr (requires { options.device; }) options.device = config.device;
    options.threads = config.threads;
  };
  spread(config.mock_hospital);
  spread(config.prepare);
  spread(config.holdout);
  spread(config.train);
  spread(config.generate);
  spread(config.attack);
  spread(config.evaluate);
}

void resolve_paths(Config& config) {
  const fs::path base = fs::absolute(config.file).parent_path();
  if (config.output.empty()) {
    fs::path stem = config.file.filename().stem();
    if (stem.extension() == ".run") stem = stem.stem();
    config.output = stem.string() + "-run";
  }
  for (std::string* path : {&config.output, &config.table, &config.metadata, &config.prepare.recipe,
                            &config.evaluate.thresholds, &config.prepare.input}) {
    if (path->empty()) continue;
    *path = (base / *path).lexically_normal().string();
    if (path->size() > 1 && path->ends_with('/')) path->pop_back();
  }
}

/// The data must come from exactly one place.
void check_data(const Config& config) {
  const std::string file = config.file.string();
  SEMBLANCE_EXPECT(
      !config.table.empty() || config.prepares || config.makes_mock_hospital, kData,
      "{}: names no data. It must have one of\n"
      "  table: FILE                        a table, one row a record\n"
      "  prepare: {{recipe: FILE, input: DIR}}  raw hospital tables and how to join them\n"
      "  mock_hospital: {{patients: 1000}}    an invented hospital, with prepare: {{recipe: FILE}}",
      file);
  SEMBLANCE_EXPECT(
      config.table.empty() || (!config.prepares && !config.makes_mock_hospital), kData,
      "{}: names 'table' and also '{}', but the data can come from one place only; leave one out",
      file, config.prepares ? "prepare" : "mock_hospital");
  if (!config.table.empty()) return;
  SEMBLANCE_EXPECT(
      !config.prepare.recipe.empty(), kData,
      "{}: 'prepare' needs 'recipe: FILE', the recipe that makes one table of the raw ones", file);
  SEMBLANCE_EXPECT(config.makes_mock_hospital || !config.prepare.input.empty(), kData,
                   "{}: 'prepare' needs 'input: DIR', the directory of the raw tables (or a "
                   "'mock_hospital' section)",
                   file);
  SEMBLANCE_EXPECT(
      !config.makes_mock_hospital || config.prepare.input.empty(), kData,
      "{}: 'prepare.input' is given, but 'mock_hospital' makes the raw tables; leave one out",
      file);
}

void check_values(const Config& config) {
  const auto known = [](const std::string& format) {
    return std::find(kTableFormats.begin(), kTableFormats.end(), format) != kTableFormats.end();
  };
  SEMBLANCE_EXPECT(known(config.table_format), kData,
                   "{}: table_format is '{}', but must be one of {}", config.file.string(),
                   config.table_format, fmt::join(kTableFormats, ", "));
  for (const std::string& format : config.export_formats) {
    SEMBLANCE_EXPECT(known(format), kData, "{}: export.formats has '{}', but may hold {}",
                     config.file.string(), format, fmt::join(kTableFormats, ", "));
  }
  SEMBLANCE_EXPECT(config.holdout.share >= 0 && config.holdout.share <= 0.9, kData,
                   "{}: holdout.share is {}, but must be between 0 and 0.9", config.file.string(),
                   config.holdout.share);
  SEMBLANCE_EXPECT(!config.attacks || config.holdout.share > 0, kData,
                   "{}: 'attack' needs rows that the model never saw; set holdout.share above 0",
                   config.file.string());
  SEMBLANCE_EXPECT(config.generate.rows >= 0, kData,
                   "{}: generate.rows is {}, but must be 0 or more", config.file.string(),
                   config.generate.rows);
}

void check_files(const Config& config) {
  const auto check = [&](const char* setting, const std::string& path) {
    SEMBLANCE_EXPECT(
        path.empty() || fs::exists(path), kIo,
        "{}: '{}' names {}, which does not exist (relative paths start at the folder of the "
        "configuration)",
        config.file.string(), setting, path);
  };
  check("table", config.table);
  check("metadata", config.metadata);
  check("prepare.recipe", config.prepare.recipe);
  check("prepare.input", config.prepare.input);
  check("evaluate.thresholds", config.evaluate.thresholds);
}

/// What the last stages refuse is refused here, by the same functions: training takes long.
void check_last_stages(const Config& config) {
  const auto check = [&](const char* section, const auto& body) {
    try {
      body();
    } catch (const base::Error& error) {
      base::fail(error.kind(), "{}: {}: {}", config.file.string(), section, error.what());
    }
  };
  if (config.attacks) check("attack", [&] { check_settings(config.attack); });
  check("evaluate", [&] { evaluator::check_settings(config.evaluate); });
}

}  // namespace

std::unique_ptr<Config> read_config(const fs::path& file, const std::vector<ConfigEntry>& sets) {
  auto config = std::make_unique<Config>();
  config->file = file;
  std::vector<ConfigEntry> entries = read_config_entries(file);
  entries.insert(entries.end(), sets.begin(), sets.end());

  std::vector<ConfigSection> sections = config_sections(*config);
  EntryApplier applier(sections);
  applier.apply_top_level(entries);  // first: it gives the stages their defaults
  spread_defaults(*config);
  applier.apply_sections(entries);
  applier.throw_problems();

  for (const ConfigEntry& entry : entries) {
    const std::string& named = entry.section.empty() ? entry.key : entry.section;
    if (named == "mock_hospital") config->makes_mock_hospital = true;
    if (named == "prepare") config->prepares = true;
    if (named == "attack") config->attacks = true;
  }
  resolve_paths(*config);
  check_data(*config);
  check_values(*config);
  check_files(*config);
  check_last_stages(*config);
  return config;
}

}  // namespace semblance::pipeline
