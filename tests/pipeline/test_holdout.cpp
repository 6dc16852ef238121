#include "pipeline/holdout.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <numeric>
#include <set>

#include "pipeline/config.hpp"
#include "pipeline/make_stages.hpp"
#include "table/schema.hpp"
#include "tests/pipeline/temporary_folder.hpp"

namespace semblance::pipeline {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

std::vector<std::int64_t> all_rows(const Split& split) {
  std::vector<std::int64_t> rows = split.train;
  rows.insert(rows.end(), split.holdout.begin(), split.holdout.end());
  std::sort(rows.begin(), rows.end());
  return rows;
}

TEST(Holdout, TakesExactlyItsShareOfTheRows) {
  for (const std::int64_t n : {2, 3, 10, 999, 1000}) {
    for (const double share : {0.1, 0.2, 0.5, 0.9}) {
      const Split split = split_rows(n, share, 1);
      const auto wanted =
          std::clamp<std::int64_t>(std::llround(share * static_cast<double>(n)), 1, n - 1);
      EXPECT_EQ(static_cast<std::int64_t>(split.holdout.size()), wanted) << n << " " << share;
      std::vector<std::int64_t> every(static_cast<std::size_t>(n));
      std::iota(every.begin(), every.end(), 0);
      EXPECT_EQ(all_rows(split), every);
      EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
      EXPECT_TRUE(std::is_sorted(split.holdout.begin(), split.holdout.end()));
    }
  }
}

TEST(Holdout, ShareZeroSetsNothingAside) {
  EXPECT_TRUE(split_rows(1, 0, 1).holdout.empty());
  EXPECT_EQ(split_rows(5, 0, 1).train.size(), 5u);
}

TEST(Holdout, DependsOnTheSeedAndOnNothingElse) {
  EXPECT_EQ(split_rows(1000, 0.2, 5).holdout, split_rows(1000, 0.2, 5).holdout);
  EXPECT_NE(split_rows(1000, 0.2, 5).holdout, split_rows(1000, 0.2, 6).holdout);
}

TEST(Holdout, EveryRowHasTheSameChance) {
  // 2,000 seeds, 50 rows, share 0.2: each row is held 400 times on average, standard
  // deviation 17.9. A row beyond 5.5 deviations happens by chance once in 500,000 runs of this
  // test.
  std::vector<int> times(50, 0);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const std::int64_t row : split_rows(50, 0.2, seed).holdout)
      ++times[static_cast<std::size_t>(row)];
  }
  for (const int n : times) EXPECT_NEAR(n, 400, 5.5 * 17.9);
}

TEST(Holdout, OneRowCannotBeSplit) {
  const auto thrown = error_of([] { split_rows(1, 0.2, 1); });
  EXPECT_EQ(thrown.kind, base::ErrorKind::kData);
  EXPECT_THAT(thrown.message, HasSubstr("set holdout.share to 0"));
}

TEST(Holdout, GroupsStayTogetherAndComeNearTheShare) {
  std::vector<std::int64_t> group;
  for (std::int64_t g = 0; g < 200; ++g)
    group.insert(group.end(), static_cast<std::size_t>(1 + g % 7), g);
  const Split split = split_groups(group, 0.2, 3);
  std::set<std::int64_t> held, kept;
  for (const std::int64_t row : split.holdout) held.insert(group[static_cast<std::size_t>(row)]);
  for (const std::int64_t row : split.train) kept.insert(group[static_cast<std::size_t>(row)]);
  for (const std::int64_t g : held) EXPECT_FALSE(kept.contains(g));
  EXPECT_EQ(held.size() + kept.size(), 200u);
  EXPECT_NEAR(static_cast<double>(split.holdout.size()), 0.2 * static_cast<double>(group.size()),
              4);
}

