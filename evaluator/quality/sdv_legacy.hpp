/// The measures that made up the SDV score of the old pipeline (sdv.evaluation.evaluate of SDV
/// 0.11), by their own formulas, flaws and all. Missing values read as 0 or as a level of their
/// own, as the pipeline filled them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// Each in [0, 1], 1 best; NaN where the tables have no columns for it.
struct SdvMeasures {
  double cs_test = 0;        ///< mean p-value of a chi-square test on the *shares* of levels
  double ks_test = 0;        ///< mean 1 − KS of numbers
  double ks_extended = 0;    ///< the same, with an indicator of every level as a further column
  double continuous_kl = 0;  ///< mean over pairs of numbers of 1 / (1 + KL) on 10 × 10 bins
  double discrete_kl = 0;    ///< mean over pairs of categories of 1 / (1 + KL)
};

/// The measures of a table against the real one. \param other  synthetic or holdout rows
SdvMeasures sdv_measures(const Comparison& data, const Rows& other, int threads);

/// scipy.stats.chisquare on shares, as SDMetrics' CSTest: levels that the real column lacks count
/// 1e-6 there. \param real, other  [levels] counts
double cs_test(std::span<const std::int64_t> real, std::span<const std::int64_t> other);

/// P(X >= x) of a chi-square variable with df degrees of freedom.
double chi_square_tail(double x, double df);

}  // namespace semblance::evaluator
