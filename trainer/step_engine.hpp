/// Who does the steps of a training: the host (trainer/host_engine) or a device that holds tokens,
/// weights and optimizer (trainer/device_engine). The loop around them is trainer/fit.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/communicator.hpp"
#include "trainer/batches.hpp"
#include "trainer/fit.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {

/// What one step takes from the schedule.
struct StepNumbers {
  double rate = 0;   ///< learning rate
  double share = 1;  ///< of the newest weights in their running mean
};

/// One epoch's steps; lives until the next begin_epoch().
struct EpochPlan {
  EpochBatches batches;              ///< of the epoch, those before `first` included
  StepNoise noise;                   ///< noise.epoch counts from 0
  std::vector<StepNumbers> numbers;  ///< [batches]
  std::int64_t first = 0;            ///< batch to begin with
  std::int64_t steps_before = 0;     ///< optimizer steps before that batch
};

/// What ranks tell each other with every step: above 0 when any rank asks for it.
struct StepSignals {
  float stop = 0;  ///< end the training
  float save = 0;  ///< write a checkpoint
};

/// Holds the trained numbers and moves them, on all ranks alike.
class StepEngine {
 public:
  virtual ~StepEngine() = default;

  /// Takes over weights, first, second, average and steps.
  virtual void load(const FitState& state) = 0;
  /// Writes the first four of them; waits for the steps.
  virtual void store(FitState& state) = 0;

  /// Makes ready for the plan's steps, which come in order from plan.first on.
  virtual void begin_epoch(const EpochPlan& plan) = 0;
  /// Step b of the epoch's plan; the signals are summed over ranks.
  /// \return sums over the rows, of all ranks, of the steps whose losses have become known with
  ///         this one: on the host of this step, on a device of several or of none (rows 0)
  /// \throws Error{kData} when the loss is not a number
  virtual StepLoss step(std::int64_t b, StepSignals& signals) = 0;
  /// Waits for the steps: sums of those that step() has not told yet. Every rank calls it.
  virtual StepLoss settle() = 0;

  /// Sums over `rows` of this rank, without dropout.
  /// \param weights     [layout size]; empty: the running mean
  /// \param column_nll  [C] is added to; may be empty
  virtual StepLoss measure(std::span<const float> weights, std::span<const std::int64_t> rows,
                           const StepNoise& noise, std::span<double> column_nll) = 0;
};

/// What all engines are made of; must outlive them.
struct EngineParts {
  const TokenRows& data;             ///< of this rank
  const NetworkShape& shape;         ///< the network's
  const NetworkLayout& layout;       ///< of that shape
  const FitSettings& settings;       ///< the same on every rank
  base::Communicator& communicator;  ///< of the ranks
};

/// The engine of settings.device, with the state loaded. A device whose gradient differs from
/// LibTorch's own on some rows is not trusted: the log says so, and LibTorch's is used, by way
/// of the host.
/// \param rows  local training rows
/// \throws Error{kDevice} when the device cannot be used
std::unique_ptr<StepEngine> make_step_engine(const EngineParts& parts, const FitState& state,
                                             std::span<const std::int64_t> rows);

}  // namespace semblance::trainer
