/// The binomial distribution: tails, and exact confidence intervals of a share.
#pragma once

#include <cstdint>

#include "evaluator/report_model.hpp"

namespace semblance::evaluator {

/// Regularised incomplete beta function I_x(a, b), a, b > 0, x in [0, 1]; relative error about
/// 1e-12 (continued fraction by Lentz's method, Numerical Recipes 6.4).
double incomplete_beta(double a, double b, double x);

/// P(X = k) for X of n trials with probability p.
double binomial_mass(std::int64_t k, std::int64_t n, double p);
/// P(X >= k) for the same X.
double binomial_at_least(std::int64_t k, std::int64_t n, double p);

/// Clopper and Pearson's interval of a share, 95 %: never too narrow, whatever the share; [0, 1]
/// for n = 0. \param successes  0 to n
Interval clopper_pearson_interval(std::int64_t successes, std::int64_t n);

}  // namespace semblance::evaluator
