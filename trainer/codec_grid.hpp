/// The grid of a numeric column: its precision, and the multiple that all its values share.
#pragma once

#include <vector>

#include "table/schema.hpp"
#include "trainer/codec_counts.hpp"

namespace semblance::trainer {

/// Values are whole positions times multiplier / divisor; divisor 0 means that there is no grid.
struct Grid {
  double multiplier = 1;  ///< the step, times divisor
  double divisor = 0;     ///< a power of ten; keeps decimals exact

  bool exists() const { return divisor != 0; }  ///< false: positions are the values themselves
  /// The nearest position of a value; the value itself when there is no grid.
  double position(double value) const;
  double value(double position) const;  ///< the double nearest to the decimal
};

/// The grid of the distinct values of an integer or float column.
///  - spec.rounding, when given, is the step;
///  - whole numbers and decimals (spec.decimals, or as found) have a step of 1 or 10^-decimals,
///    made wider when all values share a multiple;
///  - none for values that are no decimals of at most 9 places, or too large for exact positions.
Grid find_grid(const std::vector<ValueCount>& values, const table::ColumnSpec& spec);

}  // namespace semblance::trainer
