#include "base/parallel.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace semblance::base {
namespace {

TEST(Parallel, EveryIndexIsVisitedOnce) {
  for (const int threads : {0, 1, 2, 7}) {
    std::vector<std::atomic<int>> visits(100);
    parallel_for(100, threads, [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
    for (const auto& count : visits) EXPECT_EQ(count, 1);
  }
}

TEST(Parallel, NothingToDoIsFine) {
  parallel_for(0, 4, [](std::int64_t) { FAIL(); });
}

TEST(Parallel, TheFirstExceptionReachesTheCaller) {
  EXPECT_THROW(parallel_for(50, 3,
                            [](std::int64_t i) {
                              if (i == 20) throw std::runtime_error("x");
                            }),
               std::runtime_error);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

/// Leaves this process room for few stacks of threads, then asks for thousands of them.
/// \returns 0 when every index was visited once all the same
int ask_for_more_threads_than_there_can_be() {
  std::ifstream file("/proc/self/statm");
  rlim_t pages = 0;
  file >> pages;
  const rlim_t bytes = pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (128U << 20);
  const rlimit limit{bytes, bytes};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) return 2;
  constexpr std::int64_t kMany = 5000;
  std::vector<std::atomic<int>> visits(kMany);
  parallel_for(kMany, kMany, [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
  for (const auto& count : visits) {
    if (count != 1) return 1;
  }
  return 0;
}

TEST(Parallel, GoesOnWithTheThreadsThatTheSystemGives) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer needs more address space than the limit leaves";
  EXPECT_EXIT(std::_Exit(ask_for_more_threads_than_there_can_be()), ::testing::ExitedWithCode(0),
              "");
}

}  // namespace
}  // namespace semblance::base
