#include "base/turns.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "base/parallel.hpp"

namespace semblance::base {
namespace {

TEST(Turns, AreTakenInOrderWhateverTheThreads) {
  Turns turns;
  std::vector<std::int64_t> order;
  parallel_for(200, 8, [&](std::int64_t i) { turns.take(i, [&] { order.push_back(i); }); });
  ASSERT_EQ(order.size(), 200u);
  for (std::int64_t i = 0; i < 200; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(Turns, OneFailureReleasesThoseWhoWait) {
  Turns turns;
  EXPECT_THROW(parallel_for(50, 4,
                            [&](std::int64_t i) {
                              turns.take(i, [&] {
                                if (i == 7) throw std::runtime_error("disk full");
                              });
                            }),
               std::exception);
}

TEST(Turns, ItemsBeforeAFailedOneStillHaveTheirTurns) {
  Turns turns;
  turns.fail(2);
  int taken = 0;
  turns.take(0, [&] { ++taken; });
  turns.take(1, [&] { ++taken; });
  EXPECT_EQ(taken, 2);
  EXPECT_THROW(turns.take(3, [&] { ++taken; }), std::exception);
}

}  // namespace
}  // namespace semblance::base
