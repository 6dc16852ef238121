/// The data profile: what each column of each table looks like, for the drill-down of the report.
#pragma once

#include "evaluator/comparison.hpp"
#include "evaluator/json.hpp"

namespace semblance::evaluator {

/// One object a column: kind, counts, quantiles or most frequent levels of every table, and a plot.
Json profile_columns(const Comparison& data, int threads);

}  // namespace semblance::evaluator