TEST(Holdout, GroupsOfOneRowAreSplitAsRows) {
  std::vector<std::int64_t> missing(100, -1), distinct(100);
  std::iota(distinct.begin(), distinct.end(), 7);
  EXPECT_EQ(split_groups(missing, 0.3, 2).holdout, split_rows(100, 0.3, 2).holdout);
  EXPECT_EQ(split_groups(distinct, 0.3, 2).holdout, split_rows(100, 0.3, 2).holdout);
}

TEST(Holdout, OneGroupCannotBeSplit) {
  const auto thrown = error_of([] { split_groups({4, 4, 4}, 0.2, 1); });
  EXPECT_EQ(thrown.kind, base::ErrorKind::kData);
  EXPECT_THAT(thrown.message, HasSubstr("entities"));
}

TEST(Holdout, TwoGroupsLeaveOneOnEachSide) {
  const Split split = split_groups({1, 1, 1, 1, 1, 1, 2}, 0.5, 9);
  EXPECT_FALSE(split.train.empty());
  EXPECT_FALSE(split.holdout.empty());
}

/// A table in which `total` is a + b and `out` is never before `in`, held out by hold_out().
class FoundRules : public ::testing::Test {
 protected:
  FoundRules() {
    options_.table = (folder_ / "table.csv").string();
    options_.train_output = (folder_ / "train.csv").string();
    options_.holdout_output = (folder_ / "holdout.csv").string();
    options_.metadata_output = (folder_ / "metadata.yaml").string();
    options_.counts_output = (folder_ / "rows.json").string();
  }
  /// \param broken  row in which `total` is one too many
  void write_table(std::int64_t broken = -1) {
    std::string text = "a,b,total,in,out\n";
    const auto day = [](std::int64_t number) {
      return fmt::format("20{:02}-{:02}-{:02}", 10 + number / 336 % 10, 1 + number / 28 % 12,
                         1 + number % 28);
    };
    for (std::int64_t i = 0; i < 300; ++i) {
      const std::int64_t a = i * 7 % 23, b = i * i % 31, in = i * 11 % 3000;
      text += fmt::format("{},{},{},{},{}\n", a, b, a + b + (i == broken), day(in),
                          day(in + i * 5 % 17));
    }
    folder_.write("table.csv", text);
  }
  /// What metadata.yaml says of a column.
  table::ColumnSpec found(const std::string& column) {
    hold_out(options_, *base::self_communicator());
    for (const auto& wish : table::read_metadata(options_.metadata_output).columns) {
      if (wish.spec.name == column) return wish.spec;
    }
    return {};
  }
  testing::TemporaryFolder folder_;
  HoldoutOptions options_;
};

TEST_F(FoundRules, AreWrittenIntoTheMetadata) {
  write_table();
  EXPECT_EQ(found("total").derived, "a + b");
  EXPECT_EQ(found("out").relative_to, "in");
}

TEST_F(FoundRules, AreLeftOutWhereTheSettingsSaySo) {
  write_table();
  options_.derive = false;
  EXPECT_EQ(found("total").derived, "");
  EXPECT_EQ(found("out").relative_to, "in");
  options_.derive = true, options_.date_order = false;
  options_.learned_columns = {"total"};
  EXPECT_EQ(found("total").derived, "");
  EXPECT_EQ(found("out").relative_to, "");
}

TEST_F(FoundRules, AreNotLookedForWhereMetadataSay) {
  write_table();
  options_.metadata = folder_.write("known.yaml", "columns:\n  a: {kind: integer}\n").string();
  EXPECT_EQ(found("total").derived, "");
  EXPECT_EQ(found("out").relative_to, "");
}

TEST_F(FoundRules, HoldInRowsOfBothSides) {
  const Split split = split_rows(300, options_.share, options_.seed);
  for (const std::int64_t row : {split.train[20], split.holdout[20]}) {
    write_table(row);
    EXPECT_EQ(found("total").derived, "");
  }
}

