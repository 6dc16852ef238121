#include "pipeline/apply_entries.hpp"

#include <gmock/gmock.h>

#include "tests/pipeline/temporary_folder.hpp"

namespace semblance::pipeline {
namespace {

using ::testing::AllOf;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TemporaryFolder;

/// Two settings at the top and two in `train`.
class ApplyEntries : public ::testing::Test {
 protected:
  ApplyEntries() {
    sections_.resize(2);
    sections_[0].settings.add("seed", &seed_, "");
    sections_[0].settings.add("title", &title_, "");
    sections_[1].name = "train";
    sections_[1].settings.add("epochs", &epochs_, "");
    sections_[1].settings.add("columns", &columns_, "");
  }

  void apply(const std::string& yaml, const std::vector<std::string>& sets = {}) {
    std::vector<ConfigEntry> entries = read_config_entries(folder_.write("a.yaml", yaml));
    for (const std::string& set : sets) entries.push_back(entry_from_set(set));
    EntryApplier applier(sections_);
    applier.apply_top_level(entries);
    applier.apply_sections(entries);
    applier.throw_problems();
  }

  std::string problem(const std::string& yaml, const std::vector<std::string>& sets = {}) {
    const auto thrown = error_of([&] { apply(yaml, sets); });
    EXPECT_EQ(thrown.kind, base::ErrorKind::kData) << thrown.message;
    return thrown.message;
  }

  TemporaryFolder folder_;
  std::uint64_t seed_ = 1;
  std::string title_ = "default";
  double epochs_ = 3;
  std::vector<std::string> columns_;
  std::vector<ConfigSection> sections_;
};

TEST_F(ApplyEntries, FileThenSetInOrder) {
  apply("seed: 5\ntrain:\n  epochs: 2.5\n  columns: [a, b]\n",
        {"train.epochs=7", "train.epochs=8"});
  EXPECT_EQ(seed_, 5u);
  EXPECT_EQ(epochs_, 8);
  EXPECT_EQ(columns_, (std::vector<std::string>{"a", "b"}));
}

TEST_F(ApplyEntries, AnEmptyValueLeavesTheDefault) {
  apply("title:\ntrain:\n  epochs:\n");
  EXPECT_EQ(title_, "default");
  EXPECT_EQ(epochs_, 3);
  apply("train:\n");
  EXPECT_EQ(epochs_, 3);
}

TEST_F(ApplyEntries, UnknownNamesAreReportedWithLineAndNearestName) {
  EXPECT_THAT(
      problem("seed: 1\ntrain:\n  epohcs: 5\n"),
      HasSubstr("a.yaml:3: there is no setting 'epohcs' in 'train' (did you mean 'epochs'?)"));
  EXPECT_THAT(problem("sede: 1\n"),
              HasSubstr("a.yaml:1: there is no setting 'sede' (did you mean 'seed'?)"));
  EXPECT_THAT(problem("trian:\n  epochs: 5\n  columns: [a]\n"),
              HasSubstr("a.yaml:1: there is no setting 'trian' (did you mean 'train'?)"));
  EXPECT_THAT(
      problem("", {"trian.epochs=5"}),
      HasSubstr("--set trian.epochs=5: there is no section 'trian' (did you mean 'train'?)"));
  EXPECT_THAT(problem("", {"train.zzzzzzzz=5"}), HasSubstr("valid are epochs, columns"));
}

TEST_F(ApplyEntries, WrongTypesAreReportedWithWhatWouldBeRight) {
  EXPECT_THAT(problem("train:\n  epochs: many\n"),
              HasSubstr("a.yaml:2: setting 'epochs' is 'many', but must be a number"));
  EXPECT_THAT(problem("seed: -3\n"), HasSubstr("must be a whole number, not negative"));
  EXPECT_THAT(problem("train: 5\n"),
              HasSubstr("a.yaml:1: 'train' must be a group of settings, not a value"));
  EXPECT_THAT(problem("seed:\n  a: 5\n"),
              HasSubstr("a.yaml:1: 'seed' must be a value, not a group of settings"));
  EXPECT_THAT(problem("", {"train=5"}), HasSubstr("'train' must be a group of settings"));
}

TEST_F(ApplyEntries, AllProblemsAreListedInTheOrderOfTheFile) {
  const std::string text = problem("train:\n  epohcs: 1\nsede: 2\n", {"train.epochs=x"});
  const auto first = text.find("epohcs"), second = text.find("sede"), third = text.find("--set");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
}

}  // namespace
}  // namespace semblance::pipeline
