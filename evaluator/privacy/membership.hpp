/// Membership inference: can an attacker who holds the synthetic table tell who was in the training
/// data?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluator/comparison.hpp"
#include "kernels/dcr.hpp"

namespace semblance::evaluator {

/// Scores of one attack, higher for "was in": for training rows and for people who were not in.
struct MembershipScores {
  std::string name, definition;            ///< for the report
  std::vector<double> members, strangers;  ///< of equal length; higher is "was in"
};

/// Sizes, and at random by what.
struct MembershipOptions {
  std::int64_t most_rows = 20000;  ///< targets of each kind
  std::uint64_t seed = 1;          ///< of the choice of targets and halves, and of the trees
  int threads = 0;                 ///< 0: all cores
  kernels::DcrOptions distance;    ///< device and threads of the distance attacks
};

/// Three attacks without access to the model, on the same targets. Half of the holdout rows are the
/// strangers; the other half is what the attacker knows of the population.
/// - distance: minus the Gower distance to the nearest synthetic row (GAN-leaks)
/// - calibrated: distance to the nearest population row minus that to the nearest synthetic row
/// - density ratio: log-odds of boosted trees that tell synthetic from population rows, an estimate
///   of log p_S(x) / p_A(x) (DOMIAS, van Breugel et al. 2023, by classification in place of
///   densities)
/// \throws Error{kData} without a holdout or with fewer than 20 holdout rows
std::vector<MembershipScores> membership_attacks(const Comparison& data,
                                                 const MembershipOptions& options);

}  // namespace semblance::evaluator
