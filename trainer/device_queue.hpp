/// Work on a device, in order and without waiting for it, and runs of it that are recorded once and
/// replayed as a CUDA graph.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kernels/train_ops.hpp"

namespace semblance::trainer {

/// A stream of its own on a CUDA device; on the CPU work is done at once.
class DeviceQueue {
 public:
  /// \param device  as base::Device::name(), or a name that begins with "cpu"
  /// \throws Error{kDevice} when the device cannot be used
  explicit DeviceQueue(const std::string& device);
  ~DeviceQueue();

  bool is_cuda() const;             ///< else work is done at once
  std::string device_name() const;  ///< as LibTorch has it: "cpu" or "cuda:N"
  kernels::TrainOps& ops();         ///< launch on this queue

  /// While it lives, LibTorch's work of this thread goes to the queue.
  class Scope {
   public:
    /// \param queue  must outlive it
    explicit Scope(const DeviceQueue& queue);
    ~Scope();

   private:
    struct State;
    std::unique_ptr<State> state_;
  };

  struct State;
  const State& state() const { return *state_; }  ///< for DeviceGraph

 private:
  std::unique_ptr<State> state_;
};

/// One piece of work that is done many times: as it is written the first times, then recorded, then
/// replayed. On the CPU, and where recording fails (said once in the log), always as written.
class DeviceGraph {
 public:
  /// Runs as written before recording: libraries choose their algorithms and take their memory.
  static constexpr int kRunsBefore = 3;

  /// \param record  false: never recorded
  explicit DeviceGraph(const DeviceQueue& queue, bool record = true);
  ~DeviceGraph();
  /// Does the work. It must always be the same, on the same memory, and must not wait for the
  /// device. Call within a DeviceQueue::Scope.
  void run(const std::function<void()>& work);
  /// Forgets the record: the work's memory has changed.
  void reset();
  bool recorded() const;  ///< whether run() replays

 private:
  struct Record;
  bool try_to_record(const std::function<void()>& work);

  const DeviceQueue& queue_;
  bool record_;
  int runs_ = 0;
  std::unique_ptr<Record> recorded_;
};

}  // namespace semblance::trainer
