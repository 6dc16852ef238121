#include "kernels/dcr_plan.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace semblance::kernels {
namespace {

constexpr double kWeightSteps = 1 << 20;

void check_lengths(const GowerRows& rows, const char* what) {
  SEMBLANCE_EXPECT(rows.n_rows >= 0, kUsage, "nearest_rows: {} has {} rows", what, rows.n_rows);
  const auto check = [&](std::size_t size, std::size_t column) {
    SEMBLANCE_EXPECT(size == static_cast<std::size_t>(rows.n_rows), kUsage,
                     "nearest_rows: column {} of the {} has {} cells where {} rows were given",
                     column, what, size, rows.n_rows);
  };
  for (std::size_t c = 0; c < rows.numeric.size(); ++c) check(rows.numeric[c].size(), c);
  for (std::size_t c = 0; c < rows.categorical.size(); ++c) {
    check(rows.categorical[c].size(), rows.numeric.size() + c);
  }
}

}  // namespace

GowerWeights whole_weights(const std::vector<float>& weights, int n_columns) {
  GowerWeights whole;
  if (weights.empty()) {
    whole.column.assign(static_cast<std::size_t>(n_columns), 1);
    whole.sum = static_cast<std::uint64_t>(n_columns);
    return whole;
  }
  SEMBLANCE_EXPECT(static_cast<int>(weights.size()) == n_columns, kUsage,
                   "nearest_rows: {} weights for {} columns", weights.size(), n_columns);
  bool all_whole = true;
  float largest = 0;
  for (std::size_t c = 0; c < weights.size(); ++c) {
    SEMBLANCE_EXPECT(
        std::isfinite(weights[c]) && weights[c] >= 0, kUsage,
        "nearest_rows: the weight of column {} is {}; weights are finite and not negative", c,
        weights[c]);
    all_whole = all_whole && weights[c] == std::floor(weights[c]) && weights[c] <= kWeightSteps;
    largest = std::max(largest, weights[c]);
  }
  SEMBLANCE_EXPECT(largest > 0 || n_columns == 0, kUsage, "nearest_rows: all weights are 0");
  const double scale = all_whole ? 1.0 : kWeightSteps / static_cast<double>(largest);
  for (const float weight : weights) {
    whole.column.push_back(
        static_cast<std::uint32_t>(std::floor(static_cast<double>(weight) * scale + 0.5)));
    whole.sum += whole.column.back();
  }
  SEMBLANCE_EXPECT(whole.sum <= kMaxWeightSum, kUsage,
                   "nearest_rows: the weights of {} columns add up to too much; make them smaller",
                   n_columns);
  return whole;
}

void check_gower_rows(const GowerRows& queries, const GowerRows& references) {
  SEMBLANCE_EXPECT(
      queries.numeric.size() == references.numeric.size() &&
          queries.categorical.size() == references.categorical.size(),
      kUsage,
      "nearest_rows: queries have {} numeric and {} categorical columns, references {} and {}",
      queries.numeric.size(), queries.categorical.size(), references.numeric.size(),
      references.categorical.size());
  SEMBLANCE_EXPECT(references.n_rows >= 1, kUsage, "nearest_rows: there are no reference rows");
  check_lengths(queries, "queries");
  check_lengths(references, "references");
}

RowCells::RowCells(const GowerRows& rows, const std::vector<std::int64_t>* order, int threads)
    : n_numeric_(static_cast<int>(rows.numeric.size())),
      n_categorical_(static_cast<int>(rows.categorical.size())) {
  const std::size_t n = order ? order->size() : static_cast<std::size_t>(rows.n_rows);
  const std::size_t n_numeric = rows.numeric.size(), n_categorical = rows.categorical.size();
  numeric_.resize(n * n_numeric);
  codes_.resize(n * n_categorical);
  constexpr std::size_t kBatch = 2048;
  base::parallel_for(static_cast<std::int64_t>((n + kBatch - 1) / kBatch), threads,
                     [&](std::int64_t batch) {
                       const std::size_t begin = static_cast<std::size_t>(batch) * kBatch,
                                         end = std::min(n, begin + kBatch);
                       const auto source = [&](std::size_t i) {
                         return order ? static_cast<std::size_t>((*order)[i]) : i;
                       };
                       for (std::size_t c = 0; c < n_numeric; ++c) {
                         for (std::size_t i = begin; i < end; ++i)
                           numeric_[i * n_numeric + c] = rows.numeric[c][source(i)];
                       }
                       for (std::size_t c = 0; c < n_categorical; ++c) {
                         for (std::size_t i = begin; i < end; ++i)
                           codes_[i * n_categorical + c] = rows.categorical[c][source(i)];
                       }
                     });
}

std::vector<Nearest> nearest_rows_plain(const GowerRows& queries, const GowerRows& references,
                                        const DcrOptions& options) {
  check_gower_rows(queries, references);
  const RowCells query(queries), reference(references);
  const int n_numeric = query.n_numeric(), n_categorical = query.n_categorical();
  const GowerWeights weights = whole_weights(options.weights, n_numeric + n_categorical);
  std::vector<Nearest> result(static_cast<std::size_t>(queries.n_rows));
  base::parallel_for(queries.n_rows, options.threads, [&](std::int64_t i) {
    NearestUnits best;
    for (std::int64_t j = 0; j < references.n_rows; ++j) {
      if (options.leave_one_out && options.first_row + i == j) continue;
      offer(best,
            row_units(query.numeric(i), reference.numeric(j), n_numeric, query.codes(i),
                      reference.codes(j), n_categorical, weights.column.data()),
            j);
    }
    result[static_cast<std::size_t>(i)] = nearest_of(best, weights.sum);
  });
  return result;
}

}  // namespace semblance::kernels
