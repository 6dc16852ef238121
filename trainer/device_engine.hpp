/// Steps on a device that holds the rank's tokens, the weights and the optimizer: one launch a step
/// once it is recorded as a CUDA graph, and no waiting for it but every kStepsBetween steps.
#pragma once

#include <memory>
#include <optional>

#include "trainer/step_engine.hpp"

namespace semblance::trainer {

/// \see StepEngine. With several ranks the gradient goes through the host, where it is summed; the
/// work before and after that is a graph each. What LibTorch throws becomes Error{kDevice}.
class DeviceEngine : public StepEngine {
 public:
  /// Steps whose losses are told together.
  static constexpr std::int64_t kStepsBetween = 32;

  /// \param record  false: no graphs
  /// \throws Error{kDevice} when the device cannot be used
  explicit DeviceEngine(const EngineParts& parts, bool record = true);
  ~DeviceEngine() override;

  void load(const FitState& state) override;
  void store(FitState& state) override;
  void begin_epoch(const EpochPlan& plan) override;
  StepLoss step(std::int64_t b, StepSignals& signals) override;
  StepLoss settle() override;
  StepLoss measure(std::span<const float> weights, std::span<const std::int64_t> rows,
                   const StepNoise& noise, std::span<double> column_nll) override;

  /// By how much the gradient of some rows at the loaded weights differs from TensorStep's, in
  /// lengths of the latter; 0 for no rows, nothing when the device lacks the memory to tell.
  std::optional<double> gradient_error(std::span<const std::int64_t> rows);
  bool recorded() const;  ///< whether steps are replayed from a graph

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace semblance::trainer
