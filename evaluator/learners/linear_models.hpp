/// Logistic and least-squares regression on sparse rows, by normal equations.
#pragma once

#include <span>
#include <vector>

#include "evaluator/learners/design.hpp"

namespace semblance::evaluator {

/// A fitted model: eta = coefficient[0] + Σ coefficient[1 + feature] · value.
struct LinearModel {
  std::vector<double> coefficient;  ///< [1 + features], the intercept first
  std::vector<double> error;        ///< standard errors, NaN for features that depend on others
  int rank = 0;                     ///< independent features, without the intercept
  bool converged = false;  ///< false: the steps ran out; the coefficients are the last ones

  double score(const SparseRows& rows, std::int64_t row) const;  ///< eta
};

/// Maximum likelihood by Newton steps with halving; a ridge of 1e-6 keeps it finite when the
/// classes can be told apart perfectly or features depend on each other. \param labels  0 or 1, one
/// a row
LinearModel fit_logistic(const SparseRows& rows, std::span<const double> labels,
                         double ridge = 1e-6);

/// Least squares with a small ridge.
LinearModel fit_least_squares(const SparseRows& rows, std::span<const double> targets,
                              double ridge = 1e-6);

/// 1 / (1 + exp(-eta)).
double logistic(double eta);

/// The two leading directions of the standardised features' covariance, and the shares of variance
/// they explain (orthogonal iteration, 300 steps at most).
struct PrincipalPlane {
  std::vector<double> mean, deviation;       ///< [features]
  std::vector<double> first, second;         ///< [features], unit length
  double first_share = 0, second_share = 0;  ///< of the variance of all features, in [0, 1]
  /// Coordinates of a row in the plane.
  std::pair<double, double> project(const SparseRows& rows, std::int64_t row) const;
};
/// \param rows  of a Design; its features are standardised here again
PrincipalPlane principal_plane(const SparseRows& rows);

}  // namespace semblance::evaluator
