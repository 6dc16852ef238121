/// A rank's rows of a batch, cut into lanes of fixed size that threads work on. The cut and the
/// order of summation do not depend on the number of threads, so neither do the bits of the result.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "trainer/step.hpp"
#include "trainer/tensor_step.hpp"

namespace semblance::trainer {

/// The step over the rows of one rank's batch: in lanes of kRows rows on the CPU, added in order so
/// that the bits do not depend on threads; at once by TensorStep elsewhere.
class Lanes {
 public:
  static constexpr std::int64_t kRows = 256;  ///< rows of a lane

  /// \param device  "cpu", or "cuda:N": then all rows of a batch go through one TensorStep
  Lanes(const NetworkShape& shape, int threads, const std::string& device = "cpu");

  /// Loss of the rows and `gradient` [layout size] = scale * d loss / d weights (overwritten).
  StepLoss gradient(const float* weights, const TokenRows& data, std::span<const std::int64_t> rows,
                    const StepNoise& noise, float scale, std::span<float> gradient);

  /// Loss alone; column_nll [C] is added to.
  StepLoss loss(const float* weights, const TokenRows& data, std::span<const std::int64_t> rows,
                const StepNoise& noise, std::span<double> column_nll);

 private:
  std::unique_ptr<TensorStep> on_device_;             // null on the CPU
  std::vector<std::unique_ptr<TrainingStep>> steps_;  // one a thread
  std::vector<std::vector<float>> partial_;           // [threads - 1] gradients of the other lanes
};

}  // namespace semblance::trainer
