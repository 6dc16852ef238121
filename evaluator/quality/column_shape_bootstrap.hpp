/// Resamples of the measures of single columns.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// Means over columns in each resample, [draws]; numbers in 256 bins of equal frequency.
struct ShapeDraws {
  std::vector<double> distance, wasserstein, jensen_shannon, adherence;  ///< as the checks
};

/// Resamples of the synthetic against the real table, columns in parallel.
ShapeDraws shape_draws(const Comparison& data, std::uint64_t seed, int threads);

}  // namespace semblance::evaluator
