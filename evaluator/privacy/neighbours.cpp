#include "evaluator/privacy/neighbours.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "base/parallel.hpp"
#include "evaluator/distances.hpp"
#include "evaluator/quality/column_shape.hpp"

namespace semblance::evaluator {
namespace {

/// A 64-bit mix of a row's categories and of which of its numbers are missing: rows that can hit
/// each other share it.
std::vector<std::uint64_t> keys_of(const Comparison& data, const Rows& rows) {
  std::vector<std::uint64_t> keys(static_cast<std::size_t>(rows.n_rows), 0x9E3779B97F4A7C15u);
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const Feature& f = rows.features[j];
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto cell = data.columns[j].numeric
                            ? static_cast<std::uint64_t>(std::isnan(f.numbers[i]))
                            : static_cast<std::uint64_t>(std::max(f.codes[i], -1) + 1);
      keys[i] = (keys[i] ^ cell) * 0xBF58476D1CE4E5B9u;
      keys[i] ^= keys[i] >> 29;
    }
  }
  return keys;
}

bool hits(const Comparison& data, const Rows& a, std::size_t i, const Rows& b, std::size_t k) {
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const Feature &x = a.features[j], &y = b.features[j];
    if (!data.columns[j].numeric) {
      if (std::max(x.codes[i], -1) != std::max(y.codes[k], -1)) return false;
      continue;
    }
    const bool gone = std::isnan(x.numbers[i]);
    if (gone != std::isnan(y.numbers[k])) return false;
    if (!gone && !(std::abs(x.numbers[i] - y.numbers[k]) <=
                   (data.columns[j].high - data.columns[j].low) / 30))
      return false;
  }
  return true;
}

}  // namespace

double identifiability(const Comparison& data, const Rows& real, const Rows& other,
                       const kernels::DcrOptions& options) {
  kernels::DcrOptions leave_out = options;
  leave_out.leave_one_out = true;
  const auto found = nearest_of_each(data, real, {&real, &other}, leave_out);
  const auto &among = found[0], &to_other = found[1];
  double nearer = 0;
  for (std::size_t i = 0; i < among.size(); ++i) nearer += to_other[i].first < among[i].first;
  return among.empty() ? std::nan("") : nearer / static_cast<double>(among.size());
}

double hitting_rate(const Comparison& data, const Rows& real, const Rows& other, int threads) {
  // Within a bucket of equal categories rows are sorted by the number with the most distinct
  // values.
  int sorter = -1;
  std::size_t most = 0;
  for (int j = 0; j < data.n_columns(); ++j) {
    if (!data.columns[static_cast<std::size_t>(j)].numeric) continue;
    std::vector<double> values =
        sorted_present(other.features[static_cast<std::size_t>(j)].numbers);
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.size() > most) {
      most = values.size();
      sorter = j;
    }
  }
  const auto value_of = [&](const Rows& rows, std::size_t i) {
    if (sorter < 0) return 0.0;
    const double value = rows.features[static_cast<std::size_t>(sorter)].numbers[i];
    return std::isnan(value) ? 0.0 : value;
  };
  const double width = sorter < 0 ? 0
                                  : (data.columns[static_cast<std::size_t>(sorter)].high -
                                     data.columns[static_cast<std::size_t>(sorter)].low) /
                                        30;
  std::unordered_map<std::uint64_t, std::vector<std::pair<double, std::size_t>>> buckets;
  const std::vector<std::uint64_t> other_keys = keys_of(data, other),
                                   real_keys = keys_of(data, real);
  for (std::size_t k = 0; k < other_keys.size(); ++k)
    buckets[other_keys[k]].emplace_back(value_of(other, k), k);
  for (auto& [key, rows] : buckets) std::sort(rows.begin(), rows.end());
  std::vector<char> hit(real_keys.size());
  base::parallel_for(static_cast<std::int64_t>(real_keys.size()), threads, [&](std::int64_t row) {
    const auto i = static_cast<std::size_t>(row);
    const auto bucket = buckets.find(real_keys[i]);
    if (bucket == buckets.end()) return;
    const double value = value_of(real, i);
    auto at = std::lower_bound(bucket->second.begin(), bucket->second.end(),
                               std::pair<double, std::size_t>{value - width * 1.000001, 0});
    for (; at != bucket->second.end() && at->first <= value + width * 1.000001; ++at) {
      if (hits(data, real, i, other, at->second)) {
        hit[i] = 1;
        return;
      }
    }
  });
  return hit.empty() ? std::nan("")
                     : static_cast<double>(std::count(hit.begin(), hit.end(), 1)) /
                           static_cast<double>(hit.size());
}

}  // namespace semblance::evaluator
