/// Means, deviations, correlations and quantiles of plain vectors.
#pragma once

#include <span>
#include <vector>

namespace semblance::evaluator {

/// Mean of the values that are not NaN; NaN when there is none.
double mean_present(std::span<const double> values);
/// Population standard deviation (divisor n), values without NaN; NaN when empty.
double standard_deviation(std::span<const double> values);
/// Linear interpolation between order statistics, as numpy.quantile; `sorted` ascending, NaN when
/// empty.
double quantile(std::span<const double> sorted, double share);
/// Pearson correlation over rows where both are present; NaN for fewer than two or a constant side.
double pearson(std::span<const double> a, std::span<const double> b);
/// |real − other| of two measures of a relation. An `other` that is not known counts as 0: what
/// does not vary there hangs on nothing. NaN when `real` is not known.
double relation_gap(double real, double other);
/// Ranks 1..n with ties averaged; NaN keeps NaN.
std::vector<double> ranks(std::span<const double> values);

}  // namespace semblance::evaluator
