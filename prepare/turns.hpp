/// Steps that must happen in order within a parallel loop.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace semblance::prepare {

/// Items 0, 1, 2, ... each take one turn, in that order, whichever thread holds them. A thread
/// waits for the turns before its own, so no more items are in flight than there are threads. Items
/// must be handed to threads in order (base::parallel_for does).
class Turns {
 public:
  /// Waits for the turn of `item`, then runs `step`. When `step` throws, or after cancel(), every
  /// waiting thread is released by an exception, so that one failure never leaves others waiting.
  void take(std::int64_t item, const std::function<void()>& step);
  /// Releases all waiting threads with Error{kInternal}: for a failure outside take().
  void cancel();

 private:
  std::mutex mutex_;
  std::condition_variable moved_;
  std::int64_t next_ = 0;
  bool cancelled_ = false;
};

}  // namespace semblance::prepare