TEST_F(FoundRules, AreLookedForAgainWhenASettingOfThemChanges) {
  write_table();
  const auto settings = [&](const std::string& text, const std::string& stage_name) {
    const auto config = read_config(folder_.write("run.yaml", "table: table.csv\n" + text), {});
    for (const Stage& stage : make_stages(*config)) {
      if (stage.name == stage_name) return stage.settings;
    }
    return std::vector<std::pair<std::string, std::string>>{};
  };
  const auto plain = settings("", "holdout");
  EXPECT_NE(settings("train: {derive: false}\n", "holdout"), plain);
  EXPECT_NE(settings("train: {date_order: false}\n", "holdout"), plain);
  EXPECT_NE(settings("train: {order: [total]}\n", "holdout"), plain);
  EXPECT_EQ(settings("train: {epochs: 3}\n", "holdout"), plain);
  EXPECT_EQ(settings("train: {derive: false}\n", "train"), settings("", "train"));
  folder_.write("known.yaml", "columns:\n  a: {kind: integer}\n");
  EXPECT_EQ(settings("metadata: known.yaml\n", "holdout"),
            settings("metadata: known.yaml\ntrain: {derive: false}\n", "holdout"));
}

/// The stage `holdout` of a run whose table has an identifier, a dropped column and an entity.
class ColumnsNamedLater : public ::testing::Test {
 protected:
  ColumnsNamedLater() {
    std::string text = "patient,sample,ward,age\n";
    for (int i = 0; i < 60; ++i) text += fmt::format("{},s{},w{},{}\n", i / 3, i, i % 4, 20 + i);
    folder_.write("table.csv", text);
    folder_.write("known.yaml",
                  "entity: patient\n"
                  "columns:\n"
                  "  patient: {kind: integer}\n"
                  "  sample: {kind: id}\n"
                  "  ward: {drop: true}\n");
  }
  testing::Thrown problem(const std::string& text) {
    const std::string head = "table: table.csv\nmetadata: known.yaml\noutput: out\n";
    const auto config = read_config(folder_.write("run.yaml", head + text), {});
    std::filesystem::create_directories(config->output);
    for (const Stage& stage : make_stages(*config)) {
      if (stage.name == "holdout") return error_of([&] { stage.run(*base::self_communicator()); });
    }
    return {};
  }
  testing::TemporaryFolder folder_;
};

TEST_F(ColumnsNamedLater, MustBeAmongThoseThatAreCompared) {
  const auto expect_refused = [&](const std::string& text, const std::string& setting,
                                  const std::string& why) {
    const auto thrown = problem(text);
    EXPECT_EQ(thrown.kind, base::ErrorKind::kData) << text;
    EXPECT_THAT(thrown.message,
                ::testing::AllOf(HasSubstr("table.csv"), HasSubstr(setting), HasSubstr(why)));
  };
  expect_refused("evaluate: {quasi_identifiers: [age, sample]}", "evaluate.quasi_identifiers",
                 "'sample' is an identifier");
  expect_refused("evaluate: {sensitive: [ward]}", "evaluate.sensitive", "'ward' is dropped");
  expect_refused("evaluate: {target: patient}", "evaluate.target",
                 "'patient' tells whose row it is");
  expect_refused("evaluate: {protected_column: agee}", "evaluate.protected_column",
                 "did you mean 'age'?");
  EXPECT_EQ(problem("evaluate: {quasi_identifiers: [age], target: age}").message,
            "nothing was thrown");
}

TEST_F(ColumnsNamedLater, TellPeopleApartEvenIfTheyAreNotCompared) {
  const auto thrown = problem("attack: {person: patien}");
  EXPECT_EQ(thrown.kind, base::ErrorKind::kData);
  EXPECT_THAT(thrown.message,
              ::testing::AllOf(HasSubstr("attack.person"), HasSubstr("did you mean 'patient'?")));
  for (const char* person : {"patient", "sample", "ward"})
    EXPECT_EQ(problem(fmt::format("attack: {{person: {}}}", person)).message, "nothing was thrown");
}

}  // namespace
}  // namespace semblance::pipeline
