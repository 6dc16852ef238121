#include "trainer/network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace semblance::trainer {
namespace {

/// Standard deviation of n numbers whose mean is 0.
double deviation(const float* values, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(values[i]) * values[i];
  return std::sqrt(sum / static_cast<double>(n));
}

/// Four columns, of which the second and third are ordered; wide enough for 1 % of precision.
class InitialWeights : public testing::Test {
 protected:
  static NetworkShape shape() {
    NetworkShape shape;
    shape.cardinalities = {300, 200, 200, 100};
    shape.latent = 16;
    shape.hidden = 128;
    shape.blocks = 1;
    shape.block_width = 100;
    shape.encoder = 64;
    return shape;
  }
  std::vector<float> weights(double rows, const std::vector<int>& ordered = {0, 200, 200, 0}) {
    std::vector<double> counts;
    for (const int k : shape().cardinalities) counts.insert(counts.end(), k, rows / k);
    return initial_weights(shape(), layout_, counts, 3, ordered);
  }
  double scale(const std::vector<float>& weights, int parameter) const {
    const Parameter& p = layout_.parameters[parameter];
    return deviation(weights.data() + p.offset, p.size());
  }
  /// Of a column's rows in a matrix with a row a token.
  double scale(const std::vector<float>& weights, int parameter, int column) const {
    const Parameter& p = layout_.parameters[parameter];
    const auto offsets = shape().token_offsets();
    return deviation(weights.data() + p.offset + offsets[column] * p.columns,
                     (offsets[column + 1] - offsets[column]) * p.columns);
  }
  void expect_near(double measured, double right) { EXPECT_NEAR(measured / right, 1, 0.03); }

  NetworkLayout layout_{shape()};
};

constexpr double kUsual = 0.5;  // one row a column: 1 / sqrt(4 columns)

TEST_F(InitialWeights, EmbeddingsOfCategoriesBeginAtATenthOfTheScaleOfOneRowAColumn) {
  for (const double rows : {1'000.0, 1'000'000.0}) {
    const std::vector<float> w = weights(rows);
    for (const int parameter : {layout_.embedding, layout_.encoder_embedding}) {
      for (const int column : {0, 3}) expect_near(scale(w, parameter, column), 0.1 * kUsual);
    }
  }
}

TEST_F(InitialWeights, EmbeddingsOfOrderedColumnsGrowWithTheSquareOfTheRows) {
  // (rows / 40,000)^2, at least a tenth, at most one.
  const std::vector<std::pair<double, double>> cases = {
      {4'000, 0.1}, {20'000, 0.25}, {28'284, 0.5}, {40'000, 1}, {400'000, 1}};
  for (const auto& [rows, share] : cases) {
    const std::vector<float> w = weights(rows);
    for (const int parameter : {layout_.embedding, layout_.encoder_embedding}) {
      for (const int column : {1, 2}) expect_near(scale(w, parameter, column), share * kUsual);
    }
  }
}

TEST_F(InitialWeights, WithoutOrderedColumnsNoneIsTakenForOne) {
  const std::vector<float> w = weights(400'000, {});
  for (const int column : {0, 1, 2, 3})
    expect_near(scale(w, layout_.embedding, column), 0.1 * kUsual);
}

TEST_F(InitialWeights, HeadsBeginAtATenthWhateverTheRows) {
  for (const double rows : {1'000.0, 1'000'000.0}) {
    const std::vector<float> w = weights(rows);
    for (const int column : {0, 1})
      expect_near(scale(w, layout_.head, column), 0.1 / std::sqrt(128));
  }
}

TEST_F(InitialWeights, TheOtherMatricesKeepTheScaleOfWhatGoesIn) {
  const std::vector<float> w = weights(10'000);
  EXPECT_NEAR(scale(w, layout_.latent), 0.3 / 4, 0.004);
  expect_near(scale(w, layout_.encoder_hidden), 1.0 / 8);
  expect_near(scale(w, layout_.encoder_out), 0.3 / 8);
  expect_near(scale(w, layout_.blocks[0].in), 1 / std::sqrt(128));
  expect_near(scale(w, layout_.blocks[0].out), 0.3 / 10);
  EXPECT_EQ(scale(w, layout_.blocks[0].bias), 0);
  EXPECT_EQ(scale(w, layout_.encoder_bias), 0);
}

TEST_F(InitialWeights, HeadBiasesAreTheLogarithmsOfTheSmoothedFrequencies) {
  NetworkShape two;
  two.cardinalities = {2, 3};
  two.latent = 0;
  const NetworkLayout layout(two);
  const std::vector<double> counts = {30, 10, 0, 40, 0};
  const std::vector<float> w = initial_weights(two, layout, counts, 1);
  const float* bias = w.data() + layout.offset(layout.head_bias);
  EXPECT_NEAR(bias[0], std::log(30.1 / 40.2), 1e-6);
  EXPECT_NEAR(bias[1], std::log(10.1 / 40.2), 1e-6);
  EXPECT_NEAR(bias[2], std::log(0.1 / 40.3), 1e-6);
  EXPECT_NEAR(bias[3], std::log(40.1 / 40.3), 1e-6);
}

TEST_F(InitialWeights, AnotherSeedGivesOtherWeightsOfTheSameScale) {
  std::vector<double> counts(800, 5);
  const auto a = initial_weights(shape(), layout_, counts, 1);
  const auto b = initial_weights(shape(), layout_, counts, 2);
  EXPECT_NE(a, b);
  EXPECT_EQ(a, initial_weights(shape(), layout_, counts, 1));
  expect_near(scale(a, layout_.embedding), scale(b, layout_.embedding));
}

}  // namespace
}  // namespace semblance::trainer
