#include "evaluator/quality/pair_bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/parallel.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kTuples = 0xB0070001 };
constexpr std::size_t kMostPairs = 150;
constexpr double kMostCells = 1e5;

void extend(int n, std::size_t width, std::vector<int>& tuple, std::vector<std::vector<int>>& out) {
  if (tuple.size() == width) {
    out.push_back(tuple);
    return;
  }
  for (int j = tuple.empty() ? 0 : tuple.back() + 1; j < n; ++j) {
    tuple.push_back(j);
    extend(n, width, tuple, out);
    tuple.pop_back();
  }
}

/// Cell numbers of the rows in the cross table of a tuple.
std::vector<std::int32_t> cells_of(const std::vector<std::span<const std::int32_t>>& codes,
                                   const std::vector<int>& n_codes, const std::vector<int>& tuple) {
  std::vector<std::int32_t> cells(codes[static_cast<std::size_t>(tuple[0])].size());
  for (const int j : tuple) {
    const auto column = static_cast<std::size_t>(j);
    const std::int32_t width = n_codes[column];
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = cells[i] * width + codes[column][i];
  }
  return cells;
}

}  // namespace

std::vector<std::vector<int>> chosen_tuples(int n, int width, std::size_t most,
                                            std::uint64_t seed) {
  double all = 1;
  for (int k = 0; k < width; ++k) all *= static_cast<double>(n - k) / (k + 1);
  std::vector<std::vector<int>> out;
  if (all <= static_cast<double>(most)) {
    std::vector<int> tuple;
    extend(n, static_cast<std::size_t>(width), tuple, out);
    return out;
  }
  for (std::uint64_t k = 0; k < most; ++k) {
    const auto columns = sample_rows(n, width, seed, kTuples + 64 * (k + 1));
    out.emplace_back(columns.begin(), columns.end());
  }
  return out;
}

std::vector<double> table_draws(const std::vector<std::vector<int>>& tuples,
                                const std::vector<std::span<const std::int32_t>>& real,
                                const std::vector<std::span<const std::int32_t>>& other,
                                const std::vector<int>& n_codes, const Resamples& real_rows,
                                const Resamples& other_rows, int threads,
                                const TableStatistic& statistic) {
  std::vector<std::vector<double>> each(tuples.size());
  base::parallel_for(static_cast<std::int64_t>(tuples.size()), threads, [&](std::int64_t t) {
    const std::vector<int>& tuple = tuples[static_cast<std::size_t>(t)];
    double possible = 1;
    for (const int j : tuple) possible *= n_codes[static_cast<std::size_t>(j)];
    if (possible > kMostCells) return;
    each[static_cast<std::size_t>(t)] =
        resampled_counts(real_rows, cells_of(real, n_codes, tuple), other_rows,
                         cells_of(other, n_codes, tuple), static_cast<int>(possible),
                         [&](std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
                           return statistic(a, b, tuple);
                         });
  });
  return mean_of_draws(each);
}

std::vector<double> correlation_gap_draws(const std::vector<std::vector<double>>& real,
                                          const std::vector<std::vector<double>>& other,
                                          const Resamples& real_rows, const Resamples& other_rows,
                                          std::uint64_t seed, int threads) {
  if (real.size() < 2) return {};
  const auto pairs = chosen_tuples(static_cast<int>(real.size()), 2, kMostPairs, seed);
  std::vector<std::vector<double>> each(pairs.size());
  base::parallel_for(static_cast<std::int64_t>(pairs.size()), threads, [&](std::int64_t p) {
    const auto i = static_cast<std::size_t>(pairs[static_cast<std::size_t>(p)][0]),
               j = static_cast<std::size_t>(pairs[static_cast<std::size_t>(p)][1]);
    const std::vector<double> a = resampled_correlations(real_rows, real[i], real[j]),
                              b = resampled_correlations(other_rows, other[i], other[j]);
    std::vector<double>& gaps = each[static_cast<std::size_t>(p)];
    for (std::size_t k = 0; k < a.size(); ++k) gaps.push_back(relation_gap(a[k], b[k]));
  });
  return mean_of_draws(each);
}

std::vector<double> trend_draws(const Comparison& data, std::uint64_t seed, int threads) {
  if (data.n_columns() < 2) return {};
  const Resamples real_rows(data.real.n_rows, seed, kRealRows),
      other_rows(data.synthetic.n_rows, seed, kSyntheticRows);
  std::vector<CodedColumn> coded(data.columns.size());
  base::parallel_for(data.n_columns(), threads, [&](std::int64_t j) {
    coded[static_cast<std::size_t>(j)] = trend_codes(data, static_cast<int>(j));
  });
  std::vector<std::span<const std::int32_t>> real, other;
  std::vector<int> n_codes;
  for (const CodedColumn& c : coded) {
    real.emplace_back(c.real);
    other.emplace_back(c.synthetic);
    n_codes.push_back(c.n_codes);
  }
  std::vector<std::vector<int>> tables;
  std::vector<std::vector<double>> each;
  for (const std::vector<int>& pair : chosen_tuples(data.n_columns(), 2, kMostPairs, seed)) {
    const auto i = static_cast<std::size_t>(pair[0]), j = static_cast<std::size_t>(pair[1]);
    if (!data.columns[i].numeric || !data.columns[j].numeric) {
      tables.push_back(pair);
      continue;
    }
    const auto a = resampled_correlations(real_rows, data.real.features[i].numbers,
                                          data.real.features[j].numbers),
               b = resampled_correlations(other_rows, data.synthetic.features[i].numbers,
                                          data.synthetic.features[j].numbers);
    each.emplace_back();
    for (std::size_t k = 0; k < a.size(); ++k) each.back().push_back(std::abs(a[k] - b[k]) / 2);
  }
  // A mean of means weighs by the number of pairs.
  const double n_numeric = static_cast<double>(each.size()),
               n_tables = static_cast<double>(tables.size());
  const std::vector<double> numeric = mean_of_draws(each),
                            mixed = table_draws(
                                tables, real, other, n_codes, real_rows, other_rows, threads,
                                [](auto a, auto b, const auto&) { return total_variation(a, b); });
  std::vector<double> out;
  for (std::size_t k = 0; k < static_cast<std::size_t>(kDraws); ++k) {
    const double x = std::isnan(numeric[k]) ? 0 : numeric[k] * n_numeric,
                 y = std::isnan(mixed[k]) ? 0 : mixed[k] * n_tables;
    const double weight =
        (std::isnan(numeric[k]) ? 0 : n_numeric) + (std::isnan(mixed[k]) ? 0 : n_tables);
    out.push_back(weight > 0 ? (x + y) / weight : std::nan(""));
  }
  return out;
}

}  // namespace semblance::evaluator
