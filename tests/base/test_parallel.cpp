#include "base/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
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

}  // namespace
}  // namespace semblance::base
