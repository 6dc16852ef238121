// The road with fake stages: each concatenates its inputs and its setting into its output.
#include "pipeline/run_stages.hpp"

#include <gmock/gmock.h>

#include <mutex>

#include "pipeline/run_record.hpp"
#include "tests/pipeline/temporary_folder.hpp"

namespace semblance::pipeline {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::TemporaryFolder;

class RunStages : public ::testing::Test {
 protected:
  RunStages() {
    source_.write("input.txt", "rows");
    for (const char* name : {"prepare", "train", "generate"}) settings_[name] = "1";
  }

  Stage fake(const std::string& name, const fs::path& input) {
    Stage stage;
    stage.name = name;
    stage.task = "pretend to " + name;
    stage.inputs = {{"input", input}};
    stage.outputs = {{"output", run_.path() / (name + ".txt")}};
    stage.scratch = {{"scratch", run_.path() / (name + ".part")}};
    stage.settings = {{"level", settings_[name]}};
    stage.run = [this, stage_name = name, input, output = stage.outputs[0].path,
                 scratch = stage.scratch[0].path,
                 setting = settings_[name]](base::Communicator& communicator) {
      const std::lock_guard lock(mutex_);
      ran_.push_back(stage_name + "@" + std::to_string(communicator.rank()));
      if (communicator.rank() != 0) return;
      found_scratch_ = fs::exists(scratch);
      base::write_text_file(scratch, "half");
      if (stage_name == failing_) base::fail(base::ErrorKind::kData, "{} failed", stage_name);
      base::write_text_file(output, base::read_text_file(input) + "+" + stage_name + setting);
    };
    return stage;
  }

  std::vector<Stage> stages() {
    return {fake("prepare", source_ / "input.txt"), fake("train", run_ / "prepare.txt"),
            fake("generate", run_ / "train.txt")};
  }

  /// Names of the stages that ran, with the ranks.
  std::vector<std::string> go(RunOptions options = {}, int ranks = 1) {
    options.folder = run_.path();
    if (options.program.empty()) options.program = "semblance 1";
    ran_.clear();
    if (ranks == 1) {
      outcomes_ = run_stages(stages(), options, *base::self_communicator());
    } else {
      base::run_ranks_as_threads(ranks, [&](base::Communicator& communicator) {
        const auto outcomes = run_stages(stages(), options, communicator);
        if (communicator.rank() == 0) outcomes_ = outcomes;
      });
    }
    std::sort(ran_.begin(), ran_.end());
    return ran_;
  }

