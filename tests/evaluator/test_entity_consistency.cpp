#include "evaluator/quality/entity_consistency.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/philox.hpp"

namespace semblance::evaluator {
namespace {

using ::testing::ElementsAre;

Feature numbers(std::vector<double> values) {
  Feature feature;
  feature.numbers = std::move(values);
  return feature;
}
Feature codes(std::vector<std::int32_t> values) {
  Feature feature;
  feature.codes = std::move(values);
  return feature;
}

TEST(EntityConsistency, RowsAreGroupedAndSortedByDateWithMissingOnesLast) {
  const Feature time = numbers({5, 1, std::nan(""), 2, 9});
  const auto rows = entity_rows({7, 7, 7, -1, -1}, &time);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_THAT(rows[0], ElementsAre(1, 0, 2));
  EXPECT_THAT(rows[1], ElementsAre(3));
  EXPECT_THAT(rows_per_entity(rows), ElementsAre(1, 1, 3));
}

TEST(EntityConsistency, AConstantMayBeMissingButNotMixed) {
  const auto rows = entity_rows({0, 0, 1, 1, 2, 3, 3}, nullptr);
  // Entities 0 and 1 are constant (1: always missing), 3 is not, 2 has one row and does not count.
  EXPECT_DOUBLE_EQ(constant_share(rows, codes({4, 4, -1, -1, 2, 2, -1})), 2.0 / 3);
  EXPECT_TRUE(std::isnan(constant_share(entity_rows({0, 1}, nullptr), codes({1, 2}))));
}

TEST(EntityConsistency, TheLagAssociationOfNumbersIsTheirAutocorrelation) {
  base::PhiloxStream random(3, base::Purpose::kEvaluate, 0);
  std::vector<std::int64_t> entity;
  std::vector<double> values;
  for (std::int64_t e = 0; e < 4000; ++e) {
    double x = random.normal();
    for (int k = 0; k < 5; ++k) {
      entity.push_back(e), values.push_back(x);
      x = 0.7 * x + std::sqrt(1 - 0.49) * random.normal();
    }
  }
  EXPECT_NEAR(lag_association(entity_rows(entity, nullptr), numbers(values), 0), 0.7, 0.02);
}

TEST(EntityConsistency, AConstantNumberHasNoLagAssociation) {
  // 33 times 0.1 does not have a mean of 0.1, but does not vary either.
  std::vector<std::int64_t> entity;
  for (std::int64_t row = 0; row < 66; ++row) entity.push_back(row / 2);
  EXPECT_TRUE(std::isnan(
      lag_association(entity_rows(entity, nullptr), numbers(std::vector<double>(66, 0.1)), 0)));
}

TEST(EntityConsistency, TheLagAssociationOfCategoriesIsCramersV) {
  // Pairs (0,0) x 6, (1,1) x 6, (0,1) x 2, (1,0) x 2: chi-square = 16 * (12 - 4)^2 / 16^2 = 4, V =
  // 1/2.
  std::vector<std::int64_t> entity;
  std::vector<std::int32_t> levels;
  const auto add = [&](std::int32_t a, std::int32_t b, int times) {
    for (int i = 0; i < times; ++i) {
      const auto e = static_cast<std::int64_t>(entity.size());
      entity.insert(entity.end(), {e, e});
      levels.insert(levels.end(), {a, b});
    }
  };
  add(0, 0, 6), add(1, 1, 6), add(0, 1, 2), add(1, 0, 2);
  EXPECT_DOUBLE_EQ(lag_association(entity_rows(entity, nullptr), codes(levels), 2), 0.5);
}

TEST(EntityConsistency, AValueStaysFromRowToRowAndMissingIsAValue) {
  const auto rows = entity_rows({0, 0, 0, 1, 1, 2, 3, 3}, nullptr);
  // Pairs 4 4, 4 5 of entity 0; missing missing of 1; missing 2 of 3.
  EXPECT_DOUBLE_EQ(unchanged_share(rows, codes({4, 4, 5, -1, -1, 7, -1, 2})), 2.0 / 4);
  EXPECT_TRUE(std::isnan(unchanged_share(entity_rows({0, 1}, nullptr), codes({1, 1}))));
}

TEST(EntityConsistency, GapsAreBetweenDatesThatFollowOneAnother) {
  const Feature time = numbers({10, 3, std::nan(""), 5, 9});
  EXPECT_THAT(date_gaps(entity_rows({0, 0, 1, 1, 1}, &time), time), ElementsAre(4, 7));
}

TEST(EntityConsistency, DatesThatRunBackwardsAreCountedInTheOrderOfTheTable) {
  const Feature time = numbers({1, 3, 2, 5, 4, std::nan(""), 6});
  // Entity 0: 1, 3, 2 (one of two backwards); entity 1: 5, 4 (one of one), then a missing date.
  EXPECT_DOUBLE_EQ(order_violations(entity_rows({0, 0, 0, 1, 1, 1, 2}, nullptr), time), 2.0 / 3);
}

}  // namespace
}  // namespace semblance::evaluator
