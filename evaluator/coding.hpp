/// Columns as small whole numbers, for everything that counts cells.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// Codes 0..n_codes-1 of one column in each table; every row has one.
struct CodedColumn {
  int n_codes = 0;  ///< over all tables; some may occur in none
  /// [rows] of each table; holdout is empty without one.
  std::vector<std::int32_t> real, synthetic, holdout;
};

/// SDMetrics' bins for pair trends: ten equal bins of the real range by np.digitize, so 0 is below
/// the range, 11 is the maximum and above, and a missing number falls in 11 as well; categories
/// keep their levels, missing is a level of its own.
CodedColumn trend_codes(const Comparison& data, int column);

/// Codes for accuracy and information measures: numbers in ten bins of equal frequency of the real
/// values (fewer when values tie), categories in their ten most frequent real levels and "other";
/// missing is a code of its own. As MOSTLY AI's mostlyai-qa. Extra information: what each code
/// means.
CodedColumn accuracy_codes(const Comparison& data, int column);

/// Edges of at most n_bins bins of equal frequency of sorted values: inner edges only, ascending
/// and distinct; a value v falls in the bin numbered by how many edges are below v.
std::vector<double> quantile_edges(std::span<const double> sorted, int n_bins);

}  // namespace semblance::evaluator
