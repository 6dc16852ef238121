#include "trainer/step.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/trainer/step_cases.hpp"

namespace semblance::trainer {
namespace {

/// Compares the gradient with central differences of the loss along random directions, one
/// direction a parameter. The loss is a float computation: with steps of 0.01 the error of a
/// difference is about 1e-4, so 2e-3 absolute and 1 % relative is a wide margin that any wrong term
/// exceeds.
void check_gradient(const NetworkShape& shape, double dropout) {
  const NetworkLayout layout(shape);
  const TokenRows data = random_rows(shape, 9);
  std::vector<std::int64_t> rows(9);
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<float> weights = random_weights(layout, 0.5);
  TrainingStep step(shape, 16);
  const StepNoise noise{3, 2, dropout};
  std::vector<float> gradient(weights.size()), unused(weights.size());
  step.gradient(weights.data(), data, rows, noise, 1.0f, gradient.data());
  for (const Parameter& p : layout.parameters) {
    const std::vector<float> direction = random_weights(layout, 1);
    std::vector<float> up = weights, down = weights;
    double slope = 0;
    constexpr float kStep = 0.004f;
    for (std::int64_t i = p.offset; i < p.offset + p.size(); ++i) {
      up[i] += kStep * direction[i];
      down[i] -= kStep * direction[i];
      slope += static_cast<double>(gradient[i]) * direction[i];
    }
    const StepLoss above = step.gradient(up.data(), data, rows, noise, 1.0f, unused.data());
    const StepLoss below = step.gradient(down.data(), data, rows, noise, 1.0f, unused.data());
    const double measured = (above.total() - below.total()) / (2.0 * kStep);
    EXPECT_NEAR(slope, measured, 4e-3 + 0.01 * std::abs(measured)) << p.name;
  }
}

TEST(TrainingStep, GradientEqualsFiniteDifferencesWithoutLatent) {
  check_gradient(shape_of(true, 0, 0), 0);
}
TEST(TrainingStep, GradientEqualsFiniteDifferencesWithLatent) {
  check_gradient(shape_of(true, 3, 0), 0);
}
TEST(TrainingStep, GradientEqualsFiniteDifferencesWithBlocks) {
  check_gradient(shape_of(true, 3, 2), 0);
}
TEST(TrainingStep, GradientEqualsFiniteDifferencesUnderDropout) {
  check_gradient(shape_of(true, 3, 2), 0.3);
}
TEST(TrainingStep, GradientEqualsFiniteDifferencesOfIndependentColumns) {
  check_gradient(shape_of(false, 3, 1), 0);
}
TEST(TrainingStep, GradientEqualsFiniteDifferencesOfIndependentColumnsWithoutBlocks) {
  check_gradient(shape_of(false, 2, 0), 0);
}

NetworkShape panel_of(int latent, int blocks, int shared) {
  NetworkShape shape = shape_of(true, latent, blocks);
  shape.panel = true;
  shape.shared = shared;
  return shape;
}

TEST(TrainingStep, GradientEqualsFiniteDifferencesOfEntities) {
  check_gradient(panel_of(3, 0, 2), 0);
  check_gradient(panel_of(2, 1, 1), 0.3);
  check_gradient(panel_of(0, 0, 0), 0);
}

TEST(TrainingStep, GradientEqualsFiniteDifferencesOfEntitiesWithManyTokens) {
  NetworkShape shape = panel_of(2, 1, 1);
  shape.cardinalities = {3, 40, 5, 300};  // tables of pairs, of distances, of staying
  check_gradient(shape, 0);
}

/// In a pass of many rows the first block is carried (trainer/carried_block.hpp), in one of few
/// rows it is not: loss and gradient must be the same.
void check_sum_of_parts(const NetworkShape& shape, double dropout) {
  constexpr std::int64_t kRows = 40, kPart = 5;
  const NetworkLayout layout(shape);
  const CarriedBlock carried(shape, layout);
  ASSERT_TRUE(carried.pays(kRows) && !carried.pays(kPart));
  const TokenRows data = random_rows(shape, kRows);
  std::vector<std::int64_t> rows(kRows);
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<float> weights = random_weights(layout, 0.5);
  TrainingStep step(shape, kRows);
  const StepNoise noise{3, 2, dropout};
  std::vector<float> whole(weights.size()), part(weights.size());
  std::vector<double> sum(weights.size());
  const StepLoss loss = step.gradient(weights.data(), data, rows, noise, 0.1f, whole.data());
  double total = 0;
  for (std::int64_t first = 0; first < kRows; first += kPart) {
    const auto some = std::span(rows).subspan(first, kPart);
    total += step.gradient(weights.data(), data, some, noise, 0.1f, part.data()).total();
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
  }
  EXPECT_NEAR(loss.total(), total, 1e-3);
  for (const Parameter& p : layout.parameters) {
    for (std::int64_t i = p.offset; i < p.offset + p.size(); ++i) {
      ASSERT_NEAR(whole[i], sum[i], 1e-5 * (1 + std::abs(sum[i]))) << p.name << " " << i - p.offset;
    }
  }
  EXPECT_NEAR(step.loss(weights.data(), data, rows, {3, 2, 0}).total(),
              step.gradient(weights.data(), data, rows, {3, 2, 0}, 1.0f, part.data()).total(),
              1e-3);
}

TEST(TrainingStep, ACarriedBlockChangesNothing) {
  check_sum_of_parts(shape_of(true, 3, 1), 0);
  check_sum_of_parts(shape_of(true, 0, 2), 0.3);
}
TEST(TrainingStep, ACarriedBlockChangesNothingInEntities) {
  NetworkShape shape = shape_of(true, 3, 1);
  shape.panel = true;
  shape.shared = 1;
  check_sum_of_parts(shape, 0);
}

TEST(TrainingStep, WhatBelongsToAnEntityCountsOnce) {
  const NetworkShape shape = panel_of(2, 0, 2);
  const NetworkLayout layout(shape);
  const std::vector<float> weights(static_cast<std::size_t>(layout.size));
  const TokenRows data = random_rows(shape, 9);  // entities of 3, 5 and 1 rows
  std::vector<std::int64_t> rows(9);
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<double> columns(4), each(9);
  TrainingStep step(shape, 16);
  const StepLoss loss = step.loss(weights.data(), data, rows, {}, columns.data());
  EXPECT_NEAR(columns[0], 3 * std::log(3.0), 1e-5);
  EXPECT_NEAR(columns[2], 9 * std::log(5.0), 1e-5);
  step.row_losses(weights.data(), data, rows, {}, each.data());
  EXPECT_NEAR(std::accumulate(each.begin(), each.end(), 0.0), loss.total(), 1e-4);
  EXPECT_NEAR(each[0], std::log(3.0 * 5 * 2), 1e-5);
  EXPECT_NEAR(each[1], std::log(5.0 * 2), 1e-5);
}

TEST(TrainingStep, LossOfZeroWeightsIsTheLogarithmOfTheCardinalities) {
  const NetworkShape shape = shape_of(true, 2, 1);
  const NetworkLayout layout(shape);
  const std::vector<float> weights(static_cast<std::size_t>(layout.size));
  const TokenRows data = random_rows(shape, 5);
  const std::vector<std::int64_t> rows = {0, 1, 2, 3, 4};
  std::vector<double> columns(4);
  const StepLoss loss = TrainingStep(shape, 8).loss(weights.data(), data, rows, {}, columns.data());
  EXPECT_NEAR(loss.nll, 5 * std::log(3.0 * 1 * 5 * 2), 1e-4);
  EXPECT_NEAR(loss.kl, 0, 1e-6);
  EXPECT_NEAR(columns[2], 5 * std::log(5.0), 1e-4);
  EXPECT_EQ(loss.rows, 5);
}

TEST(TrainingStep, KlIsTheClosedFormOfTwoNormals) {
  NetworkShape shape = shape_of(true, 1, 0);
  const NetworkLayout layout(shape);
  std::vector<float> weights(static_cast<std::size_t>(layout.size));
  const double mean = 0.7, log_variance = -1.1;
  weights[layout.offset(layout.encoder_out_bias)] = static_cast<float>(mean);
  weights[layout.offset(layout.encoder_out_bias) + 1] = static_cast<float>(log_variance);
  const TokenRows data = random_rows(shape, 2);
  const std::vector<std::int64_t> rows = {0, 1};
  const StepLoss loss = TrainingStep(shape, 2).loss(weights.data(), data, rows, {});
  const double each = 0.5 * (mean * mean + std::exp(log_variance) - log_variance - 1);
  EXPECT_NEAR(loss.kl, 2 * each, 1e-5);
}

TEST(TrainingStep, NothingComesOfNoRows) {
  const NetworkShape shape = shape_of(true, 2, 1);
  const NetworkLayout layout(shape);
  const std::vector<float> weights = random_weights(layout, 1);
  std::vector<float> gradient(weights.size(), 5.0f);
  const TokenRows data = random_rows(shape, 1);
  const StepLoss loss =
      TrainingStep(shape, 2).gradient(weights.data(), data, {}, {}, 1, gradient.data());
  EXPECT_EQ(loss.total(), 0);
  for (const float g : gradient) ASSERT_EQ(g, 0);
}

TEST(NetworkShape, RefusesSizesThatAreNotSensible) {
  NetworkShape shape = shape_of(true, 2, 0);
  shape.cardinalities[1] = 0;
  EXPECT_ANY_THROW(shape.check());
  shape = shape_of(false, 0, 0);
  EXPECT_ANY_THROW(shape.check());
}

}  // namespace
}  // namespace semblance::trainer
