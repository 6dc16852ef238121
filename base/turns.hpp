/// Steps that must happen in order within a parallel loop.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>

namespace semblance::base {

/// Items 0, 1, 2, ... each take one turn, in that order, whichever thread holds them. A thread
/// waits for the turns before its own, so no more items are in flight than there are threads. Items
/// must be handed to threads in order (parallel_for does).
class Turns {
 public:
  /// Waits for the turn of `item`, then runs `step`. Where an item before it failed, throws
  /// Error{kInternal} instead; the items before a failed one still have their turns, so the first
  /// failure in the order of the items is always met. An exception of `step` counts as a failure.
  void take(std::int64_t item, const std::function<void()>& step);
  /// Waits for the turn of `item` as take() does, but leaves it to take() to end the turn.
  void wait(std::int64_t item);
  /// Says that the item will never take its turn: later ones are not left waiting.
  void fail(std::int64_t item);

 private:
  void wait(std::unique_lock<std::mutex>& lock, std::int64_t item);
  std::mutex mutex_;
  std::condition_variable moved_;
  std::int64_t next_ = 0, failed_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace semblance::base
