#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/device.hpp"
#include "tests/cli/program.hpp"

namespace semblance::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<std::string> kCommands = {"inspect",  "prepare",       "train",
                                            "generate", "evaluate",      "run",
                                            "export",   "mock-hospital", "info"};

TEST(Usage, VersionNamesTheProgram) {
  const Outcome outcome = semblance({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, StartsWith("semblance "));
  EXPECT_EQ(outcome.err, "");
}

TEST(Usage, HelpListsEveryCommand) {
  const Outcome outcome = semblance({"--help"});
  EXPECT_EQ(outcome.code, 0);
  for (const std::string& command : kCommands)
    EXPECT_THAT(outcome.out, HasSubstr("  " + command + " "));
}

TEST(Usage, EveryCommandHasHelpWithTheCommonFlags) {
  for (const std::string& command : kCommands) {
    const Outcome outcome = semblance({command, "--help"});
    EXPECT_EQ(outcome.code, 0) << command;
    EXPECT_THAT(outcome.out, HasSubstr("Usage: semblance " + command));
    for (const char* flag :
         {"--device", "--threads", "--seed", "--quiet", "--log-json", "--config"}) {
      EXPECT_THAT(outcome.out, HasSubstr(flag)) << command;
    }
    EXPECT_EQ(outcome.err, "") << command;
  }
}

TEST(Usage, NothingAtAllShowsTheHelpAndIsWrong) {
  const Outcome outcome = semblance({});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("Usage: semblance"));
}

TEST(Usage, AMisspeltCommandIsToldTheNearestName) {
  const Outcome outcome = semblance({"trian", "table.csv"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("unknown command 'trian' (did you mean 'train'?)"));
}

TEST(Usage, AMisspeltFlagIsToldTheNearestName) {
  for (const auto& [command, flag, meant] :
       std::vector<std::array<std::string, 3>>{{"train", "--epohcs=3", "--epochs"},
                                               {"run", "--forec", "--force"},
                                               {"info", "--jsn", "--json"}}) {
    const Outcome outcome = semblance({command, "x", flag});
    EXPECT_EQ(outcome.code, 2) << command;
    EXPECT_THAT(outcome.err, HasSubstr("(did you mean '" + meant + "'?)")) << command;
    EXPECT_THAT(outcome.err, HasSubstr("run 'semblance " + command + " --help'"));
  }
}

TEST(Usage, MissingArgumentsAndWrongValuesAreWrongUsage) {
  const std::vector<std::vector<std::string>> wrong = {
      {"train"},
      {"train", "a.csv"},
      {"run"},
      {"generate", "m.h5", "--rows", "many", "--output", "x"},
      {"train", "a.csv", "--output", "m.h5", "--threads", "-1"},
      {"train", "a.csv", "--output", "m.h5", "--epochs", "many"},
      {"generate", "m.h5", "--rows", "5", "--output", "x", "--seed", "-1"},
      {"generate", "m.h5", "--rows", "5", "--output", "x", "--where", ""},
      {"inspect", "a.csv", "b.csv"},
      {"run", "a.yaml", "--set"},
  };
  for (const auto& words : wrong) {
    const Outcome outcome = semblance(words);
    EXPECT_EQ(outcome.code, 2) << words.front() << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("error: ")) << words.front();
  }
}

TEST(Usage, EntitiesAreNotCountedWhereATableIsCompleted) {
  const Outcome outcome =
      semblance({"generate", "m.h5", "--like", "a.csv", "--entities", "3", "--output", "out.csv"});
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("entities"), HasSubstr("like")));
}

TEST(Usage, AnEmptyValueIsEmptyAndNotYes) {
  const base::TemporaryDirectory directory;
  base::write_text_file(directory.file("a.csv"), small_csv(60));
  const Outcome outcome = semblance(
      {"evaluate", "--real", "a.csv", "--synthetic", "a.csv", "--output", "report", "--title", ""},
      directory.path());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto report =
      nlohmann::json::parse(base::read_text_file(directory.file("report/report.json")));
  EXPECT_NE(report.at("title"), "true");
}

TEST(Usage, ADeviceThatIsNotThereIsADeviceError) {
  if (base::cuda_device_count() > 0) GTEST_SKIP() << "this machine has a CUDA device";
  const base::TemporaryDirectory directory;
  base::write_text_file(directory.file("a.csv"), small_csv(50));
  const Outcome outcome =
      semblance({"train", "a.csv", "--output", "m.h5", "--device", "cuda"}, directory.path());
  EXPECT_EQ(outcome.code, 5) << outcome.err;
}

TEST(Usage, QuietSaysNothingAndLogJsonHoldsOneObjectALine) {
  const base::TemporaryDirectory directory;
  base::write_text_file(directory.file("a.csv"), small_csv(60));
  const Outcome outcome = semblance({"train", "a.csv", "--output", "m.h5", "--epochs", "2",
                                     "--hidden", "16", "--quiet", "--log-json", "log.jsonl"},
                                    directory.path());
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "");
  std::istringstream lines(base::read_text_file(directory.file("log.jsonl")));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto json = nlohmann::json::parse(line);
    EXPECT_TRUE(json.at("event").is_string());
    EXPECT_TRUE(json.at("time_s").is_number());
  }
  EXPECT_GT(count, 0);
}

TEST(Usage, ResultsGoToStandardOutputAndMessagesDoNot) {
  const base::TemporaryDirectory directory;
  base::write_text_file(directory.file("a.csv"), small_csv(60));
  const Outcome outcome = semblance({"info", "a.csv", "--json"}, directory.path());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(nlohmann::json::accept(outcome.out)) << outcome.out;
}

}  // namespace
}  // namespace semblance::testing
