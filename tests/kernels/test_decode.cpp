#include "kernels/decode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "tests/kernels/device_cases.hpp"

namespace semblance::kernels {
namespace {

using testing::ElementsAre;

/// Three intervals: the constant 5; [10, 20) in two pieces, half of the mass below 12; then [20,
/// 30).
struct Example {
  std::vector<std::int32_t> knot_begin = {0, 1, 4, 6};
  std::vector<double> knots = {5, 10, 12, 20, 20, 30};
  std::vector<std::int32_t> interval_of = {0, 1, 2, 3};
  DecodePlan plan(double multiplier = 1, double divisor = 0) const {
    return {1, interval_of, knot_begin, knots, multiplier, divisor};
  }
};

TEST(KnotPosition, IsLinearBetweenKnotsAtEqualStepsOfProbability) {
  const std::vector<double> knots = {10, 12, 20};
  EXPECT_DOUBLE_EQ(knot_position(knots.data(), 3, 0.25), 11);
  EXPECT_DOUBLE_EQ(knot_position(knots.data(), 3, 0.5), 12);
  EXPECT_DOUBLE_EQ(knot_position(knots.data(), 3, 0.75), 16);
  EXPECT_LT(knot_position(knots.data(), 3, std::nextafter(1.0, 0.0)), 20);
}

TEST(KnotPosition, NeverReachesTheOpenEnd) {
  const std::vector<double> knots = {1e15, 1e15 + 1};
  EXPECT_LT(knot_position(knots.data(), 2, std::nextafter(1.0, 0.0)), 1e15 + 1);
}

TEST(GridValue, IsTheDoubleNearestToTheDecimal) {
  EXPECT_EQ(grid_value(1234, 1, 100), 12.34);
  EXPECT_EQ(grid_value(3, 1, 10), 0.3);
  EXPECT_EQ(grid_value(7, 5, 100), 0.35);
  EXPECT_EQ(grid_value(7, 50, 1), 350);
}

class Decode : public OnDevice {};

TEST_P(Decode, GivesConstantsDrawsAndMissing) {
  const Example example;
  const std::vector<std::uint16_t> tokens = {0, 1, 2, 3, 1, 0};
  std::vector<double> values(tokens.size());
  decode_numbers(tokens, {}, example.plan(), 1, 0, 0, values, {.device = GetParam()});
  EXPECT_EQ(values[0], 5);
  EXPECT_GE(values[1], 10);
  EXPECT_LT(values[1], 20);
  EXPECT_GE(values[2], 20);
  EXPECT_LT(values[2], 30);
  EXPECT_TRUE(std::isnan(values[3]));
  EXPECT_NE(values[4], values[1]);
  EXPECT_EQ(values[5], 5);
}

TEST_P(Decode, KeepsToTheGrid) {
  const Example example;
  const std::vector<std::uint16_t> tokens(5000, 1);
  std::vector<double> values(tokens.size());
  decode_numbers(tokens, {}, example.plan(5, 10), 1, 0, 0, values, {.device = GetParam()});
  for (const double value : values) {
    ASSERT_EQ(value, std::round(value * 2) / 2);
    ASSERT_GE(value, 5);
    ASSERT_LT(value, 10);
  }
  // Half of the mass lies in positions 10 and 11. Of 5,000 draws; six standard deviations.
  const auto low =
      std::count_if(values.begin(), values.end(), [](double value) { return value < 6; });
  EXPECT_NEAR(static_cast<double>(low), 2500, 6 * std::sqrt(1250));
}

TEST_P(Decode, ReadsTwoDigits) {
  const Example example;
  DecodePlan plan = example.plan();
  const std::vector<std::int32_t> interval_of = {0, 0, 1, 2, 3, 3};
  plan.n_second = 2;
  plan.interval_of = interval_of;
  const std::vector<std::uint16_t> first = {0, 0, 1, 1, 2}, second = {0, 1, 0, 1, 1};
  std::vector<double> values(5);
  decode_numbers(first, second, plan, 1, 0, 0, values, {.device = GetParam()});
  EXPECT_EQ(values[0], 5);
  EXPECT_EQ(values[1], 5);
  EXPECT_LT(values[2], 20);
  EXPECT_GE(values[3], 20);
  EXPECT_TRUE(std::isnan(values[4]));
}

TEST_P(Decode, DependsOnTheGlobalRowAlone) {
  const Example example;
  const std::vector<std::uint16_t> tokens(1003, 1);
  std::vector<double> whole(tokens.size());
  decode_numbers(tokens, {}, example.plan(), 7, 100, 3, whole, {.device = GetParam()});
  for (const std::size_t cut : {1, 2, 3, 5, 500}) {
    std::vector<double> rest(tokens.size() - cut);
    decode_numbers(std::span(tokens).subspan(cut), {}, example.plan(), 7,
                   100 + static_cast<std::int64_t>(cut), 3, rest, {.device = GetParam()});
    EXPECT_TRUE(
        std::equal(rest.begin(), rest.end(), whole.begin() + static_cast<std::ptrdiff_t>(cut)));
  }
  std::vector<double> other(tokens.size());
  decode_numbers(tokens, {}, example.plan(), 8, 100, 3, other, {.device = GetParam()});
  EXPECT_NE(whole, other);
  decode_numbers(tokens, {}, example.plan(), 7, 100, 4, other, {.device = GetParam()});
  EXPECT_NE(whole, other);
}

TEST_P(Decode, DrawsWhatTheCellFunctionDraws) {
  const Example example;
  const std::vector<std::uint16_t> tokens(257, 2);
  std::vector<double> values(tokens.size());
  decode_numbers(tokens, {}, example.plan(), 42, 1'000'000'007, 9, values, {.device = GetParam()});
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double uniform = cell_uniform(42, 1'000'000'007 + i, 9);
    ASSERT_EQ(values[i], decode_interval(2, uniform, example.knot_begin.data(), 3,
                                         example.knots.data(), 1, 0));
  }
}

TEST_P(Decode, RefusesATokenOutOfRange) {
  const Example example;
  const std::vector<std::uint16_t> tokens = {0, 4};
  std::vector<double> values(2);
  EXPECT_THROW(decode_numbers(tokens, {}, example.plan(), 1, 0, 0, values, {.device = GetParam()}),
               base::Error);
}

INSTANTIATE_TEST_SUITE_P(Device, Decode, testing::Values("cpu", "cuda:0"), device_case_name);

TEST(DecodeSizes, AreChecked) {
  const Example example;
  const std::vector<std::uint16_t> tokens = {0, 1};
  std::vector<double> values(1);
  EXPECT_THROW(decode_numbers(tokens, {}, example.plan(), 1, 0, 0, values), base::Error);
  values.resize(2);
  EXPECT_THROW(decode_numbers(tokens, tokens, example.plan(), 1, 0, 0, values), base::Error);
}

}  // namespace
}  // namespace semblance::kernels
