#include "evaluator/privacy/one_run_audit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "evaluator/binomial.hpp"

namespace semblance::evaluator {

double one_run_p_value(const OneRunGuesses& g, double epsilon, double delta) {
  const double q = 1 / (1 + std::exp(-epsilon));
  double alpha = 0, sum = 0;
  for (std::int64_t i = 1; delta > 0 && i <= g.correct; ++i) {
    sum += binomial_mass(g.correct - i, g.guesses, q);
    // Means of the first i terms of a sequence with one peak have one peak themselves.
    if (sum / static_cast<double>(i) < alpha) break;
    alpha = sum / static_cast<double>(i);
  }
  const double beta = binomial_at_least(g.correct, g.guesses, q);
  return std::min(beta + 2 * delta * static_cast<double>(g.examples) * alpha, 1.0);
}

double one_run_epsilon(const OneRunGuesses& guesses, double delta, double error) {
  constexpr double kMost = 50;
  double low = 0, high = 1;
  if (one_run_p_value(guesses, 0, delta) >= error) return 0;
  while (high < kMost && one_run_p_value(guesses, high, delta) < error) high *= 2;
  for (int step = 0; step < 50; ++step) {
    const double middle = (low + high) / 2;
    (one_run_p_value(guesses, middle, delta) < error ? low : high) = middle;
  }
  return low;
}

OneRunAudit one_run_audit(std::span<const double> scores, std::span<const char> included,
                          double delta, double error) {
  constexpr std::array kShares = {0.01, 0.05, 0.2, 0.5};
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  OneRunAudit best{.delta = delta};
  for (const double share : kShares) {
    const auto k = static_cast<std::size_t>(share * static_cast<double>(order.size()));
    OneRunGuesses g{.examples = static_cast<std::int64_t>(order.size()),
                    .guesses = static_cast<std::int64_t>(2 * k)};
    for (std::size_t i = 0; i < k; ++i) {
      g.correct += included[order[i]] != 0;
      g.correct += included[order[order.size() - 1 - i]] == 0;
    }
    const double epsilon = k == 0 ? 0 : one_run_epsilon(g, delta, error / kShares.size());
    if (epsilon > best.epsilon || best.guesses.guesses == 0) {
      best.epsilon = epsilon;
      best.guesses = g;
    }
  }
  return best;
}

}  // namespace semblance::evaluator
