#include "pipeline/holdout.hpp"

#include <gmock/gmock.h>

#include <numeric>
#include <set>

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

}  // namespace
}  // namespace semblance::pipeline
