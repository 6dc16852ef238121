/// What every Communicator must do, whatever carries it: run by threads and by MPI.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "base/error.hpp"

namespace semblance::base {

inline void check_communicator(Communicator& c) {
  const int n = c.size(), me = c.rank();
  std::vector<std::int64_t> counts = {me, 1, std::int64_t{1} << 40};
  c.all_reduce_sum(std::span(counts));
  SEMBLANCE_ASSERT(counts[0] == n * (n - 1) / 2 && counts[1] == n &&
                   counts[2] == n * (std::int64_t{1} << 40));

  std::vector<float> gradient = {0.5f * static_cast<float>(me + 1)};
  c.all_reduce_sum(std::span(gradient));
  SEMBLANCE_ASSERT(gradient[0] == 0.25f * static_cast<float>(n * (n + 1)));

  std::vector<double> least = {10.0 + me}, most = {10.0 + me};
  c.all_reduce_min(std::span(least));
  c.all_reduce_max(std::span(most));
  SEMBLANCE_ASSERT(least[0] == 10.0 && most[0] == 9.0 + n);

  const std::string text = c.broadcast_text(me == n - 1 ? "from the last rank" : "", n - 1);
  SEMBLANCE_ASSERT(text == "from the last rank");

  // Lengths differ; rank 0 offers nothing.
  const std::vector<std::byte> mine(static_cast<std::size_t>(me) * 3, static_cast<std::byte>(me));
  const auto all = c.all_gather(mine);
  SEMBLANCE_ASSERT(static_cast<int>(all.size()) == n);
  for (int r = 0; r < n; ++r) {
    const auto& piece = all[static_cast<std::size_t>(r)];
    SEMBLANCE_ASSERT(piece == std::vector<std::byte>(static_cast<std::size_t>(r) * 3,
                                                     static_cast<std::byte>(r)));
  }

  const auto gathered = c.gather(mine, n - 1);
  SEMBLANCE_ASSERT(gathered == (me == n - 1 ? all : decltype(all){}));

  std::int64_t expected_first = 0;
  for (const std::int64_t rows : {0, 1, 2, 7, 100}) {
    const auto [first, last] = c.slice(rows);
    std::vector<std::int64_t> covered = {last - first};
    c.all_reduce_sum(std::span(covered));
    SEMBLANCE_ASSERT(covered[0] == rows && first <= last && (me > 0 || first == expected_first));
  }
  c.barrier();
}

}  // namespace semblance::base
