/// Steps by the host: weights and optimizer in its memory, the gradient of a batch from Lanes.
#pragma once

#include <vector>

#include "trainer/lanes.hpp"
#include "trainer/optimizer.hpp"
#include "trainer/smooth_basis.hpp"
#include "trainer/step_engine.hpp"

namespace semblance::trainer {

/// \see StepEngine. The bits of the result do not depend on threads.
class HostEngine : public StepEngine {
 public:
  /// \throws Error{kDevice} when settings.device is one and cannot be used
  explicit HostEngine(const EngineParts& parts);

  void load(const FitState& state) override;
  void store(FitState& state) override;
  void begin_epoch(const EpochPlan& plan) override { plan_ = &plan; }
  StepLoss step(std::int64_t b, StepSignals& signals) override;
  StepLoss settle() override { return {}; }
  StepLoss measure(std::span<const float> weights, std::span<const std::int64_t> rows,
                   const StepNoise& noise, std::span<double> column_nll) override;

 private:
  /// Numbers that travel behind the gradient in each step's reduction.
  enum Extra { kNll, kKl, kRows, kStop, kSave, kExtras };

  void combine();

  EngineParts parts_;
  Lanes lanes_;
  SmoothBasis basis_;
  std::int64_t trained_;  // numbers that the optimizer moves
  AdamW adam_;
  const EpochPlan* plan_ = nullptr;
  std::vector<float> flat_;     // gradient, then the extras
  std::vector<float> own_;      // the trained numbers
  std::vector<float> weights_;  // the network's parameters with the smooth basis added
  std::vector<float> average_;
};

}  // namespace semblance::trainer
