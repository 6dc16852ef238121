#include "evaluator/intervals.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "evaluator/ranking.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

using Numbers = std::vector<double>;

TEST(Intervals, WilsonByHand) {
  // 5 of 10: centre ½, half width 1.96 / (10 + 3.8415) · √(2.5 + 0.9604).
  const Interval interval = wilson_interval(5, 10);
  EXPECT_NEAR(interval.low, 0.236593, 1e-6);
  EXPECT_NEAR(interval.high, 0.763407, 1e-6);
  EXPECT_EQ(wilson_interval(0, 50).low, 0);
  EXPECT_EQ(wilson_interval(50, 50).high, 1);
}

TEST(Intervals, RiskIsWhatTheAttackGainsOverTheControl) {
  const Risk risk = attack_risk({0.6, 0.02}, {0.2, 0.03});
  EXPECT_DOUBLE_EQ(risk.value, 0.5);
  const double error = std::hypot(0.02 / 0.8, (0.6 - 1) / 0.64 * 0.03);
  EXPECT_NEAR(risk.high - risk.value, error, 1e-12);
  EXPECT_EQ(attack_risk({0.1, 0.02}, {0.3, 0.02}).value, 0);
}

TEST(Intervals, BootstrapCoversTheMean) {
  Numbers values;
  for (int i = 0; i < 400; ++i) values.push_back(i % 4);
  const Interval interval = bootstrap_mean_interval(values, 1, 2);
  EXPECT_LT(interval.low, 1.5);
  EXPECT_GT(interval.high, 1.5);
  EXPECT_NEAR(interval.high - interval.low, 2 * 1.96 * std::sqrt(1.25 / 400), 0.05);
  EXPECT_EQ(bootstrap_mean_interval(values, 1, 2).low, interval.low);  // the seed decides
}

TEST(Ranking, AucCountsWonPairsAndTiesHalf) {
  EXPECT_DOUBLE_EQ(auc(Numbers{3, 2}, Numbers{1, 2}), 3.5 / 4);
  EXPECT_DOUBLE_EQ(auc(Numbers{1}, Numbers{1}), 0.5);
  EXPECT_TRUE(std::isnan(auc(Numbers{}, Numbers{1})));
}

TEST(Ranking, TprAtAFprIsReadOffTheSteps) {
  const Roc roc = roc_curve(Numbers{5, 4, 1}, Numbers{3, 2, 0, -1});
  EXPECT_DOUBLE_EQ(tpr_at(roc, 0), 2.0 / 3);
  EXPECT_DOUBLE_EQ(tpr_at(roc, 0.25), 2.0 / 3);
  EXPECT_DOUBLE_EQ(tpr_at(roc, 0.5), 1);
}

TEST(Sampling, SamplesAreDistinctSortedAndDecidedByTheSeed) {
  const auto rows = sample_rows(1000, 100, 1, 7);
  ASSERT_EQ(rows.size(), 100u);
  for (std::size_t i = 1; i < rows.size(); ++i) EXPECT_LT(rows[i - 1], rows[i]);
  EXPECT_EQ(rows, sample_rows(1000, 100, 1, 7));
  EXPECT_NE(rows, sample_rows(1000, 100, 2, 7));
  EXPECT_EQ(sample_rows(5, 100, 1, 1), (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
}

TEST(Sampling, EveryRowIsEquallyLikely) {
  std::vector<int> hits(20);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const std::int64_t row : sample_rows(20, 5, seed, 1))
      ++hits[static_cast<std::size_t>(row)];
  }
  for (const int h : hits)
    EXPECT_NEAR(h, 500, 5 * std::sqrt(500 * 0.75));  // five standard deviations
}

}  // namespace
}  // namespace semblance::evaluator
