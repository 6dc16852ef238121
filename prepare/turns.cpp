#include "prepare/turns.hpp"

#include "base/error.hpp"

namespace semblance::prepare {

void Turns::take(std::int64_t item, const std::function<void()>& step) {
  std::unique_lock lock(mutex_);
  moved_.wait(lock, [&] { return cancelled_ || next_ == item; });
  if (cancelled_) base::fail(base::ErrorKind::kInternal, "stopped because another thread failed");
  try {
    step();
  } catch (...) {
    cancelled_ = true;
    moved_.notify_all();
    throw;
  }
  ++next_;
  moved_.notify_all();
}

void Turns::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  moved_.notify_all();
}

}  // namespace semblance::prepare
