/// The network's loss and gradient on a device: matrix products by LibTorch, all else by
/// kernels/train_ops. The gradient is written out by hand, as in TrainingStep, and all memory is
/// taken beforehand, so that the whole can be recorded as a CUDA graph. Equations: docs/MODEL.md.
#pragma once

#include <cstdint>
#include <memory>

#include "trainer/device_queue.hpp"
#include "trainer/network.hpp"

namespace semblance::trainer {

/// Loss and gradient of batches; pointers are to memory of the device. Call within a
/// DeviceQueue::Scope.
class DeviceNetwork {
 public:
  /// \param seed     of the noise
  /// \param dropout  as FitSettings::dropout
  DeviceNetwork(const NetworkShape& shape, DeviceQueue& queue, std::uint64_t seed, double dropout);
  ~DeviceNetwork();

  /// Makes room for passes of `rows` rows, exactly: rounding hangs on how far a batch is padded.
  /// True when memory has moved, so that records are of no use.
  bool resize(std::int64_t rows);
  std::int64_t capacity() const;  ///< rows of a pass; 0 before the first resize()

  /// \param gradient  [layout size], overwritten: scaled by the batch's scale
  /// \param sums      [C + 1] the loss of each column and the KL are added, in nats over rows
  void gradient(const kernels::BatchSource& source, const float* weights, float* gradient,
                double* sums);
  /// The loss alone, without dropout.
  void loss(const kernels::BatchSource& source, const float* weights, double* sums);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace semblance::trainer
