/// Intervals of a numeric column: a spike of its own for a value that carries much of the mass,
/// quantile bins for the rest.
#pragma once

#include <cstdint>
#include <vector>

#include "trainer/codec_counts.hpp"
#include "trainer/codec_grid.hpp"

namespace semblance::trainer {

/// The part of CodecOptions that concerns numbers.
struct IntervalOptions {
  /// With at most this many distinct values each is an interval; otherwise the number of bins. A
  /// lattice with holes whose values are common keeps each as an interval too.
  int bins = 128;
  int rare_min_count = 10;  ///< k in a table of many rows; see smallest_group()
  bool protect =
      true;  ///< clip to the k-th smallest and largest value; no interval of fewer than k rows
  bool less_when_few = true;  ///< k is smaller where there are few values
};

/// The intervals of a column and what is drawn within them. No sorted real values are kept: an
/// interval has at most kMostPieces linear pieces, each standing for at least k rows when
/// protected.
struct IntervalTable {
  static constexpr int kMostPieces = 8;  ///< of equal mass, within one interval

  Grid grid;                  ///< what positions mean
  std::vector<double> edges;  ///< [n] lower ends (half a step below the first position on a grid)
  std::vector<std::int32_t> knot_begin;  ///< [n + 1]
  std::vector<double> knots;             ///< positions; a single knot is a spike
  std::vector<std::int32_t> run;  ///< [n] spikes: -1; bins between the same spikes share a number
  std::int32_t commonest = 0;     ///< interval of the most rows

  /// Intervals; 0 when every value is missing.
  std::int32_t size() const { return static_cast<std::int32_t>(edges.size()); }
};

/// \param values  distinct values with counts, ascending; none gives a table without intervals
IntervalTable fit_intervals(const std::vector<ValueCount>& values, const Grid& grid,
                            const IntervalOptions& options);

/// The k of the k-anonymous rules for n present values: rare_min_count, less in a table of few rows
/// (a fiftieth of them, at least 3) so that it keeps its shape; 1 without protection.
std::int64_t smallest_group(std::int64_t n, const IntervalOptions& options);

}  // namespace semblance::trainer
