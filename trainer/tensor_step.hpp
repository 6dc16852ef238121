/// The training step by LibTorch's tensors and automatic differentiation: what a device's own step
/// (trainer/device_network) is held against, and what takes its place where they differ. The same
/// loss as TrainingStep's, which is written by hand for the CPU.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "trainer/step.hpp"

namespace semblance::trainer {

/// The step on one device, with a copy of the weights there.
class TensorStep {
 public:
  /// \param device  as base::Device::name(); "cpu" works too
  /// \throws Error{kDevice} when LibTorch's CUDA library cannot be loaded or finds no device
  TensorStep(const NetworkShape& shape, const std::string& device);
  ~TensorStep();

  /// As TrainingStep::gradient, for any number of rows.
  StepLoss gradient(const float* weights, const TokenRows& data, std::span<const std::int64_t> rows,
                    const StepNoise& noise, float scale, std::span<float> gradient);
  /// As TrainingStep::loss, for any number of rows.
  StepLoss loss(const float* weights, const TokenRows& data, std::span<const std::int64_t> rows,
                const StepNoise& noise, double* column_nll = nullptr);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace semblance::trainer
