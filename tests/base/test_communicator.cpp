#include "base/communicator.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/base/communicator_body.hpp"

namespace semblance::base {
namespace {

TEST(Communicator, OneProcessAloneIsACommunicator) {
  const auto self = self_communicator();
  EXPECT_EQ(self->size(), 1);
  EXPECT_NO_THROW(check_communicator(*self));
}

TEST(Communicator, ThreadsActAsRanks) {
  for (const int ranks : {1, 2, 3, 5})
    EXPECT_NO_THROW(run_ranks_as_threads(ranks, check_communicator));
}

TEST(Communicator, AnErrorOnOneRankDoesNotHangTheOthers) {
  const auto body = [](Communicator& c) {
    if (c.rank() == 1) throw std::runtime_error("rank 1 fails");
    c.barrier();
  };
  EXPECT_THROW(run_ranks_as_threads(3, body), std::runtime_error);
}

TEST(Communicator, SlicesAreContiguousAndDifferByAtMostOneRow) {
  std::vector<std::pair<std::int64_t, std::int64_t>> slices(3);
  run_ranks_as_threads(
      3, [&](Communicator& c) { slices[static_cast<std::size_t>(c.rank())] = c.slice(8); });
  const std::vector<std::pair<std::int64_t, std::int64_t>> expected = {{0, 3}, {3, 6}, {6, 8}};
  EXPECT_EQ(slices, expected);
}

}  // namespace
}  // namespace semblance::base
