#include "trainer/batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <numeric>
#include <set>

namespace semblance::trainer {
namespace {

TEST(Permuted, IsAPermutationForAnySize) {
  for (const std::int64_t n : {1, 2, 3, 5, 64, 65, 1000}) {
    std::set<std::int64_t> seen;
    for (std::int64_t i = 0; i < n; ++i) seen.insert(permuted(i, n, 3, 4));
    EXPECT_EQ(static_cast<std::int64_t>(seen.size()), n);
    EXPECT_GE(*seen.begin(), 0);
    EXPECT_LT(*seen.rbegin(), n);
  }
}

TEST(Permuted, ChangesWithTheEpochAndTheSeed) {
  int same_epoch = 0, same_seed = 0;
  for (std::int64_t i = 0; i < 1000; ++i) {
    same_epoch += permuted(i, 1000, 1, 0) == permuted(i, 1000, 1, 1);
    same_seed += permuted(i, 1000, 1, 0) == permuted(i, 1000, 2, 0);
  }
  EXPECT_LT(same_epoch, 20);
  EXPECT_LT(same_seed, 20);
}

TEST(EpochBatches, CoverEachTrainingRowOnceAndHaveTheirAnnouncedSizes) {
  const auto alone = base::self_communicator();
  const RowSplit split = split_rows(0, 1000, 0.1, 5, *alone);
  EXPECT_EQ(split.total_training + split.total_validation, 1000);
  EXPECT_NEAR(static_cast<double>(split.total_validation), 100, 50);
  const EpochBatches batches(split, 7, 5, 2);
  std::vector<std::int64_t> all;
  for (int b = 0; b < 7; ++b) {
    EXPECT_EQ(static_cast<std::int64_t>(batches.batch(b).size()), batches.global_size(b));
    all.insert(all.end(), batches.batch(b).begin(), batches.batch(b).end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, split.training);
}

TEST(EpochBatches, UnionOverRanksIsTheBatchOfOneRank) {
  constexpr std::int64_t kRows = 500;
  const auto alone = base::self_communicator();
  const EpochBatches whole(split_rows(0, kRows, 0.2, 9, *alone), 5, 9, 1);
  std::vector<std::vector<std::int64_t>> merged(5);
  std::mutex mutex;
  base::run_ranks_as_threads(3, [&](base::Communicator& communicator) {
    // The last rank holds nothing.
    const std::int64_t first = communicator.rank() == 0 ? 0 : 350;
    const std::int64_t last = communicator.rank() == 0 ? 350 : kRows;
    const std::int64_t many = communicator.rank() == 2 ? 0 : last - first;
    const RowSplit split = split_rows(first, many, 0.2, 9, communicator);
    const EpochBatches batches(split, 5, 9, 1);
    const std::lock_guard lock(mutex);
    for (int b = 0; b < 5; ++b) {
      for (const std::int64_t row : batches.batch(b)) merged[b].push_back(first + row);
    }
  });
  for (int b = 0; b < 5; ++b) {
    std::sort(merged[b].begin(), merged[b].end());
    EXPECT_TRUE(std::equal(merged[b].begin(), merged[b].end(), whole.batch(b).begin(),
                           whole.batch(b).end()));
  }
}

TEST(BatchMaker, MakesTheBatchesOfTheEpochThatIsAskedFor) {
  const auto alone = base::self_communicator();
  const RowSplit split = split_rows(0, 200, 0.1, 3, *alone);
  for (const bool ahead : {false, true}) {
    BatchMaker maker(split, 4, 3, ahead);
    for (const std::uint32_t epoch : {2u, 3u, 7u, 8u}) {  // 4 is made ahead and not taken
      const EpochBatches expected(split, 4, 3, epoch), made = maker.make(epoch, epoch == 8);
      EXPECT_TRUE(std::ranges::equal(expected.rows(), made.rows()));
      EXPECT_TRUE(std::ranges::equal(expected.batch(2), made.batch(2)));
    }
  }
}

}  // namespace
}  // namespace semblance::trainer
