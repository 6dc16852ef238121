#include "evaluator/quality/column_shape.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace semblance::evaluator {
namespace {

using Numbers = std::vector<double>;
using Counts = std::vector<std::int64_t>;

TEST(ColumnShape, KolmogorovSmirnovIsTheLargestGapOfTheStepFunctions) {
  // F_a is 1/3 after 1, 2/3 after 2; F_b is still 0 there: the largest gap is 1 at 3.
  EXPECT_DOUBLE_EQ(ks_distance(Numbers{1, 2, 3}, Numbers{4, 5}), 1);
  EXPECT_DOUBLE_EQ(ks_distance(Numbers{1, 2, 3, 4}, Numbers{2, 2, 3, 4}), 0.25);
  EXPECT_DOUBLE_EQ(ks_distance(Numbers{1, 2}, Numbers{1, 2}), 0);
  EXPECT_TRUE(std::isnan(ks_distance(Numbers{}, Numbers{1})));
}

TEST(ColumnShape, TiesAreSteppedOverTogether) {
  EXPECT_DOUBLE_EQ(ks_distance(Numbers{1, 1, 1, 1}, Numbers{1}), 0);
  EXPECT_DOUBLE_EQ(ks_distance(Numbers{0, 0, 1}, Numbers{0, 1, 1}), 1.0 / 3);
}

TEST(ColumnShape, WassersteinIsTheMeanShiftOfAShiftedSample) {
  EXPECT_DOUBLE_EQ(wasserstein_distance(Numbers{0, 1, 3}, Numbers{5, 6, 8}), 5);
  EXPECT_DOUBLE_EQ(wasserstein_distance(Numbers{0}, Numbers{0, 2}), 1);
}

TEST(ColumnShape, PresentValuesAreSortedWithoutMissingOnes) {
  EXPECT_EQ(sorted_present(Numbers{3, std::nan(""), 1}), (Numbers{1, 3}));
}

TEST(ColumnShape, TotalVariationIsHalfTheSummedDifference) {
  EXPECT_DOUBLE_EQ(total_variation(Counts{1, 1}, Counts{3, 1}), 0.25);
  EXPECT_DOUBLE_EQ(total_variation(Counts{1, 0}, Counts{0, 9}), 1);
  EXPECT_TRUE(std::isnan(total_variation(Counts{0, 0}, Counts{1, 0})));
}

TEST(ColumnShape, JensenShannonIsOneForDisjointAndZeroForEqualShares) {
  EXPECT_DOUBLE_EQ(jensen_shannon_distance(Counts{4, 0}, Counts{0, 7}), 1);
  EXPECT_DOUBLE_EQ(jensen_shannon_distance(Counts{1, 2}, Counts{2, 4}), 0);
  // p = (1, 0), q = (1/2, 1/2): ½ log2(4/3) + ½ (½ log2(2/3) + ½ log2 2).
  const double expected = std::sqrt(0.5 * std::log2(4.0 / 3) + 0.25 * std::log2(2.0 / 3) + 0.25);
  EXPECT_NEAR(jensen_shannon_distance(Counts{1, 0}, Counts{1, 1}), expected, 1e-14);
}

TEST(ColumnShape, CoverageFallsWithTheUncoveredPartOfTheRange) {
  EXPECT_DOUBLE_EQ(range_coverage(Numbers{0, 10}, Numbers{2, 9}), 0.7);
  EXPECT_DOUBLE_EQ(range_coverage(Numbers{0, 10}, Numbers{-5, 20}), 1);
  EXPECT_DOUBLE_EQ(range_coverage(Numbers{0, 10}, Numbers{50, 60}), 0);
  EXPECT_TRUE(std::isnan(range_coverage(Numbers{3, 3}, Numbers{3})));
}

TEST(ColumnShape, AdherenceIsTheShareWithinTheRealRange) {
  EXPECT_DOUBLE_EQ(boundary_adherence(Numbers{0, 10}, Numbers{-1, 0, 10, 11}), 0.5);
  EXPECT_DOUBLE_EQ(category_adherence(Counts{5, 0}, Counts{3, 1}), 0.75);
}

TEST(ColumnShape, CategoryCoverageCountsRealLevelsOnly) {
  EXPECT_DOUBLE_EQ(category_coverage(Counts{5, 1, 0}, Counts{2, 0, 9}), 0.5);
}

}  // namespace
}  // namespace semblance::evaluator
