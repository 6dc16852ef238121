/// The trained numbers on a device, and what moves them: the smooth basis, clipping, AdamW and the
/// running mean of the weights, as trainer/host_engine has them.
#pragma once

#include <cstdint>
#include <memory>

#include "trainer/device_queue.hpp"
#include "trainer/fit.hpp"
#include "trainer/network.hpp"

namespace semblance::trainer {

/// Pointers are to memory of the device and never change. Call within a DeviceQueue::Scope.
class DeviceOptimizer {
 public:
  /// Takes the device's memory for all of it, set to nothing.
  DeviceOptimizer(const NetworkShape& shape, const NetworkLayout& layout,
                  const FitSettings& settings, DeviceQueue& queue);
  ~DeviceOptimizer();

  void load(const FitState& state);   ///< \see StepEngine::load
  void store(FitState& state) const;  ///< \see StepEngine::store

  float* gradient();             ///< [layout size] what update() reads
  const float* weights() const;  ///< [layout size] with the smooth basis added
  const float* average() const;  ///< [layout size] their running mean
  /// One step by the gradient, with the rates of entry *step of the plan.
  void update(const kernels::BatchPlan* plan, const std::int64_t* step);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace semblance::trainer
