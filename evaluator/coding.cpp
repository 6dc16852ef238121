#include "evaluator/coding.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "evaluator/quality/column_shape.hpp"

namespace semblance::evaluator {
namespace {

template <class Code>
std::vector<std::int32_t> coded(const Feature& feature, bool numeric, const Code& code) {
  std::vector<std::int32_t> out;
  if (numeric) {
    out.reserve(feature.numbers.size());
    for (const double value : feature.numbers) out.push_back(code(value));
  } else {
    out.reserve(feature.codes.size());
    for (const std::int32_t value : feature.codes) out.push_back(code(value));
  }
  return out;
}

template <class Code>
CodedColumn code_all(const Comparison& data, int column, int n_codes, const Code& code) {
  const auto j = static_cast<std::size_t>(column);
  const bool numeric = data.columns[j].numeric;
  CodedColumn out{.n_codes = n_codes};
  out.real = coded(data.real.features[j], numeric, code);
  out.synthetic = coded(data.synthetic.features[j], numeric, code);
  if (data.has_holdout()) out.holdout = coded(data.holdout.features[j], numeric, code);
  return out;
}

/// numpy.histogram_bin_edges(values, bins=10).
std::vector<double> equal_edges(double low, double high) {
  if (low == high) {
    low -= 0.5;
    high += 0.5;
  }
  std::vector<double> edges(11);
  for (int i = 0; i <= 10; ++i) edges[static_cast<std::size_t>(i)] = low + (high - low) / 10 * i;
  edges[10] = high;
  return edges;
}

constexpr int kMostLevels = 10;

/// New code of each level: the most frequent real ones get 0, 1, ...; the rest share one code.
std::vector<std::int32_t> frequent_first(const std::vector<std::int64_t>& counts, int& n_codes) {
  std::vector<std::size_t> order(counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  const auto kept = std::min<std::size_t>(kMostLevels, order.size());
  std::vector<std::int32_t> renamed(counts.size(), static_cast<std::int32_t>(kept));
  for (std::size_t k = 0; k < kept; ++k) renamed[order[k]] = static_cast<std::int32_t>(k);
  n_codes = static_cast<int>(kept) + (order.size() > kept ? 1 : 0);
  return renamed;
}

}  // namespace

CodedColumn trend_codes(const Comparison& data, int column) {
  const ColumnInfo& info = data.columns[static_cast<std::size_t>(column)];
  if (!info.numeric) {
    return code_all(data, column, info.n_levels() + 1,
                    [](auto value) { return std::max(static_cast<std::int32_t>(value), -1) + 1; });
  }
  const std::vector<double> edges =
      std::isnan(info.low) ? std::vector<double>{} : equal_edges(info.low, info.high);
  return code_all(data, column, 12, [&](auto value) {
    if (std::isnan(static_cast<double>(value))) return 11;
    return static_cast<int>(
        std::upper_bound(edges.begin(), edges.end(), static_cast<double>(value)) - edges.begin());
  });
}

std::vector<double> quantile_edges(std::span<const double> sorted, int n_bins) {
  std::vector<double> edges;
  for (int k = 1; k < n_bins && !sorted.empty(); ++k) {
    const auto at = static_cast<std::size_t>(static_cast<double>(sorted.size()) * k / n_bins);
    const double edge = sorted[std::min(at, sorted.size() - 1)];
    if (edge < sorted.back() && (edges.empty() || edge > edges.back())) edges.push_back(edge);
  }
  return edges;
}

CodedColumn accuracy_codes(const Comparison& data, int column) {
  const auto j = static_cast<std::size_t>(column);
  const ColumnInfo& info = data.columns[j];
  if (info.numeric) {
    const std::vector<double> edges =
        quantile_edges(sorted_present(data.real.features[j].numbers), 10);
    const int n_bins = static_cast<int>(edges.size()) + 1;
    return code_all(data, column, n_bins + 1, [&](auto value) {
      if (std::isnan(static_cast<double>(value))) return n_bins;
      return static_cast<int>(
          std::lower_bound(edges.begin(), edges.end(), static_cast<double>(value)) - edges.begin());
    });
  }
  int n_codes = 0;
  const auto renamed =
      frequent_first(code_counts(data.real.features[j].codes, info.n_levels()), n_codes);
  return code_all(data, column, n_codes + 1, [&](auto value) {
    return value < 0 ? n_codes : renamed[static_cast<std::size_t>(value)];
  });
}

}  // namespace semblance::evaluator
