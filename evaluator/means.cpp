#include "evaluator/means.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double mean_present(std::span<const double> values) {
  double sum = 0, n = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++n;
  }
  return n > 0 ? sum / n : kNaN;
}

double standard_deviation(std::span<const double> values) {
  if (values.empty()) return kNaN;
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

double quantile(std::span<const double> sorted, double share) {
  if (sorted.empty()) return kNaN;
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - static_cast<double>(below));
}

double relation_gap(double real, double other) {
  return std::abs(real - (std::isnan(other) ? 0 : other));
}

double pearson(std::span<const double> a, std::span<const double> b) {
  double n = 0, mean_a = 0, mean_b = 0, first_a = 0, first_b = 0;
  bool varies_a = false, varies_b = false;  // a rounded mean makes constants vary
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    if (n == 0) {
      first_a = a[i];
      first_b = b[i];
    }
    varies_a |= a[i] != first_a;
    varies_b |= b[i] != first_b;
    mean_a += a[i];
    mean_b += b[i];
    ++n;
  }
  if (!varies_a || !varies_b) return kNaN;
  mean_a /= n;
  mean_b /= n;
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? std::clamp(ab / std::sqrt(aa * bb), -1.0, 1.0) : kNaN;
}

std::vector<double> ranks(std::span<const double> values) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) order.push_back(i);
  }
  std::sort(order.begin(), order.end(),
            [&](std::size_t x, std::size_t y) { return values[x] < values[y]; });
  std::vector<double> out(values.size(), kNaN);
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const double rank = (static_cast<double>(first) + static_cast<double>(last) + 1) / 2;
    for (std::size_t k = first; k < last; ++k) out[order[k]] = rank;
    first = last;
  }
  return out;
}

}  // namespace semblance::evaluator
