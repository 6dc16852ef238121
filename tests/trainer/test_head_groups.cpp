#include "trainer/head_groups.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace semblance::trainer {
namespace {

TEST(HeadGroups, PutColumnsOfLikeSizesTogether) {
  const HeadGroups made({2, 130, 41, 7, 33, 9});
  ASSERT_EQ(made.groups.size(), 2u);  // 130, 41, 33; then 9, 7, 2
  EXPECT_EQ(made.groups[0].many, 3);
  EXPECT_EQ(made.groups[0].padded, 132);
  EXPECT_EQ(made.groups[1].first, 3);
  EXPECT_EQ(made.groups[1].padded, 12);
  EXPECT_EQ(made.groups[1].rows, 3 * 132);
  EXPECT_EQ(made.rows(), 3 * 132 + 3 * 12);
  EXPECT_EQ(made.place, (std::vector<std::int32_t>{5, 0, 1, 4, 2, 3}));
  EXPECT_EQ(made.padded[3], 12);
  EXPECT_EQ(made.logits[4], 2 * 132);
}

TEST(HeadGroups, SplitWhatPaddingWouldBlowUp) {
  EXPECT_EQ(HeadGroups({10000, 2000, 600, 100, 30, 2}).groups.size(),
            4u);  // 600 with 2000, 30 with 100
  EXPECT_EQ(HeadGroups({1}).groups.size(), 1u);
  EXPECT_EQ(HeadGroups({32, 1}).groups.size(), 1u);
}

TEST(HeadGroups, FindEveryTokenInOnePaddedRow) {
  const std::vector<int> sizes = {5, 300, 1, 64, 17};
  const HeadGroups made(sizes);
  ASSERT_EQ(made.row.size(), static_cast<std::size_t>(std::reduce(sizes.begin(), sizes.end())));
  for (std::size_t t = 0; t < made.row.size(); ++t)
    EXPECT_EQ(made.token[static_cast<std::size_t>(made.row[t])], static_cast<std::int64_t>(t));
}

}  // namespace
}  // namespace semblance::trainer
