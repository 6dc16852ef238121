#include "evaluator/privacy/attribute_disclosure.hpp"

#include <limits>
#include <map>
#include <utility>

namespace semblance::evaluator {
namespace {

using Key = std::vector<std::int32_t>;

Key key_of(const std::vector<std::span<const std::int32_t>>& columns, std::size_t row) {
  Key key;
  for (const auto& column : columns) key.push_back(column[row]);
  return key;
}

}  // namespace

AttributeDisclosure attribute_disclosure(
    const std::vector<std::span<const std::int32_t>>& real_keys,
    std::span<const std::int32_t> real_secret,
    const std::vector<std::span<const std::int32_t>>& synthetic_keys,
    std::span<const std::int32_t> synthetic_secret) {
  std::map<Key, std::map<std::int32_t, double>> secrets;
  for (std::size_t i = 0; i < synthetic_secret.size(); ++i)
    ++secrets[key_of(synthetic_keys, i)][synthetic_secret[i]];
  double matched = 0, sum = 0, disclosed = 0;
  std::vector<double> row_shares(real_secret.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < real_secret.size(); ++i) {
    const auto group = secrets.find(key_of(real_keys, i));
    if (group == secrets.end()) continue;
    double total = 0;
    for (const auto& [secret, count] : group->second) total += count;
    const auto right = group->second.find(real_secret[i]);
    const double share = right == group->second.end() ? 0 : right->second / total;
    row_shares[i] = share;
    ++matched;
    sum += share;
    disclosed += share == 1;
  }
  const double n = static_cast<double>(real_secret.size());
  return {matched / n, matched > 0 ? sum / matched : std::numeric_limits<double>::quiet_NaN(),
          sum / n, disclosed / n, std::move(row_shares)};
}

}  // namespace semblance::evaluator
