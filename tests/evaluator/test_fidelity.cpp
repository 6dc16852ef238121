#include <gtest/gtest.h>

#include <cmath>

#include "base/philox.hpp"
#include "evaluator/learners/lbfgs.hpp"
#include "evaluator/privacy/generalised_cap.hpp"
#include "evaluator/quality/fidelity_diversity.hpp"
#include "evaluator/quality/gower_legacy.hpp"
#include "evaluator/quality/sdv_legacy.hpp"
#include "tests/evaluator/small_tables.hpp"

namespace semblance::evaluator {
namespace {

using testing::compare;
using testing::kGone;
using testing::numbers;
using testing::texts;

std::vector<kernels::Nearest> at(const std::vector<float>& distances,
                                 std::vector<std::int64_t> rows = {}) {
  std::vector<kernels::Nearest> out;
  for (std::size_t i = 0; i < distances.size(); ++i)
    out.push_back({distances[i], distances[i], rows.empty() ? 0 : rows[i]});
  return out;
}

TEST(Fidelity, CurvesAgreeWithTheDiagonalByHand) {
  std::vector<double> even;
  for (int k = 0; k < 2900; ++k) even.push_back((k + 0.5) / 2900);
  EXPECT_NEAR(curve_agreement(level_curve(even)), 1, 1e-3);
  // All at 0: every level but the first holds all, 1 - Σ(1 - α) / Σ α = 0.
  EXPECT_NEAR(curve_agreement(level_curve(std::vector<double>(10, 0.0))), 0, 1e-12);
  EXPECT_NEAR(curve_agreement(level_curve(std::vector<double>(10, 1.0))), 1 - 14.0 / 15, 1e-12);
}

TEST(Fidelity, RanksOfTiesAreSpreadEvenly) {
  // All distances are 0, as in a table of few distinct rows: ranks must still be uniform.
  const auto ranks =
      support_ranks(at(std::vector<float>(100, 0)), at(std::vector<float>(5000, 0)), 1, 1);
  EXPECT_GT(curve_agreement(level_curve(ranks)), 0.97);
}

TEST(Fidelity, ARowIsNewWhenItLiesFartherThanTheNeighbour) {
  const auto within = at({0.2f, 0.1f}), queries = at({0.3f, 0.15f, 0.05f}, {0, 0, 1});
  EXPECT_EQ(new_rows(within, queries), (std::vector<double>{1, 0, 0}));
}

TEST(Fidelity, NaiveScoresByHand) {
  // Numbers 0, 1, 2, 10 against themselves: all inside; every nearest distance 0 is covered.
  const Comparison data = compare({numbers("x", {0, 1, 2, 10})}, {numbers("x", {0, 1, 2, 10})});
  const NaiveScores scores = naive_scores(data, data.real, data.synthetic, 1);
  EXPECT_DOUBLE_EQ(scores.authenticity, 0);
  EXPECT_GT(scores.alpha_precision, 0.75);  // four rows: the curve is a staircase
}

TEST(GeneralisedCap, TheNearestKeysAnswerTogether) {
  // Keys (a, b). Synthetic: (0, 0) secret 1; (0, 1) secret 2 twice; (5, 5) secret 3.
  const std::vector<std::int32_t> sa = {0, 0, 0, 5}, sb = {0, 1, 1, 5}, ss = {1, 2, 2, 3};
  // Real: (0, 0): exact, secret 1. (0, 9): one off from three rows, secret 2. (7, 7): all are two
  // off, secret 3.
  const std::vector<std::int32_t> ra = {0, 0, 7}, rb = {0, 9, 7}, rs = {1, 2, 3};
  const NearestKeys nearest({ra, rb}, {sa, sb}, 1);
  const std::vector<double> shares = nearest.shares(rs, ss, 4);
  EXPECT_DOUBLE_EQ(shares[0], 1);
  EXPECT_DOUBLE_EQ(shares[1], 2.0 / 3);
  EXPECT_DOUBLE_EQ(shares[2], 1.0 / 4);
}

TEST(GowerLegacy, OneHotAndUsualDistanceByHand) {
  // x: range of the real table 10, of both 20; c: levels a, b, and missing as a third.
  const Comparison data = compare({numbers("x", {0, 10}), texts("c", {"a", ""})},
                                  {numbers("x", {20, kGone}), texts("c", {"b", "a"})});
  const GowerExtremes usual = gower_extremes(data, data.real, data.synthetic, 1);
  EXPECT_DOUBLE_EQ(usual.nearest[0], (1 + 0) / 2.0);   // missing to present, same level
  EXPECT_DOUBLE_EQ(usual.furthest[0], (1 + 1) / 2.0);  // 2 ranges count 1
  const GowerExtremes old = gower_extremes_one_hot(data, data.real, data.synthetic, 1);
  EXPECT_DOUBLE_EQ(old.nearest[0], 0);               // missing reads as 0
  EXPECT_DOUBLE_EQ(old.furthest[0], (1 + 2) / 4.0);  // x and three indicators
  EXPECT_DOUBLE_EQ(old.furthest[1], (0.5 + 2) / 4.0);
}

TEST(SdvLegacy, ChiSquareTailsEqualTables) {
  EXPECT_NEAR(chi_square_tail(3.841458820694124, 1), 0.05, 1e-12);
  EXPECT_NEAR(chi_square_tail(18.307038053275146, 10), 0.05, 1e-12);
  EXPECT_NEAR(chi_square_tail(0.5, 10), 0.9999934, 1e-7);
  EXPECT_DOUBLE_EQ(chi_square_tail(0, 3), 1);
}

TEST(SdvLegacy, ItsChiSquareTestHidesAnyDifference) {
  // Shares ½ and ½ against 7/10 and 3/10 of a million rows: p is still above ½.
  EXPECT_GT(
      cs_test(std::vector<std::int64_t>{500000, 500000}, std::vector<std::int64_t>{700000, 300000}),
      0.5);
  EXPECT_DOUBLE_EQ(cs_test(std::vector<std::int64_t>{5, 0}, std::vector<std::int64_t>{9, 0}), 1);
}

TEST(Lbfgs, FindsTheMinimumOfRosenbrock) {
  const auto found = minimise(
      [](const std::vector<double>& x, std::vector<double>& g) {
        const double a = 1 - x[0], b = x[1] - x[0] * x[0];
        g = {-2 * a - 400 * x[0] * b, 200 * b};
        return a * a + 100 * b * b;
      },
      {-1.2, 1}, {.gradient_tolerance = 1e-8});
  EXPECT_NEAR(found[0], 1, 1e-5);
  EXPECT_NEAR(found[1], 1, 1e-5);
}

TEST(SdvLegacy, AConstantOfLargeNumbersFillsOneBin) {
  const std::vector<double> large(200, 0x1p60), other(200, 0x1p53);
  const Comparison data = compare({numbers("x", large), numbers("y", other)},
                                  {numbers("x", large), numbers("y", other)});
  EXPECT_DOUBLE_EQ(sdv_measures(data, data.synthetic, 1).continuous_kl, 1);
}

}  // namespace
}  // namespace semblance::evaluator
