/// Propensity: can a model tell synthetic rows from real ones, and more than chance allows?
#pragma once

#include <span>
#include <vector>

namespace semblance::evaluator {

/// pMSE and its relatives for fitted probabilities p = P(synthetic) (synthpop's utility.gen).
struct Propensity {
  double pmse = 0;  ///< mean of (p - c)², c = share of synthetic rows
  double specks =
      0;  ///< largest gap between the distribution functions of p of real and synthetic rows
  double po50 = 0;  ///< percent of rows classified right at p = c, minus 50 (for c = ½)
};
/// \param p_real, p_synthetic  P(synthetic) of each row of a side, best out of fold
Propensity propensity(std::span<const double> p_real, std::span<const double> p_synthetic);

/// Expected pMSE of a logistic model with k parameters besides the intercept, N rows and synthetic
/// share c, when the synthetic rows are drawn from the real rows' own distribution:
/// k (1-c)² c / N (Snoke et al. 2018; synthpop utility.gen). For two independent samples of one
/// population it is k (1-c) c / N, that is 1 / (1-c) times as much.
double expected_pmse(int k, double c, double n);

}  // namespace semblance::evaluator
