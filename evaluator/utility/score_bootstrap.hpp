/// Resamples of a model's score on test rows, and of the gaps between groups: the model stays, the
/// test rows are drawn again.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluator/bootstrap.hpp"

namespace semblance::evaluator {

/// R² (n_classes = 0) or mean one-against-the-rest AUC (the second class alone for two classes) in
/// each resample. \param predicted  [rows] or [rows, classes]; empty gives an empty result
std::vector<double> score_draws(std::span<const double> truth, std::span<const double> predicted,
                                int n_classes, const Resamples& rows);

/// The three gaps of group_gaps() in each resample: parity, true and false positive rates.
struct GapDraws {
  std::vector<double> parity, tpr, fpr;  ///< [draws]
};
/// \param probability, truth, group  as group_gaps()
GapDraws gap_draws(std::span<const double> probability, std::span<const double> truth,
                   std::span<const std::int32_t> group, const Resamples& rows);

}  // namespace semblance::evaluator
