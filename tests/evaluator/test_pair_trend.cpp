#include "evaluator/quality/pair_trend.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluator/coding.hpp"
#include "evaluator/means.hpp"
#include "tests/evaluator/small_tables.hpp"

namespace semblance::evaluator {
namespace {

using testing::compare;
using testing::kGone;
using testing::numbers;
using testing::texts;

TEST(PairTrend, TwoNumbersCompareTheirCorrelations) {
  const Comparison data = compare({numbers("x", {1, 2, 3}), numbers("y", {1, 2, 3})},
                                  {numbers("x", {1, 2, 3}), numbers("y", {3, 2, 1})});
  EXPECT_DOUBLE_EQ(pair_trend_errors(data, 1).synthetic[1], 1);  // |1 - (-1)| / 2
}

TEST(PairTrend, TwoCategoriesCompareTheirCells) {
  const Comparison data =
      compare({texts("a", {"u", "u", "v", "v"}), texts("b", {"p", "p", "q", "q"})},
              {texts("a", {"u", "u", "v", "v"}), texts("b", {"p", "q", "p", "q"})});
  EXPECT_DOUBLE_EQ(pair_trend_errors(data, 1).synthetic[1], 0.5);
}

TEST(PairTrend, AConstantNumberHasNoCorrelation) {
  const Comparison data = compare({numbers("x", {1, 1}), numbers("y", {1, 2})},
                                  {numbers("x", {1, 1}), numbers("y", {1, 2})});
  EXPECT_TRUE(std::isnan(pair_trend_errors(data, 1).synthetic[1]));
}

TEST(PairTrend, AnAllMissingNumberHasNoTrend) {
  const Comparison data = compare({numbers("x", {kGone, kGone}), texts("a", {"u", "v"})},
                                  {numbers("x", {1, 2}), texts("a", {"u", "v"})});
  EXPECT_TRUE(std::isnan(pair_trend_errors(data, 1).synthetic[1]));
}

TEST(PairTrend, TheNumberOfThreadsChangesNothing) {
  const Comparison data = compare(testing::population(300, 1), testing::population(200, 2),
                                  testing::population(100, 3));
  const PairErrors one = pair_trend_errors(data, 1), three = pair_trend_errors(data, 3);
  for (std::size_t k = 0; k < one.synthetic.size(); ++k) {
    if (std::isnan(one.synthetic[k])) continue;
    EXPECT_EQ(one.synthetic[k], three.synthetic[k]);
    EXPECT_EQ(one.holdout[k], three.holdout[k]);
  }
}

TEST(Coding, TrendBinsAreThoseOfDigitizeWithMissingOnTop) {
  const Comparison data =
      compare({numbers("x", {0, 10, 4.5, kGone})}, {numbers("x", {-1, 11, 9.99, 1})});
  const CodedColumn codes = trend_codes(data, 0);
  EXPECT_EQ(codes.real, (std::vector<std::int32_t>{1, 11, 5, 11}));
  EXPECT_EQ(codes.synthetic, (std::vector<std::int32_t>{0, 11, 10, 2}));
}

TEST(Coding, AccuracyBinsHoldEqualSharesAndMissingItsOwn) {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i);
  values.push_back(kGone);
  const Comparison data = compare({numbers("x", values)}, {numbers("x", {-5, 1000})});
  const CodedColumn codes = accuracy_codes(data, 0);
  EXPECT_EQ(codes.n_codes, 11);
  EXPECT_EQ(codes.real[0], 0);
  EXPECT_EQ(codes.real[99], 9);
  EXPECT_EQ(codes.real[100], 10);
  EXPECT_EQ(codes.synthetic, (std::vector<std::int32_t>{0, 9}));
}

TEST(Coding, RareLevelsShareACode) {
  std::vector<std::string> values;
  for (int level = 0; level < 14; ++level)
    values.insert(values.end(), static_cast<std::size_t>(20 - level), "l" + std::to_string(level));
  const Comparison data = compare({texts("c", values)}, {texts("c", {"l13", "new", ""})});
  const CodedColumn codes = accuracy_codes(data, 0);
  EXPECT_EQ(codes.n_codes, 12);  // ten levels, the rest, missing
  EXPECT_EQ(codes.synthetic, (std::vector<std::int32_t>{10, 10, 11}));
}

TEST(Means, RanksShareTies) {
  const std::vector<double> r = ranks(std::vector<double>{10, kGone, 20, 10});
  EXPECT_EQ(r[0], 1.5);
  EXPECT_TRUE(std::isnan(r[1]));
  EXPECT_EQ(r[2], 3);
  EXPECT_EQ(r[3], 1.5);
}

TEST(Means, QuantilesInterpolate) {
  EXPECT_DOUBLE_EQ(quantile(std::vector<double>{0, 1, 2, 3}, 0.5), 1.5);
  EXPECT_DOUBLE_EQ(quantile(std::vector<double>{7}, 0.3), 7);
}

}  // namespace
}  // namespace semblance::evaluator
