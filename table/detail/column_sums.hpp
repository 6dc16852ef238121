/// Linear relations among columns of numbers, from a sample of rows.
#pragma once

#include <cstdint>
#include <vector>

namespace semblance::table::detail {

/// column = constant + sum of factors[i] * columns[i]
struct LinearRelation {
  int column = 0;
  std::vector<int> columns;     ///< ascending
  std::vector<double> factors;  ///< few decimals, or one over a whole number
  double constant = 0;
};

/// Relations that hold in all rows of a sample, written for the column that is a sum of the others
/// with positive factors, or follows from a single one; others are left out. At least 20 rows more
/// than columns are needed.
/// \param values  [columns][rows], all finite
/// \param most    columns on the right, at most
/// Method: Gauss-Jordan elimination, columns in the order of their spread, so that sums come last.
std::vector<LinearRelation> find_linear_relations(const std::vector<std::vector<double>>& values,
                                                  int most);

/// A number near `value` with as few digits as there can be, or one over a whole number; NaN when
/// there is none within `room`.
double simple_number(double value, double room);

}  // namespace semblance::table::detail
