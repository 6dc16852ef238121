#include "base/turns.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace semblance::base {

void Turns::wait(std::unique_lock<std::mutex>& lock, std::int64_t item) {
  moved_.wait(lock, [&] { return next_ == item || failed_ < item; });
  if (failed_ < item) base::fail(ErrorKind::kInternal, "stopped because another thread failed");
}

void Turns::wait(std::int64_t item) {
  std::unique_lock lock(mutex_);
  wait(lock, item);
}

void Turns::take(std::int64_t item, const std::function<void()>& step) {
  std::unique_lock lock(mutex_);
  wait(lock, item);
  try {
    step();
  } catch (...) {
    failed_ = std::min(failed_, item);
    moved_.notify_all();
    throw;
  }
  ++next_;
  moved_.notify_all();
}

void Turns::fail(std::int64_t item) {
  const std::lock_guard lock(mutex_);
  failed_ = std::min(failed_, item);
  moved_.notify_all();
}

}  // namespace semblance::base
