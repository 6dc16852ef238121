#include "evaluator/sampling.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "base/philox.hpp"

namespace semblance::evaluator {

std::vector<std::int64_t> sample_rows(std::int64_t n, std::int64_t most, std::uint64_t seed,
                                      std::uint64_t stream) {
  std::vector<std::int64_t> rows;
  if (most >= n) {
    rows.resize(static_cast<std::size_t>(std::max<std::int64_t>(n, 0)));
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }
  // Floyd's algorithm: `most` draws, memory in proportion to the sample.
  base::PhiloxStream random(seed, base::Purpose::kEvaluate, stream);
  std::unordered_set<std::int64_t> chosen;
  for (std::int64_t j = n - most; j < n; ++j) {
    const auto candidate =
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(j) + 1));
    chosen.insert(chosen.contains(candidate) ? j : candidate);
  }
  rows.assign(chosen.begin(), chosen.end());
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::int64_t> shuffled_rows(std::int64_t n, std::uint64_t seed, std::uint64_t stream) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), 0);
  base::PhiloxStream random(seed, base::Purpose::kEvaluate, stream);
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random.below(i)]);
  return rows;
}

}  // namespace semblance::evaluator
