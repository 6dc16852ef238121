#include "trainer/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/trainer/step_cases.hpp"
#include "trainer/choose.hpp"

namespace semblance::trainer {
namespace {

/// Two columns of three and two tokens, one unit wide: an embedding and a head of five rows each (a
/// row a token), and biases.
class Optimizer : public testing::Test {
 protected:
  static NetworkShape shape() {
    NetworkShape shape;
    shape.cardinalities = {3, 2};
    shape.latent = 0;
    shape.hidden = 1;
    return shape;
  }
  /// The first five numbers of a matrix.
  std::vector<float> five(int parameter) const {
    const auto begin = weights_.begin() + layout_.offset(parameter);
    return {begin, begin + 5};
  }
  void set(std::vector<float>& array, int parameter, const std::vector<float>& values) const {
    std::copy(values.begin(), values.end(), array.begin() + layout_.offset(parameter));
  }

  NetworkLayout layout_{shape()};
  AdamW adam_{layout_, 0};
  std::vector<float> weights_ = std::vector<float>(static_cast<std::size_t>(layout_.size));
  std::vector<float> gradient_ = weights_;
};

TEST_F(Optimizer, FirstStepMovesEveryWeightByTheLearningRate) {
  // Bias-corrected, m = g and v = g^2: each goes against the sign of its gradient, however small.
  set(gradient_, layout_.head, {2, -0.5, 0.001f, 0, 7});
  adam_.step(gradient_, 1, {.learning_rate = 0.01, .weight_decay = 0, .shrinkage = 0}, weights_);
  const std::vector<float> moved = five(layout_.head);
  for (const int i : {0, 2, 4}) EXPECT_NEAR(moved[i], -0.01, 1e-6) << i;
  EXPECT_NEAR(moved[1], 0.01, 1e-6);
  EXPECT_EQ(moved[3], 0);
}

TEST_F(Optimizer, ShrinkageAddsTheMatrixMeanSquaredGradientToEachTokens) {
  // By hand, two steps with the gradient (4, 1, 0, 0, 0) in the head. After the first, v = 0.001
  // g^2, so mean(v) = 0.001 * 17 / 5 = 0.0034. At the second the correction is 1 / (1 - 0.998001) =
  // 500.25: the floor is lambda * 500.25 * 0.0034 = 1.70085 lambda. m and v, corrected, are g and
  // g^2 again, so that the step is 0.01 g / sqrt(g^2 + 1.70085 lambda); with lambda = 10: 0.0069622
  // for g = 4, 0.0023565 for g = 1.
  const AdamSettings settings{.learning_rate = 0.01, .weight_decay = 0, .shrinkage = 10};
  set(gradient_, layout_.head, {4, 1, 0, 0, 0});
  set(gradient_, layout_.head_bias, {4, 1, 0, 0, 0});
  adam_.step(gradient_, 1, settings, weights_);
  const std::vector<float> first = five(layout_.head), first_bias = five(layout_.head_bias);
  adam_.step(gradient_, 1, settings, weights_);
  const std::vector<float> second = five(layout_.head), second_bias = five(layout_.head_bias);
  EXPECT_NEAR(first[0] - second[0], 0.0069622, 2e-6);
  EXPECT_NEAR(first[1] - second[1], 0.0023565, 2e-6);
  // A bias is no row of a token: the whole learning rate, as Adam does it.
  EXPECT_NEAR(first_bias[0] - second_bias[0], 0.01, 1e-6);
  EXPECT_NEAR(first_bias[1] - second_bias[1], 0.01, 1e-6);
}

TEST_F(Optimizer, WithoutShrinkageATokenOfSmallGradientsMovesAsFarAsAny) {
  const AdamSettings settings{.learning_rate = 0.01, .weight_decay = 0, .shrinkage = 0};
  set(gradient_, layout_.head, {4, 1, 0, 0, 0});
  for (int i = 0; i < 2; ++i) adam_.step(gradient_, 1, settings, weights_);
  EXPECT_NEAR(five(layout_.head)[0], -0.02, 1e-6);
  EXPECT_NEAR(five(layout_.head)[1], -0.02, 1e-6);
}

TEST_F(Optimizer, DecayIsDecoupledAndSparesBiases) {
  set(weights_, layout_.head, {1, 1, 1, 1, 1});
  set(weights_, layout_.head_bias, {1, 1, 1, 1, 1});
  adam_.step(gradient_, 1, {.learning_rate = 0.01, .weight_decay = 0.3}, weights_);
  EXPECT_NEAR(five(layout_.head)[0], 1 - 0.01 * 0.3, 1e-6);
  EXPECT_EQ(five(layout_.head_bias)[0], 1);
}

TEST_F(Optimizer, ClippingScalesTheGradientBeforeTheMeans) {
  set(gradient_, layout_.head, {4, 0, 0, 0, 0});
  adam_.step(gradient_, 0.25, {.learning_rate = 0.01}, weights_);
  EXPECT_NEAR(adam_.first[layout_.offset(layout_.head)], 0.1, 1e-6);
  EXPECT_NEAR(adam_.second[layout_.offset(layout_.head)], 0.001, 1e-7);
}

TEST(OneCycle, WarmsUpOverATenthAndEndsAtNothing) {
  EXPECT_DOUBLE_EQ(one_cycle(0), 0);
  EXPECT_DOUBLE_EQ(one_cycle(0.05), 0.5);
  EXPECT_DOUBLE_EQ(one_cycle(0.1), 1);
  EXPECT_NEAR(one_cycle(0.55), 0.5, 1e-12);
  EXPECT_NEAR(one_cycle(1), 0, 1e-12);
}

TEST(Shrinkage, IsChosenByTheRuleInTheDocument) {
  const auto chosen = [](std::int64_t rows) { return choose({}, {3, 2}, rows, 1).fit.shrinkage; };
  EXPECT_DOUBLE_EQ(chosen(8'000), 10);
  EXPECT_DOUBLE_EQ(chosen(16'000), 1.25);
  EXPECT_DOUBLE_EQ(chosen(2'000), 100);  // 640 by the cube
  EXPECT_GT(chosen(29'000), 0);
  EXPECT_EQ(chosen(30'000), 0);
}

}  // namespace
}  // namespace semblance::trainer
