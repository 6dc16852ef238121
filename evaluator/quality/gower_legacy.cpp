#include "evaluator/quality/gower_legacy.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/parallel.hpp"

namespace semblance::evaluator {
namespace {

constexpr std::int64_t kBlock = 32;  ///< real rows a task

/// A numeric column of both tables, ready to subtract.
struct Numbers {
  std::vector<float> real, other;
};
struct Codes {
  std::vector<std::int32_t> real, other;
};

/// Columns of both tables and what a difference counts.
struct Prepared {
  std::vector<Numbers> numbers;
  std::vector<Codes> codes;
  float mismatch = 1;  ///< what two different levels count
  double total = 0;    ///< number of columns that the sum is divided by
};

/// Values over the range; `gone` in the place of missing ones.
std::vector<float> scaled(const std::vector<double>& values, double low, double range, float gone) {
  std::vector<float> out;
  out.reserve(values.size());
  for (const double v : values) {
    out.push_back(std::isnan(v) ? gone
                                : (range > 0 ? static_cast<float>((v - low) / range) : 0.0f));
  }
  return out;
}

std::vector<double> zero_filled(const std::vector<double>& values) {
  std::vector<double> out = values;
  for (double& v : out) v = std::isnan(v) ? 0 : v;
  return out;
}

/// The number of columns that get_dummies makes of a category: levels that occur in either table.
int level_features(const ColumnInfo& info, const Feature& real, const Feature& other) {
  std::vector<char> there(static_cast<std::size_t>(info.n_levels()) + 1);
  for (const Feature* feature : {&real, &other}) {
    for (const std::int32_t code : feature->codes)
      there[static_cast<std::size_t>(code < 0 ? info.n_levels() : code)] = 1;
  }
  return static_cast<int>(std::count(there.begin(), there.end(), 1));
}

Prepared prepare(const Comparison& data, const Rows& real, const Rows& other, bool one_hot) {
  const float gone = std::numeric_limits<float>::quiet_NaN();
  Prepared out{.mismatch = one_hot ? 2.0f : 1.0f};
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const ColumnInfo& info = data.columns[j];
    const Feature &r = real.features[j], &o = other.features[j];
    if (!info.numeric) {
      out.codes.push_back({r.codes, o.codes});
      for (auto* side : {&out.codes.back().real, &out.codes.back().other}) {
        for (std::int32_t& code : *side) code = std::max(code, -1);
      }
      out.total += one_hot ? level_features(info, r, o) : 1;
      continue;
    }
    out.total += 1;
    if (!one_hot) {
      const double range = info.high - info.low;
      out.numbers.push_back(
          {scaled(r.numbers, info.low, range, gone), scaled(o.numbers, info.low, range, gone)});
      continue;
    }
    const std::vector<double> a = zero_filled(r.numbers), b = zero_filled(o.numbers);
    const auto [low_a, high_a] = std::minmax_element(a.begin(), a.end());
    const auto [low_b, high_b] = std::minmax_element(b.begin(), b.end());
    const double low = std::min(*low_a, *low_b), range = std::max(*high_a, *high_b) - low;
    out.numbers.push_back({scaled(a, low, range, 0), scaled(b, low, range, 0)});
  }
  return out;
}

/// Adds |x − y|, at most 1; a missing value is 1 from a present one and 0 from another missing one.
void add_numbers(float x, const std::vector<float>& y, std::vector<float>& sums) {
  const bool gone = std::isnan(x);
  for (std::size_t k = 0; k < y.size(); ++k) {
    const float gap = std::min(std::abs(x - y[k]), 1.0f);
    const bool other_gone = y[k] != y[k];
    sums[k] += gone || other_gone ? (gone && other_gone ? 0.0f : 1.0f) : gap;
  }
}

GowerExtremes extremes(const Prepared& columns, std::int64_t n, std::int64_t m, int threads) {
  GowerExtremes out{std::vector<double>(static_cast<std::size_t>(n)),
                    std::vector<double>(static_cast<std::size_t>(n))};
  base::parallel_for((n + kBlock - 1) / kBlock, threads, [&](std::int64_t block) {
    std::vector<float> sums(static_cast<std::size_t>(m));
    for (std::int64_t row = block * kBlock; row < std::min((block + 1) * kBlock, n); ++row) {
      const auto i = static_cast<std::size_t>(row);
      std::fill(sums.begin(), sums.end(), 0.0f);
      for (const Numbers& c : columns.numbers) add_numbers(c.real[i], c.other, sums);
      for (const Codes& c : columns.codes) {
        for (std::size_t k = 0; k < sums.size(); ++k)
          sums[k] += c.real[i] == c.other[k] ? 0.0f : columns.mismatch;
      }
      const auto [low, high] = std::minmax_element(sums.begin(), sums.end());
      out.nearest[i] = static_cast<double>(*low) / columns.total;
      out.furthest[i] = static_cast<double>(*high) / columns.total;
    }
  });
  return out;
}

}  // namespace

GowerExtremes gower_extremes_one_hot(const Comparison& data, const Rows& real, const Rows& other,
                                     int threads) {
  return extremes(prepare(data, real, other, true), real.n_rows, other.n_rows, threads);
}

GowerExtremes gower_extremes(const Comparison& data, const Rows& real, const Rows& other,
                             int threads) {
  return extremes(prepare(data, real, other, false), real.n_rows, other.n_rows, threads);
}

}  // namespace semblance::evaluator
