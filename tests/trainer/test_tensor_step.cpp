#include "trainer/tensor_step.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/device.hpp"
#include "base/error.hpp"
#include "tests/trainer/on_tensors.hpp"
#include "tests/trainer/step_cases.hpp"

namespace semblance::trainer {
namespace {

struct Case {
  bool autoregressive;
  int latent, blocks;
  double dropout;
};

std::vector<std::int64_t> some_rows() {
  std::vector<std::int64_t> rows(9);
  std::iota(rows.begin(), rows.end(), 0);
  std::swap(rows[2], rows[7]);
  return rows;
}

class TensorSteps : public OnTensors {};

// Both are float computations of sums of some tens of terms near 1: they agree to about 1e-6; a
// missing or wrong term is thousands of times larger.
TEST_P(TensorSteps, AgreeWithTheStepWrittenByHand) {
  for (const Case c : {Case{true, 0, 0, 0}, Case{true, 3, 0, 0}, Case{true, 3, 2, 0},
                       Case{true, 0, 1, 0.4}, Case{false, 3, 0, 0}, Case{false, 2, 1, 0.25}}) {
    const NetworkShape shape = shape_of(c.autoregressive, c.latent, c.blocks);
    const NetworkLayout layout(shape);
    const TokenRows data = random_rows(shape, 9);
    const std::vector<std::int64_t> rows = some_rows();
    const std::vector<float> weights = random_weights(layout, 0.5);
    const StepNoise noise{3, 2, c.dropout};
    std::vector<float> expected(weights.size()), gradient(weights.size());
    TrainingStep by_hand(shape, 16);
    TensorStep by_tensors(shape, GetParam());
    const StepLoss a = by_hand.gradient(weights.data(), data, rows, noise, 0.5f, expected.data());
    const StepLoss b = by_tensors.gradient(weights.data(), data, rows, noise, 0.5f, gradient);
    EXPECT_NEAR(a.nll, b.nll, 1e-4);
    EXPECT_NEAR(a.kl, b.kl, 1e-4);
    EXPECT_EQ(a.rows, b.rows);
    for (const Parameter& p : layout.parameters) {
      for (std::int64_t i = p.offset; i < p.offset + p.size(); ++i) {
        ASSERT_NEAR(expected[i], gradient[i], 2e-5 + 1e-4 * std::abs(expected[i]))
            << p.name << " " << i - p.offset;
      }
    }
    std::vector<double> hand_columns(shape.cardinalities.size()),
        columns(shape.cardinalities.size());
    const StepLoss d = by_hand.loss(weights.data(), data, rows, noise, hand_columns.data());
    const StepLoss e = by_tensors.loss(weights.data(), data, rows, noise, columns.data());
    EXPECT_NEAR(d.total(), e.total(), 1e-4);
    for (std::size_t s = 0; s < columns.size(); ++s) EXPECT_NEAR(hand_columns[s], columns[s], 1e-4);
  }
}

TEST_P(TensorSteps, MakeNothingOfNoRows) {
  const NetworkShape shape = shape_of(true, 2, 0);
  const NetworkLayout layout(shape);
  std::vector<float> gradient(static_cast<std::size_t>(layout.size), 1.0f);
  TensorStep step(shape, GetParam());
  const StepLoss loss =
      step.gradient(random_weights(layout, 1).data(), random_rows(shape, 1), {}, {}, 1, gradient);
  EXPECT_EQ(loss.rows, 0);
  for (const float g : gradient) EXPECT_EQ(g, 0);
}

INSTANTIATE_TEST_SUITE_P(Device, TensorSteps, testing::Values("cpu", "cuda:0"), tensor_case_name);

TEST(TensorStep, WithoutADeviceCudaIsADeviceError) {
  if (base::cuda_device_count() > 0) GTEST_SKIP() << "there is a device";
  try {
    TensorStep step(shape_of(true, 0, 0), "cuda:0");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kDevice);
  }
}

}  // namespace
}  // namespace semblance::trainer
