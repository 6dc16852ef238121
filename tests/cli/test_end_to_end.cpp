// The demonstration with a small mock hospital, through the real program: all of it, nothing of it,
// a part of it, and with several ranks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/communicator.hpp"
#include "tests/cli/program.hpp"

namespace semblance::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<std::string> kFiles = {"raw/CHARTEVENTS.csv.gz",
                                         "input.csv",
                                         "train.csv",
                                         "holdout.csv",
                                         "metadata.yaml",
                                         "model.h5",
                                         "synthetic/manifest.json",
                                         "synthetic/dataset.h5",
                                         "synthetic.csv",
                                         "report/report.html",
                                         "report/report.json",
                                         "run.json"};

class EndToEnd : public ::testing::Test {
 protected:
  std::vector<std::string> words(const std::string& output,
                                 const std::vector<std::string>& more) const {
    std::vector<std::string> all = {"run",       SEMBLANCE_SOURCE "/recipes/demo.run.yaml",
                                    "--output",  output,
                                    "--set",     "mock_hospital.patients=150",
                                    "--set",     "train.epochs=2",
                                    "--set",     "train.hidden=32",
                                    "--set",     "generate.rows=1000",
                                    "--set",     "generate.rows_per_part=150",
                                    "--threads", "1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Outcome demo(const std::string& output, const std::vector<std::string>& more = {}) const {
    return semblance(words(output, more), directory_.path());
  }
  /// Under mpirun, as root too and with more ranks than cores.
  Outcome demo_on_ranks(int ranks, const std::string& output,
                        const std::vector<std::string>& more = {}) const {
    ::setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    ::setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    std::vector<std::string> all = {"mpirun", "--oversubscribe", "-n", std::to_string(ranks),
                                    SEMBLANCE_PROGRAM};
    const auto rest = words(output, more);
    all.insert(all.end(), rest.begin(), rest.end());
    return run_program(all, directory_.path());
  }
  fs::path at(const std::string& name) const { return directory_.path() / name; }

  static std::string no_mpi_reason() {
    if (!base::built_with_mpi()) return "this build has no MPI";
    return run_program({"mpirun", "--version"}).code == 0 ? "" : "there is no mpirun";
  }

  /// Names of the stages that ran, by the program's own messages.
  static std::vector<std::string> stages_run(const Outcome& outcome) {
    std::vector<std::string> stages;
    for (const char* name :
         {"mock_hospital", "prepare", "holdout", "train", "generate", "export", "evaluate"}) {
      if (outcome.err.find(std::string("] ") + name + ": done in") != std::string::npos)
        stages.emplace_back(name);
    }
    return stages;
  }

  base::TemporaryDirectory directory_;
};

TEST_F(EndToEnd, RunsAllThenNothingThenOnlyWhatASettingChanges) {
  Outcome outcome = demo("out");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(stages_run(outcome), ElementsAre("mock_hospital", "prepare", "holdout", "train",
                                               "generate", "export", "evaluate"));
  for (const std::string& name : kFiles) EXPECT_TRUE(fs::exists(at("out/" + name))) << name;
  EXPECT_FALSE(fs::exists(at("out/checkpoints")));
  EXPECT_THAT(outcome.err, HasSubstr("report: " + at("out/report/report.html").string()));
  const std::string rows = base::read_text_file(at("out/synthetic.csv"));
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), 1001);

  outcome = demo("out");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(stages_run(outcome), IsEmpty());

  outcome = demo("out", {"--set", "generate.rows=500"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(stages_run(outcome), ElementsAre("generate", "export", "evaluate"));
  EXPECT_THAT(outcome.err, HasSubstr("setting 'rows' changed from '1000' to '500'"));

  outcome = demo("out", {"--set", "generate.rows=500", "--set", "title=Other", "--to", "generate"});
  EXPECT_THAT(stages_run(outcome), IsEmpty());

  // The same settings again give the same rows, for a fresh folder as well.
  outcome = demo("again");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(base::read_text_file(at("again/synthetic.csv")), rows);
}

TEST_F(EndToEnd, OneAndThreeRanksMakeTheSameRowsFromAModel) {
  if (const std::string reason = no_mpi_reason(); !reason.empty()) GTEST_SKIP() << reason;
  Outcome outcome = demo_on_ranks(1, "one");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  fs::copy(at("one"), at("three"), fs::copy_options::recursive);
  fs::remove_all(at("three/synthetic"));
  fs::remove(at("three/synthetic.csv"));
  outcome = demo_on_ranks(3, "three", {"--from", "generate"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(base::sha256_of_path(at("one/synthetic.csv")),
            base::sha256_of_path(at("three/synthetic.csv")));
}

TEST_F(EndToEnd, ThreeRanksGoTheWholeRoad) {
  if (const std::string reason = no_mpi_reason(); !reason.empty()) GTEST_SKIP() << reason;
  const Outcome outcome = demo_on_ranks(3, "out");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const std::string& name : kFiles) EXPECT_TRUE(fs::exists(at("out/" + name))) << name;
  EXPECT_THAT(base::read_text_file(at("out/run.json")), HasSubstr("\"ranks\": 3"));
}

TEST_F(EndToEnd, AnErrorOnSeveralRanksEndsThemAllWithItsExitCode) {
  if (const std::string reason = no_mpi_reason(); !reason.empty()) GTEST_SKIP() << reason;
  Outcome outcome = demo_on_ranks(3, "out", {"--set", "train.epohcs=3"});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("did you mean 'epochs'?"));
  outcome = demo_on_ranks(3, "/proc/absent");
  EXPECT_EQ(outcome.code, 4) << outcome.err;
  outcome = demo_on_ranks(2, "out", {"--set", "evaluate.target=deid"});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("did you mean 'died'?"));
}

}  // namespace
}  // namespace semblance::testing
