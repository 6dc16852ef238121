/// Random sub-samples that depend on the seed alone.
#pragma once

#include <cstdint>
#include <vector>

namespace semblance::evaluator {

/// min(n, most) distinct row numbers of [0, n), ascending, every subset equally likely.
/// \param stream  a number that tells samples of one seed apart
std::vector<std::int64_t> sample_rows(std::int64_t n, std::int64_t most, std::uint64_t seed,
                                      std::uint64_t stream);

/// 0..n-1 in random order.
std::vector<std::int64_t> shuffled_rows(std::int64_t n, std::uint64_t seed, std::uint64_t stream);

}  // namespace semblance::evaluator
