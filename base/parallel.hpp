/// Loops over threads. Work is cut by index alone, never by thread, so results do not depend on
/// the number of threads.
#pragma once

#include <cstdint>
#include <functional>

namespace semblance::base {

/// Threads to use when the user named none: the cores this process may run on.
int default_threads();

/// Calls body(i) for every i in [0, n) on up to `threads` threads (0: default_threads()); items are
/// taken in order. The first exception is rethrown after all threads have ended.
void parallel_for(std::int64_t n, int threads, const std::function<void(std::int64_t)>& body);

}  // namespace semblance::base
