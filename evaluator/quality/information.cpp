#include "evaluator/quality/information.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace semblance::evaluator {
namespace {

double entropy(const std::vector<double>& shares) {
  double sum = 0;
  for (const double p : shares) {
    if (p > 0) sum -= p * std::log(p);
  }
  return sum;
}

}  // namespace

double normalised_information(std::span<const std::int64_t> counts, int n_x, int n_y) {
  double n = 0;
  for (const std::int64_t c : counts) n += static_cast<double>(c);
  if (n == 0) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> x(static_cast<std::size_t>(n_x)), y(static_cast<std::size_t>(n_y)), joint;
  joint.reserve(counts.size());
  for (std::size_t k = 0; k < counts.size(); ++k) {
    joint.push_back(static_cast<double>(counts[k]) / n);
    x[k / y.size()] += joint.back();
    y[k % y.size()] += joint.back();
  }
  const double h_x = entropy(x), h_y = entropy(y);
  if (h_x <= 0 || h_y <= 0) return std::numeric_limits<double>::quiet_NaN();
  return std::clamp((h_x + h_y - entropy(joint)) / std::sqrt(h_x * h_y), 0.0, 1.0);
}

}  // namespace semblance::evaluator
