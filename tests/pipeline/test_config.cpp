#include "pipeline/config.hpp"

#include <gmock/gmock.h>

#include "pipeline/make_stages.hpp"
#include "tests/pipeline/temporary_folder.hpp"

namespace semblance::pipeline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

class ConfigFile : public ::testing::Test {
 protected:
  ConfigFile() {
    folder_.write("extract.csv", "a,b\n1,2\n");
    folder_.write("recipe.yaml", "x: 1\n");
  }
  std::unique_ptr<Config> read(const std::string& yaml, const std::vector<std::string>& sets = {}) {
    std::vector<ConfigEntry> entries;
    for (const std::string& set : sets) entries.push_back(entry_from_set(set));
    return read_config(folder_.write("demo.run.yaml", yaml), entries);
  }
  testing::Thrown problem(const std::string& yaml) {
    return error_of([&] { read(yaml); });
  }
  std::vector<std::string> stage_names(const std::string& yaml,
                                       const std::vector<std::string>& sets = {}) {
    const auto config = read(yaml, sets);
    std::vector<std::string> names;
    for (const Stage& stage : make_stages(*config)) names.push_back(stage.name);
    return names;
  }
  TemporaryFolder folder_;
};

TEST_F(ConfigFile, PathsAreRelativeToTheFile) {
  const auto config = read("table: extract.csv\noutput: out/here/\n");
  EXPECT_EQ(config->table, (folder_ / "extract.csv").string());
  EXPECT_EQ(config->output, (folder_ / "out/here").string());
  EXPECT_EQ(read("table: extract.csv\n")->output, (folder_ / "demo-run").string());
}

TEST_F(ConfigFile, TopLevelSeedIsTheDefaultOfEveryStage) {
  const auto config =
      read("table: extract.csv\ntrain:\n  seed: 9\nseed: 5\nthreads: 2\ndevice: cpu\n");
  EXPECT_EQ(config->holdout.seed, 5u);
  EXPECT_EQ(config->train.seed, 9u);
  EXPECT_EQ(config->generate.seed, 5u);
  EXPECT_EQ(config->evaluate.threads, 2);
  EXPECT_EQ(config->train.device, "cpu");
}

TEST_F(ConfigFile, WithoutDataSaysWhatWouldBeRight) {
  for (const char* yaml : {"", "seed: 1\n", "train:\n  epochs: 1\n"}) {
    const auto thrown = problem(yaml);
    EXPECT_EQ(thrown.kind, base::ErrorKind::kData);
    EXPECT_THAT(thrown.message, AllOf(HasSubstr("names no data"), HasSubstr("table: FILE"),
                                      HasSubstr("mock_hospital")));
  }
}

TEST_F(ConfigFile, DataFromTwoPlacesIsRefused) {
  EXPECT_THAT(problem("table: extract.csv\nprepare: {recipe: recipe.yaml, input: .}\n").message,
              HasSubstr("one place only"));
  EXPECT_THAT(problem("mock_hospital:\nprepare: {recipe: recipe.yaml, input: .}\n").message,
              HasSubstr("leave one out"));
}

TEST_F(ConfigFile, IncompleteDataIsRefused) {
  EXPECT_THAT(problem("mock_hospital: {patients: 5}\n").message,
              HasSubstr("'prepare' needs 'recipe: FILE'"));
  EXPECT_THAT(problem("prepare: {recipe: recipe.yaml}\n").message,
              HasSubstr("'prepare' needs 'input: DIR'"));
}

TEST_F(ConfigFile, AnAbsentFileIsAnIoErrorThatNamesTheSetting) {
  const auto thrown = problem("table: extarct.csv\n");
  EXPECT_EQ(thrown.kind, base::ErrorKind::kIo);
  EXPECT_THAT(thrown.message,
              AllOf(HasSubstr("'table' names"), HasSubstr("extarct.csv, which does not exist")));
}

TEST_F(ConfigFile, ValuesOutOfRangeAreRefused) {
  EXPECT_THAT(problem("table: extract.csv\nholdout: {share: 1.5}\n").message,
              HasSubstr("between 0 and 0.9"));
  EXPECT_THAT(problem("table: extract.csv\ntable_format: xlsx\n").message,
              HasSubstr("csv, csv.gz, parquet, h5"));
  EXPECT_THAT(problem("table: extract.csv\nexport: {formats: [csv, doc]}\n").message,
              HasSubstr("'doc'"));
  EXPECT_THAT(problem("table: extract.csv\ngenerate: {rows: -1}\n").message,
              HasSubstr("0 or more"));
}

