/// Mutual information between coded columns.
#pragma once

#include <span>

#include "evaluator/quality/cell_tables.hpp"

namespace semblance::evaluator {

/// Mutual information over the geometric mean of the two entropies, in [0, 1]; NaN when a column
/// has a single code. \param counts  [n_x, n_y] of one table, y innermost
double normalised_information(std::span<const std::int64_t> counts, int n_x, int n_y);

}  // namespace semblance::evaluator
