#include "evaluator/quality/column_shape.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double total(std::span<const std::int64_t> counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
}

/// Calls visit(x, next x, F_a, F_b) for every distinct value x of either sample but the last.
template <class Visit>
void walk(std::span<const double> a, std::span<const double> b, const Visit& visit) {
  std::size_t i = 0, j = 0;
  const double per_a = 1.0 / static_cast<double>(a.size()),
               per_b = 1.0 / static_cast<double>(b.size());
  while (i < a.size() || j < b.size()) {
    const double x = j == b.size() || (i < a.size() && a[i] <= b[j]) ? a[i] : b[j];
    while (i < a.size() && a[i] == x) ++i;
    while (j < b.size() && b[j] == x) ++j;
    if (i == a.size() && j == b.size()) return;
    const double next = j == b.size() || (i < a.size() && a[i] <= b[j]) ? a[i] : b[j];
    visit(x, next, static_cast<double>(i) * per_a, static_cast<double>(j) * per_b);
  }
}

}  // namespace

std::vector<double> sorted_present(std::span<const double> values) {
  std::vector<double> out;
  out.reserve(values.size());
  std::copy_if(values.begin(), values.end(), std::back_inserter(out),
               [](double x) { return !std::isnan(x); });
  std::sort(out.begin(), out.end());
  return out;
}

double ks_distance(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return kNaN;
  double largest = 0;
  walk(a, b, [&](double, double, double fa, double fb) {
    largest = std::max(largest, std::abs(fa - fb));
  });
  return largest;
}

double wasserstein_distance(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return kNaN;
  double area = 0;
  walk(a, b, [&](double x, double next, double fa, double fb) {
    area += std::abs(fa - fb) * (next - x);
  });
  return area;
}

std::vector<std::int64_t> code_counts(std::span<const std::int32_t> codes, int n_codes) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(n_codes));
  for (const std::int32_t code : codes) {
    if (code >= 0) ++counts[static_cast<std::size_t>(code)];
  }
  return counts;
}

double total_variation(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  const double n_a = total(a), n_b = total(b);
  if (n_a == 0 || n_b == 0) return kNaN;
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    sum += std::abs(static_cast<double>(a[k]) / n_a - static_cast<double>(b[k]) / n_b);
  }
  return sum / 2;
}

double jensen_shannon_distance(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  const double n_a = total(a), n_b = total(b);
  if (n_a == 0 || n_b == 0) return kNaN;
  double divergence = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double p = static_cast<double>(a[k]) / n_a, q = static_cast<double>(b[k]) / n_b;
    const double middle = (p + q) / 2;
    if (p > 0) divergence += p / 2 * std::log2(p / middle);
    if (q > 0) divergence += q / 2 * std::log2(q / middle);
  }
  return std::sqrt(std::max(divergence, 0.0));
}

double range_coverage(std::span<const double> real, std::span<const double> synthetic) {
  if (real.empty() || synthetic.empty() || real.front() == real.back()) return kNaN;
  const double range = real.back() - real.front();
  const double below = std::max((synthetic.front() - real.front()) / range, 0.0);
  const double above = std::max((real.back() - synthetic.back()) / range, 0.0);
  return std::max(1 - below - above, 0.0);
}

double boundary_adherence(std::span<const double> real, std::span<const double> synthetic) {
  if (real.empty() || synthetic.empty()) return kNaN;
  const auto first = std::lower_bound(synthetic.begin(), synthetic.end(), real.front());
  const auto last = std::upper_bound(synthetic.begin(), synthetic.end(), real.back());
  return static_cast<double>(last - first) / static_cast<double>(synthetic.size());
}

double category_coverage(std::span<const std::int64_t> real,
                         std::span<const std::int64_t> synthetic) {
  double present = 0, found = 0;
  for (std::size_t k = 0; k < real.size(); ++k) {
    present += real[k] > 0;
    found += real[k] > 0 && synthetic[k] > 0;
  }
  return present > 0 ? found / present : kNaN;
}

double category_adherence(std::span<const std::int64_t> real,
                          std::span<const std::int64_t> synthetic) {
  const double n = total(synthetic);
  if (n == 0) return kNaN;
  double known = 0;
  for (std::size_t k = 0; k < real.size(); ++k) {
    if (real[k] > 0) known += static_cast<double>(synthetic[k]);
  }
  return known / n;
}

}  // namespace semblance::evaluator