  TemporaryFolder source_, run_;
  std::map<std::string, std::string> settings_;
  std::string failing_;
  std::mutex mutex_;
  std::vector<std::string> ran_;
  std::vector<StageOutcome> outcomes_;
  bool found_scratch_ = false;
};

TEST_F(RunStages, RunAllAndThenNone) {
  EXPECT_THAT(go(), ElementsAre("generate@0", "prepare@0", "train@0"));
  EXPECT_EQ(base::read_text_file(run_ / "generate.txt"), "rows+prepare1+train1+generate1");
  EXPECT_EQ(outcomes_[0].reason, "not run before");
  EXPECT_THAT(go(), IsEmpty());
  EXPECT_EQ(outcomes_[2].state, StageOutcome::State::kUpToDate);
}

TEST_F(RunStages, AChangedSettingRunsThatStageAndLaterOnes) {
  go();
  settings_["train"] = "2";
  EXPECT_THAT(go(), ElementsAre("generate@0", "train@0"));
  EXPECT_EQ(outcomes_[1].reason, "setting 'level' changed from '1' to '2'");
  EXPECT_EQ(outcomes_[2].reason, "train.txt changed");
}

TEST_F(RunStages, ARerunWithTheSameResultStopsThere) {
  go();
  fs::remove(run_ / "train.txt");
  EXPECT_THAT(go(), ElementsAre("train@0"));
  EXPECT_THAT(outcomes_[1].reason, HasSubstr("is gone"));
}

TEST_F(RunStages, AChangedInputOrOutputOrProgramRuns) {
  go();
  source_.write("input.txt", "other rows");
  EXPECT_THAT(go(), ElementsAre("generate@0", "prepare@0", "train@0"));
  base::write_text_file(run_ / "generate.txt", "meddled with");
  EXPECT_THAT(go(), ElementsAre("generate@0"));
  EXPECT_EQ(outcomes_[2].reason, "generate.txt is not what the stage left there");
  RunOptions options;
  options.program = "semblance 2";
  EXPECT_THAT(go(options), ElementsAre("generate@0", "prepare@0", "train@0"));
  EXPECT_EQ(outcomes_[0].reason, "last run by semblance 1, this is semblance 2");
}

TEST_F(RunStages, TouchingAnInputRunsNothing) {
  go();
  fs::last_write_time(source_ / "input.txt",
                      fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_THAT(go(), IsEmpty());
}

TEST_F(RunStages, FromToAndForceChoose) {
  RunOptions options;
  options.to = "train";
  EXPECT_THAT(go(options), ElementsAre("prepare@0", "train@0"));
  EXPECT_EQ(outcomes_[2].state, StageOutcome::State::kLeftOut);
  options.force = true;
  options.from = "train";
  EXPECT_THAT(go(options), ElementsAre("train@0"));
  options = {};
  options.from = "generate";
  EXPECT_THAT(go(options), ElementsAre("generate@0"));
}

TEST_F(RunStages, FromNeedsTheResultsOfEarlierStages) {
  RunOptions options;
  options.from = "train";
  const auto thrown = error_of([&] { go(options); });
  EXPECT_EQ(thrown.kind, base::ErrorKind::kUsage);
  EXPECT_THAT(thrown.message, HasSubstr("leaves out stage 'prepare'"));
}

TEST_F(RunStages, UnknownStagesAreWrongUsageWithTheNearestName) {
  RunOptions options;
  options.from = "trian";
  auto thrown = error_of([&] { go(options); });
  EXPECT_EQ(thrown.kind, base::ErrorKind::kUsage);
  EXPECT_THAT(thrown.message, HasSubstr("did you mean 'train'?"));
  options.from = "generate";
  options.to = "train";
  thrown = error_of([&] { go(options); });
  EXPECT_THAT(thrown.message, HasSubstr("comes after"));
}

TEST_F(RunStages, AnAbsentInputIsAnIoErrorThatNamesIt) {
  fs::remove(source_ / "input.txt");
  const auto thrown = error_of([&] { go(); });
  EXPECT_EQ(thrown.kind, base::ErrorKind::kIo);
  EXPECT_THAT(thrown.message, HasSubstr("input.txt"));
}

TEST_F(RunStages, AFailedStageIsRunAgainAndGoesOnFromWhatItLeft) {
  failing_ = "train";
  EXPECT_EQ(error_of([&] { go(); }).message, "train failed");
  failing_.clear();
  EXPECT_THAT(go(), ElementsAre("generate@0", "train@0"));
  EXPECT_THAT(outcomes_[1].reason, HasSubstr("did not end"));
  EXPECT_FALSE(fs::exists(run_ / "train.part"));  // checkpoints are gone once the stage has ended
}

TEST_F(RunStages, CheckpointsOfAnotherAttemptAreNotUsed) {
  failing_ = "train";
  error_of([&] { go(); });
  failing_.clear();
  RunOptions options;
  options.to = "train";
  settings_["train"] = "2";
  go(options);
  EXPECT_FALSE(found_scratch_);

  failing_ = "train";
  settings_["train"] = "3";
  error_of([&] { go(options); });
  failing_.clear();
  go(options);
  EXPECT_TRUE(found_scratch_);
}

TEST_F(RunStages, FilesOfSomebodyElseAreNotOverwritten) {
  run_.write("train.txt", "precious");
  const auto thrown = error_of([&] { go(); });
  EXPECT_EQ(thrown.kind, base::ErrorKind::kIo);
  EXPECT_THAT(thrown.message, HasSubstr("was not made by a run"));
  EXPECT_EQ(base::read_text_file(run_ / "train.txt"), "precious");
}

TEST_F(RunStages, AllRanksGoThroughTheStagesTogether) {
  EXPECT_THAT(go({}, 3), ElementsAre("generate@0", "generate@1", "generate@2", "prepare@0",
                                     "prepare@1", "prepare@2", "train@0", "train@1", "train@2"));
  EXPECT_THAT(go({}, 2), IsEmpty());  // the number of ranks decides no result
  EXPECT_EQ(RunRecord::load(run_.path()).stages.at("train").ranks, 3);
}

TEST_F(RunStages, ASecondRunInTheSameFolderIsRefused) {
  std::vector<Stage> one = {fake("prepare", source_ / "input.txt")};
  one[0].run = [&](base::Communicator&) {
    const auto thrown = error_of([&] { go(); });
    EXPECT_EQ(thrown.kind, base::ErrorKind::kIo);
    EXPECT_THAT(thrown.message, HasSubstr("another run is at work"));
    base::write_text_file(run_ / "prepare.txt", "x");
  };
  RunOptions options;
  options.folder = run_.path();
  run_stages(one, options, *base::self_communicator());
}

TEST_F(RunStages, AMovedRunFolderIsStillUpToDate) {
  go();
  const fs::path moved = run_.path().string() + "-moved";
  fs::rename(run_.path(), moved);
  const fs::path old_place = run_.path();
  std::vector<Stage> there = stages();
  for (Stage& stage : there) {
    for (auto* items : {&stage.inputs, &stage.outputs, &stage.scratch}) {
      for (Stage::Item& item : *items) {
        const fs::path inside = item.path.lexically_relative(old_place);
        if (*inside.begin() != "..") item.path = moved / inside;
      }
    }
  }
  RunOptions options;
  options.folder = moved;
  options.program = "semblance 1";
  for (const StageOutcome& outcome : run_stages(there, options, *base::self_communicator())) {
    EXPECT_EQ(outcome.state, StageOutcome::State::kUpToDate)
        << outcome.name << ": " << outcome.reason;
  }
  fs::remove_all(moved);
}

}  // namespace
}  // namespace semblance::pipeline
