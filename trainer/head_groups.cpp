#include "trainer/head_groups.hpp"

#include <algorithm>
#include <numeric>

namespace semblance::trainer {

HeadGroups::HeadGroups(const std::vector<int>& cardinalities)
    : place(cardinalities.size()), padded(cardinalities.size()), logits(cardinalities.size()) {
  constexpr int kSmall = 32, kAlike = 4, kMultiple = 4;
  std::vector<std::int32_t> order(cardinalities.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return cardinalities[a] > cardinalities[b]; });
  std::vector<std::int64_t> first(cardinalities.size() + 1);
  std::partial_sum(cardinalities.begin(), cardinalities.end(), first.begin() + 1,
                   std::plus<std::int64_t>());
  row.resize(static_cast<std::size_t>(first.back()));
  int largest = 0;
  for (std::size_t at = 0; at < order.size(); ++at) {
    const std::int32_t column = order[at];
    const int size = cardinalities[column];
    if (at == 0 || (size * kAlike < largest && largest > kSmall)) {
      largest = size;
      const std::int64_t wide = (size + kMultiple - 1) / kMultiple * kMultiple;
      groups.push_back({static_cast<std::int64_t>(at), 0, wide, rows()});
    }
    HeadGroup& group = groups.back();
    ++group.many;
    place[column] = static_cast<std::int32_t>(at);
    padded[column] = static_cast<std::int32_t>(group.padded);
    logits[column] = rows();
    for (std::int64_t t = 0; t < group.padded; ++t) {
      if (t < size) row[first[column] + t] = rows();
      token.push_back(t < size ? first[column] + t : 0);
    }
  }
}

}  // namespace semblance::trainer
