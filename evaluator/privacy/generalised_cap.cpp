#include "evaluator/privacy/generalised_cap.hpp"

#include <algorithm>
#include <map>

#include "base/parallel.hpp"

namespace semblance::evaluator {
namespace {

using Key = std::vector<std::int32_t>;
using Columns = std::vector<std::span<const std::int32_t>>;

/// Distinct keys in the order of their first row, and the number of each row's key.
std::vector<Key> distinct_keys(const Columns& columns, std::vector<std::int32_t>& of_row) {
  std::map<Key, std::int32_t> numbers;
  std::vector<Key> keys;
  const std::size_t n = columns.empty() ? 0 : columns[0].size();
  for (std::size_t i = 0; i < n; ++i) {
    Key key;
    for (const auto& column : columns) key.push_back(column[i]);
    const auto [place, fresh] = numbers.try_emplace(key, static_cast<std::int32_t>(keys.size()));
    if (fresh) keys.push_back(std::move(key));
    of_row.push_back(place->second);
  }
  return keys;
}

/// Numbers of the keys that differ from `key` in the fewest columns. \param by_column
/// [columns][keys]
std::vector<std::int32_t> closest(const Key& key,
                                  const std::vector<std::vector<std::int32_t>>& by_column,
                                  std::vector<std::int32_t>& differ) {
  std::fill(differ.begin(), differ.end(), 0);
  for (std::size_t j = 0; j < key.size(); ++j) {
    const std::int32_t code = key[j];
    const std::int32_t* column = by_column[j].data();
    for (std::size_t k = 0; k < differ.size(); ++k) differ[k] += column[k] != code;
  }
  const std::int32_t fewest = *std::min_element(differ.begin(), differ.end());
  std::vector<std::int32_t> out;
  for (std::size_t k = 0; k < differ.size(); ++k) {
    if (differ[k] == fewest) out.push_back(static_cast<std::int32_t>(k));
  }
  return out;
}

}  // namespace

NearestKeys::NearestKeys(const Columns& real_keys, const Columns& synthetic_keys, int threads) {
  const std::vector<Key> real = distinct_keys(real_keys, real_key_),
                         synthetic = distinct_keys(synthetic_keys, synthetic_key_);
  n_synthetic_keys_ = static_cast<std::int32_t>(synthetic.size());
  std::map<Key, std::int32_t> exact;
  for (std::size_t k = 0; k < synthetic.size(); ++k)
    exact.emplace(synthetic[k], static_cast<std::int32_t>(k));
  std::vector<std::vector<std::int32_t>> by_column(real_keys.size());
  for (std::size_t j = 0; j < by_column.size(); ++j) {
    for (const Key& key : synthetic) by_column[j].push_back(key[j]);
  }
  nearest_.resize(real.size());
  constexpr std::int64_t kBlock = 64;
  const auto n = static_cast<std::int64_t>(real.size());
  base::parallel_for((n + kBlock - 1) / kBlock, threads, [&](std::int64_t block) {
    std::vector<std::int32_t> differ(synthetic.size());
    for (std::int64_t r = block * kBlock; r < std::min((block + 1) * kBlock, n); ++r) {
      const Key& key = real[static_cast<std::size_t>(r)];
      const auto same = exact.find(key);
      nearest_[static_cast<std::size_t>(r)] = same != exact.end()
                                                  ? std::vector<std::int32_t>{same->second}
                                                  : closest(key, by_column, differ);
    }
  });
}

std::vector<double> NearestKeys::shares(std::span<const std::int32_t> real_secret,
                                        std::span<const std::int32_t> synthetic_secret,
                                        int n_codes) const {
  const auto width = static_cast<std::size_t>(n_codes);
  std::vector<double> counts(static_cast<std::size_t>(n_synthetic_keys_) * width);
  for (std::size_t i = 0; i < synthetic_secret.size(); ++i) {
    ++counts[static_cast<std::size_t>(synthetic_key_[i]) * width +
             static_cast<std::size_t>(synthetic_secret[i])];
  }
  // Of each real key: the counts of all its nearest keys together, as shares.
  std::vector<double> share(nearest_.size() * width);
  for (std::size_t r = 0; r < nearest_.size(); ++r) {
    double total = 0;
    for (const std::int32_t key : nearest_[r]) {
      for (std::size_t c = 0; c < width; ++c) {
        const double count = counts[static_cast<std::size_t>(key) * width + c];
        share[r * width + c] += count;
        total += count;
      }
    }
    for (std::size_t c = 0; c < width; ++c) share[r * width + c] /= total;
  }
  std::vector<double> out;
  for (std::size_t i = 0; i < real_secret.size(); ++i) {
    out.push_back(share[static_cast<std::size_t>(real_key_[i]) * width +
                        static_cast<std::size_t>(real_secret[i])]);
  }
  return out;
}

}  // namespace semblance::evaluator
