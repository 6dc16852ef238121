#include "evaluator/quality/propensity.hpp"

#include <limits>

#include "evaluator/quality/column_shape.hpp"

namespace semblance::evaluator {

Propensity propensity(std::span<const double> p_real, std::span<const double> p_synthetic) {
  const double n = static_cast<double>(p_real.size() + p_synthetic.size());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (p_real.empty() || p_synthetic.empty()) return {nan, nan, nan};
  const double c = static_cast<double>(p_synthetic.size()) / n;
  Propensity out;
  double right = 0;
  for (const double p : p_real) {
    out.pmse += (p - c) * (p - c) / n;
    right += p < c ? 1 : p == c ? 0.5 : 0;
  }
  for (const double p : p_synthetic) {
    out.pmse += (p - c) * (p - c) / n;
    right += p > c ? 1 : p == c ? 0.5 : 0;
  }
  out.po50 = 100 * right / n - 50;
  out.specks = ks_distance(sorted_present(p_real), sorted_present(p_synthetic));
  return out;
}

double expected_pmse(int k, double c, double n) { return k * (1 - c) * (1 - c) * c / n; }

}  // namespace semblance::evaluator
