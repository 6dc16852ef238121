/// Do regression coefficients estimated from two tables agree?
#pragma once

#include <string>
#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// One coefficient in two regressions.
struct Coefficient {
  std::string name;                                 ///< of the feature: column, or column and level
  double real = 0, real_low = 0, real_high = 0;     ///< estimate and 95 % confidence interval
  double other = 0, other_low = 0, other_high = 0;  ///< the same of the other table
  double overlap = 0;                               ///< interval overlap
};

/// Overlap of two intervals, ½ [(min u − max l)/(u_R − l_R) + (min u − max l)/(u_S − l_S)]
/// (Karr et al. 2006; synthpop compare.fit.synds): 1 same, negative when apart.
double interval_overlap(double low_a, double high_a, double low_b, double high_b);

/// Coefficients of the logistic (two-level target) or least-squares (numeric target) regression of
/// the target on all other columns, in both tables with the same features. Coefficients that either
/// table does not determine are left out.
/// \throws Error{kData} for a target of another kind, or one that does not vary
std::vector<Coefficient> coefficient_agreement(const Comparison& data, const Rows& real,
                                               const Rows& other, int target,
                                               std::int64_t most_rows, std::uint64_t seed);

}  // namespace semblance::evaluator
