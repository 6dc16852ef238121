/// Does a model learned from the synthetic table treat groups as one learned from the real table
/// does?
#pragma once

#include <cstdint>
#include <span>

namespace semblance::evaluator {

/// Largest differences between groups (Fairlearn's definitions, as NHSSynth uses them).
struct GroupGaps {
  double demographic_parity = 0;   ///< of the share predicted positive
  double true_positive_rate = 0;   ///< equalised odds, positives
  double false_positive_rate = 0;  ///< equalised odds, negatives
  int groups = 0;                  ///< groups with enough rows (30, and one of each class)
};

/// \param probability  of the positive class; \param truth  0 or 1; \param group  codes, negative
/// is left out
GroupGaps group_gaps(std::span<const double> probability, std::span<const double> truth,
                     std::span<const std::int32_t> group, double threshold = 0.5);

}  // namespace semblance::evaluator
