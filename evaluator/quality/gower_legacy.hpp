/// The two Gower numbers of the old pipeline, by its own formula and by the usual one.
#pragma once

#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// Of each real row, the distance to the nearest and to the furthest row of another table.
struct GowerExtremes {
  std::vector<double> nearest, furthest;  ///< [real rows] in [0, 1]
};

/// The old pipeline's distance: categories one-hot, so that a column of k levels weighs as much as
/// k numbers; missing values as 0 or a level; numbers over the range of both tables
/// (gower.gower_matrix on pandas.get_dummies). \note time rows of both tables multiplied
GowerExtremes gower_extremes_one_hot(const Comparison& data, const Rows& real, const Rows& other,
                                     int threads);

/// Gower's own distance, a category as one column: as everywhere else in the report.
GowerExtremes gower_extremes(const Comparison& data, const Rows& real, const Rows& other,
                             int threads);

}  // namespace semblance::evaluator
