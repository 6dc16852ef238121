#include "evaluator/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/error.hpp"

namespace semblance::evaluator {
namespace {

std::vector<double> descending(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  SEMBLANCE_ASSERT(std::none_of(out.begin(), out.end(), [](double v) { return std::isnan(v); }));
  std::sort(out.begin(), out.end(), std::greater<>());
  return out;
}

}  // namespace

Roc roc_curve(std::span<const double> positives, std::span<const double> negatives) {
  const std::vector<double> p = descending(positives), n = descending(negatives);
  Roc roc{{0}, {0}};
  std::size_t i = 0, j = 0;
  while (i < p.size() || j < n.size()) {
    const double score = j == n.size() || (i < p.size() && p[i] >= n[j]) ? p[i] : n[j];
    while (i < p.size() && p[i] == score) ++i;
    while (j < n.size() && n[j] == score) ++j;
    roc.tpr.push_back(p.empty() ? 0 : static_cast<double>(i) / static_cast<double>(p.size()));
    roc.fpr.push_back(n.empty() ? 0 : static_cast<double>(j) / static_cast<double>(n.size()));
  }
  return roc;
}

double auc(std::span<const double> positives, std::span<const double> negatives) {
  if (positives.empty() || negatives.empty()) return std::numeric_limits<double>::quiet_NaN();
  const Roc roc = roc_curve(positives, negatives);
  double area = 0;
  for (std::size_t k = 1; k < roc.fpr.size(); ++k) {
    area += (roc.fpr[k] - roc.fpr[k - 1]) * (roc.tpr[k] + roc.tpr[k - 1]) / 2;
  }
  return area;
}

double auc_error(double a, double n_p, double n_n) {
  const double q1 = a / (2 - a), q2 = 2 * a * a / (1 + a);
  const double variance =
      (a * (1 - a) + (n_p - 1) * (q1 - a * a) + (n_n - 1) * (q2 - a * a)) / (n_p * n_n);
  return std::sqrt(std::max(variance, 0.0));
}

double tpr_at(const Roc& roc, double fpr) {
  double best = 0;
  for (std::size_t k = 0; k < roc.fpr.size() && roc.fpr[k] <= fpr; ++k) best = roc.tpr[k];
  return best;
}

Roc thinned(const Roc& roc, std::size_t most) {
  if (roc.fpr.size() <= most) return roc;
  Roc out;
  for (std::size_t k = 0; k < most; ++k) {
    const std::size_t at = k * (roc.fpr.size() - 1) / (most - 1);
    out.fpr.push_back(roc.fpr[at]);
    out.tpr.push_back(roc.tpr[at]);
  }
  return out;
}

}  // namespace semblance::evaluator
