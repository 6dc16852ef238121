/// How alike pairs of columns hang together, as SDMetrics defines pair trends.
#pragma once

#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// Error of every pair of columns in [0, 1], [columns, columns] row-major, symmetric, NaN on the
/// diagonal and where it is not defined. Two numeric columns: |ρ_S − ρ_R| / 2 (Pearson, rows where
/// both are present); any other pair: total variation distance of the two-way tables of
/// trend_codes(). 1 minus it is CorrelationSimilarity or ContingencySimilarity.
struct PairErrors {
  std::vector<double> synthetic;  ///< synthetic against real
  std::vector<double> holdout;    ///< empty without a holdout
};
/// \param threads  0: all cores; the errors do not depend on it
PairErrors pair_trend_errors(const Comparison& data, int threads);

/// Pearson (or, of ranks, Spearman) correlations of the numeric columns, [numeric, numeric].
struct Correlations {
  std::vector<int> columns;  ///< the numeric ones
  /// Row-major; NaN where fewer than two rows have both or one side is constant.
  std::vector<double> real, synthetic, holdout;
};
/// \param of_ranks  Spearman: ranks within a column's present values
Correlations correlations(const Comparison& data, bool of_ranks, int threads);

}  // namespace semblance::evaluator
