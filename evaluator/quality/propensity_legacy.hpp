/// The propensity number of the old pipeline, kept for comparison with past reports.
#pragma once

#include <cstdint>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// mean((p − ½)²) of LogisticRegression(random_state=42, max_iter=300) of scikit-learn, fitted and
/// predicted on the same stacked rows: numbers unscaled with missing as 0, dates in nanoseconds,
/// categories one-hot, ridge ½, L-BFGS from 0. Where L-BFGS does not converge (nanoseconds, large
/// numbers) the old number depended on its path; this one follows the same method, not its
/// rounding. \param most_rows  of both tables together; both are thinned by the same factor
double legacy_propensity(const Comparison& data, std::int64_t most_rows, std::uint64_t seed);

}  // namespace semblance::evaluator
