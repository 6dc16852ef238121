/// A lower bound on ε from one training: Steinke, Nasr and Jagielski, "Privacy Auditing with One
/// (1) Training Run", NeurIPS 2023.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace semblance::evaluator {

/// What was guessed of `examples` people who were each included by an independent fair coin.
struct OneRunGuesses {
  std::int64_t examples = 0;  ///< m: all that the coin was tossed for
  std::int64_t guesses = 0;   ///< r: those that were not abstained from
  std::int64_t correct = 0;   ///< v
};

/// The largest probability, over all (ε, δ)-private trainings, of at least as many correct guesses
/// (Theorem 5.2 there): P(Binomial(r, e^ε / (1 + e^ε)) >= v) + 2 m δ max_i P(v > X >= v - i) / i.
double one_run_p_value(const OneRunGuesses& guesses, double epsilon, double delta);

/// The largest ε that is refuted at the given level; 0 when none is. The number of guesses must
/// have been fixed before looking. \param error  chance that the truth is below the bound, for
/// example 0.05
double one_run_epsilon(const OneRunGuesses& guesses, double delta, double error);

/// The bound for the people with the highest and the lowest scores: the k highest are called in,
/// the k lowest out.
struct OneRunAudit {
  double epsilon = 0;     ///< lower bound
  double delta = 0;       ///< as given
  OneRunGuesses guesses;  ///< behind the best bound
};
/// k is 1, 5, 20 and 50 % of the examples, each at a quarter of the error (Bonferroni), so the best
/// of the four bounds holds all the same.
/// \param scores    higher for "was in"; one per example
/// \param included  as the coins fell; same length
/// \param error     chance that the truth is below the bound
OneRunAudit one_run_audit(std::span<const double> scores, std::span<const char> included,
                          double delta, double error);

}  // namespace semblance::evaluator
