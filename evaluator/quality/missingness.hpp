/// Missing values: how often, and where together.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// Share of missing cells of each column; NaN for a table without rows.
std::vector<double> missing_rates(const Rows& rows);

/// Total variation distance between the distributions of whole missingness patterns (which columns
/// of a row are missing together).
double pattern_distance(const Rows& a, const Rows& b);

/// The patterns of the rows of two tables as codes 0..n_codes-1.
struct PatternCodes {
  std::vector<std::int32_t> a, b;  ///< [rows] of either table
  int n_codes = 0;                 ///< patterns that occur, `most` at most
};
/// \param most  codes at most; later patterns share the last one
PatternCodes pattern_codes(const Rows& a, const Rows& b, int most);

/// Correlation of the missing indicators of columns i and j, [columns, columns] row-major; NaN
/// where one is never or always missing.
std::vector<double> missing_correlations(const Rows& rows);

}  // namespace semblance::evaluator
