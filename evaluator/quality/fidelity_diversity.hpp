/// Are synthetic rows where real rows are (α-precision), real rows where synthetic ones are
/// (β-recall), and are synthetic rows new (authenticity)? Alaa et al. 2022, "How faithful is your
/// synthetic data?". Two readings: the corrected one, and the naive one that synthcity publishes
/// and TabSyn and TabDiff report.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluator/comparison.hpp"
#include "kernels/dcr.hpp"

namespace semblance::evaluator {

inline constexpr int kSteps = 30;  ///< levels of α and β, 0 to 1, as synthcity

/// Share of values at most k / (kSteps - 1), for k = 0 .. kSteps-1. \param ranks  in [0, 1]
std::vector<double> level_curve(std::span<const double> ranks);

/// 1 − Σ |α − P_α| / Σ α over the levels: 1 when the curve is the diagonal.
double curve_agreement(std::span<const double> curve);

/// Where each query's nearest distance stands among the nearest distances within the references:
/// P(D < d) + U · P(D = d), uniform in [0, 1] when both are samples of one population. Ties are
/// broken by random numbers of (seed, row), so that tables of few distinct values do not bias it.
/// \param within   [references] distance of each reference row to the nearest other one
/// \param queries  [queries] distance of each query row to the nearest reference row
std::vector<double> support_ranks(std::span<const kernels::Nearest> within,
                                  std::span<const kernels::Nearest> queries, std::uint64_t seed,
                                  std::uint64_t stream);

/// Whether each query row lies farther from its nearest reference row r than r does from the
/// nearest other reference row: 1 is new, 0 is a near copy.
std::vector<double> new_rows(std::span<const kernels::Nearest> within,
                             std::span<const kernels::Nearest> queries);

/// The naive scores: Euclidean distance on numbers scaled to the real range and one-hot categories,
/// support = balls around the mean. Authenticity compares with the neighbour distance of the wrong
/// rows, as the published code does. A missing number is the real mean, a missing category a level.
struct NaiveScores {
  double alpha_precision = 0, beta_recall = 0, authenticity = 0;  ///< 1 best
};

/// \param real, other  the same number of rows, 2 at least. \note time rows² · columns
NaiveScores naive_scores(const Comparison& data, const Rows& real, const Rows& other, int threads);

}  // namespace semblance::evaluator