TEST_F(ConfigFile, ValuesOfTheLastStagesAreRefusedBeforeTheFirst) {
  const auto expect_refused = [&](const std::string& section, const std::string& part) {
    const auto thrown = problem("table: extract.csv\n" + section + "\n");
    EXPECT_EQ(thrown.kind, base::ErrorKind::kData) << section;
    EXPECT_THAT(thrown.message, AllOf(HasSubstr("demo.run.yaml: "), HasSubstr(part))) << section;
  };
  expect_refused("evaluate: {sample: 99}", "evaluate: sample: 99 is too few rows");
  expect_refused("evaluate: {attacks: 9}", "evaluate: attacks: 9 is too few");
  expect_refused("attack: {models: 3}", "attack: models: 3 is too few");
  expect_refused("attack: {rows: 39}", "attack: rows: 39 is too few");
  expect_refused("attack: {delta: 1}", "attack: delta: 1 must be");
  folder_.write("limits.yaml", "checks:\n  quality.marginals: {pas: 0.1}\n");
  expect_refused("evaluate: {thresholds: limits.yaml}", "limits.yaml:2: ");
  EXPECT_NO_THROW(
      read("table: extract.csv\nevaluate: {sample: 100, attacks: 10}\n"
           "attack: {models: 4, rows: 40}\n"));
}

TEST_F(ConfigFile, UnknownNamesAndWrongTypesNameFileAndLine) {
  const auto thrown = problem("table: extract.csv\ntrain:\n  epohcs: 3\n  batch_size: many\n");
  EXPECT_EQ(thrown.kind, base::ErrorKind::kData);
  EXPECT_THAT(
      thrown.message,
      AllOf(
          HasSubstr(
              "demo.run.yaml:3: there is no setting 'epohcs' in 'train' (did you mean 'epochs'?)"),
          HasSubstr("demo.run.yaml:4: setting 'batch_size' is 'many'")));
}

TEST_F(ConfigFile, DecidesTheStages) {
  EXPECT_THAT(stage_names("table: extract.csv\n"),
              ElementsAre("holdout", "train", "generate", "export", "evaluate"));
  EXPECT_THAT(stage_names("table: extract.csv\n", {"export.formats="}),
              ElementsAre("holdout", "train", "generate", "evaluate"));
  EXPECT_THAT(stage_names("prepare: {recipe: recipe.yaml, input: .}\n"),
              ElementsAre("prepare", "holdout", "train", "generate", "export", "evaluate"));
  EXPECT_THAT(stage_names("mock_hospital:\nprepare: {recipe: recipe.yaml}\n"),
              ElementsAre("mock_hospital", "prepare", "holdout", "train", "generate", "export",
                          "evaluate"));
}

TEST_F(ConfigFile, ThreadsAndDeviceDecideNoResult) {
  const auto settings_of = [&](const std::vector<std::string>& sets) {
    const auto config = read("table: extract.csv\n", sets);
    std::vector<std::pair<std::string, std::string>> all;
    for (const Stage& stage : make_stages(*config)) {
      all.insert(all.end(), stage.settings.begin(), stage.settings.end());
    }
    return all;
  };
  EXPECT_EQ(settings_of({}),
            settings_of({"threads=3", "device=cuda", "train.checkpoint_seconds=1"}));
  EXPECT_NE(settings_of({}), settings_of({"seed=3"}));
  EXPECT_NE(settings_of({}), settings_of({"train.epochs=3"}));
}

/// The part of docs/RUN.md under "### heading".
std::string reference_section(const std::string& heading) {
  const std::string text = base::read_text_file(SEMBLANCE_SOURCE "/docs/RUN.md");
  const std::size_t start = text.find("### " + heading + "\n");
  if (start == std::string::npos) return "";
  return text.substr(start, text.find("\n### ", start) - start);
}

TEST(ConfigReference, TellsOfEverySetting) {
  Config config;
  for (const ConfigSection& section : config_sections(config)) {
    const std::string text = reference_section(section.name.empty() ? "Top level" : section.name);
    EXPECT_NE(text, "") << section.name;
    for (const std::string& name : section.settings.names()) {
      const bool of_every_section = name == "seed" || name == "threads" || name == "device";
      if (of_every_section && !section.name.empty()) continue;
      EXPECT_THAT(text, HasSubstr("`" + name + "`")) << section.name;
    }
  }
}

TEST_F(ConfigFile, TheExampleForATableOfOnesOwnIsValid) {
  const auto config = read(base::read_text_file(SEMBLANCE_SOURCE "/recipes/table.run.yaml"));
  EXPECT_EQ(config->output, (folder_ / "extract-run").string());
  EXPECT_TRUE(config->reject_copies);
}

TEST_F(ConfigFile, WithoutAHoldoutNothingIsSetAside) {
  const auto config = read("table: extract.csv\nholdout: {share: 0}\n");
  const std::vector<Stage> stages = make_stages(*config);
  for (const Stage::Item& output : stages.front().outputs) EXPECT_NE(output.role, "holdout");
  for (const Stage::Item& input : stages.back().inputs) EXPECT_NE(input.role, "holdout");
}

}  // namespace
}  // namespace semblance::pipeline
