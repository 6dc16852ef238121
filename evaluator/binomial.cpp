#include "evaluator/binomial.hpp"

#include <cmath>
#include <limits>

namespace semblance::evaluator {
namespace {

/// log(n over k) + k log p + (n - k) log(1 - p), 0 < p < 1.
double log_mass(double k, double n, double p) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
         (n - k) * std::log1p(-p);
}

/// The continued fraction of I_x(a, b), which converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300, kPrecision = 1e-15;
  constexpr int kMostSteps = 100'000;
  const auto kept = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / kept(1 - (a + b) * x / (a + 1)), h = d;
  for (int m = 1; m < kMostSteps; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / kept(1 + even * d);
    c = kept(1 + even / c);
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / kept(1 + odd * d);
    c = kept(1 + odd / c);
    h *= d * c;
    if (std::abs(d * c - 1) < kPrecision) break;
  }
  return h;
}

/// The p in [0, 1] where a rising function of p reaches `level`.
template <class Rising>
double solve(const Rising& rising, double level) {
  double low = 0, high = 1;
  for (int step = 0; step < 100 && high - low > 1e-15; ++step) {
    const double middle = (low + high) / 2;
    (rising(middle) < level ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double binomial_mass(std::int64_t k, std::int64_t n, double p) {
  if (k < 0 || k > n) return 0;
  if (p <= 0) return k == 0 ? 1 : 0;
  if (p >= 1) return k == n ? 1 : 0;
  return std::exp(log_mass(static_cast<double>(k), static_cast<double>(n), p));
}

double binomial_at_least(std::int64_t k, std::int64_t n, double p) {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return incomplete_beta(static_cast<double>(k), static_cast<double>(n - k + 1), p);
}

Interval clopper_pearson_interval(std::int64_t successes, std::int64_t n) {
  constexpr double kTail = 0.025;
  const char* const method = "Clopper–Pearson, 95 %";
  if (n <= 0) return {0, 1, method};
  const double low =
      successes == 0 ? 0
                     : solve([&](double p) { return binomial_at_least(successes, n, p); }, kTail);
  const double high =
      successes == n
          ? 1
          : solve([&](double p) { return binomial_at_least(successes + 1, n, p); }, 1 - kTail);
  return {low, high, method};
}

}  // namespace semblance::evaluator
