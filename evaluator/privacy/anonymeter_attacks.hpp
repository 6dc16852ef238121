/// The three attacks of Giomi et al. 2023 ("A unified framework for quantifying privacy risk in
/// synthetic data", the anonymeter package): singling out, linkability, inference. Each is tried on
/// training rows and, as a control, on as many people who were not in the data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluator/comparison.hpp"
#include "kernels/dcr.hpp"

namespace semblance::evaluator {

/// Guesses and how many were right, on training rows and on the control.
struct AttackCount {
  double attacks = 0, successes = 0;  ///< on training rows
  /// On the holdout, with the same guesses or as many targets.
  double control_attacks = 0, control_successes = 0;

  AttackCount& operator+=(const AttackCount& other);
};

/// Synthetic rows, chosen at random, on which a guess of the singling-out attack must be unique.
inline constexpr std::int64_t kMostSynthetic = 50000;

/// How many guesses, and at random by what.
struct AttackOptions {
  int attacks = 1000;            ///< at most; fewer where the table allows no more
  std::uint64_t seed = 1;        ///< of predicates, splits and targets
  kernels::DcrOptions distance;  ///< device and threads
};

/// Predicates that hold for exactly one synthetic row are guessed to single out one real person.
/// Univariate: an extreme, rare or missing value of one column. Multivariate: values of a random
/// synthetic row in three random columns, with >= or <= by the side of the median for numbers.
/// Training rows and control have the same number of rows, so their rates can be compared. At most
/// 1000 guesses are tried for each that is wanted, so the attack may make fewer than asked.
AttackCount singling_out(const Comparison& data, bool multivariate, const AttackOptions& options);

/// Columns are split at random into two halves that two data holders have of the same people. A
/// target is linked when the nearest synthetic row to both halves is the same. Five splits.
AttackCount linkability(const Comparison& data, const AttackOptions& options);

/// The value of `secret` in the synthetic row nearest in all other columns is the guess; right when
/// equal (categories) or within 5 % of the true value (numbers; 5 % of the range for dates).
AttackCount inference(const Comparison& data, int secret, const AttackOptions& options);

}  // namespace semblance::evaluator
