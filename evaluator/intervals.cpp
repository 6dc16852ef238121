#include "evaluator/intervals.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/philox.hpp"
#include "evaluator/means.hpp"

namespace semblance::evaluator {

Rate success_rate(double s, double n) {
  const double z2 = kZ95 * kZ95;
  if (n <= 0) return {0.5, 0.5};
  return {(s + z2 / 2) / (n + z2),
          kZ95 / (n + z2) * std::sqrt(std::max(s * (n - s) / n, 0.0) + z2 / 4)};
}

Interval wilson_interval(double successes, double n) {
  const Rate rate = success_rate(successes, n);
  const double low = successes > 0 ? std::max(rate.value - rate.error, 0.0) : 0;
  const double high = successes < n ? std::min(rate.value + rate.error, 1.0) : 1;
  return {low, high, "Wilson, 95 %"};
}

Risk attack_risk(Rate attack, Rate control) {
  const double rest = 1 - control.value;
  if (rest <= 0) return {0, 0, 1};
  const double value = (attack.value - control.value) / rest;
  const double by_attack = attack.error / rest;
  const double by_control = (attack.value - 1) / (rest * rest) * control.error;
  const double error = std::hypot(by_attack, by_control);
  return {std::clamp(value, 0.0, 1.0), std::clamp(value - error, 0.0, 1.0),
          std::clamp(value + error, 0.0, 1.0)};
}

namespace {

Interval middle_95(std::vector<double> values) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  std::sort(values.begin(), values.end());
  return {quantile(values, 0.025), quantile(values, 0.975), "bootstrap, 95 %"};
}

}  // namespace

Interval bootstrap_mean_interval(std::span<const double> values, std::uint64_t seed,
                                 std::uint64_t stream, int repeats) {
  base::PhiloxStream random(seed, base::Purpose::kEvaluate, stream);
  std::vector<double> means;
  for (int r = 0; r < repeats; ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.below(values.size())];
    means.push_back(sum / static_cast<double>(values.size()));
  }
  return middle_95(std::move(means));
}

Interval bootstrap_interval(std::int64_t n,
                            const std::function<double(std::span<const std::int64_t>)>& statistic,
                            std::uint64_t seed, std::uint64_t stream, int repeats) {
  base::PhiloxStream random(seed, base::Purpose::kEvaluate, stream);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
  std::vector<double> values;
  for (int r = 0; r < repeats; ++r) {
    for (std::int64_t& row : rows)
      row = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)));
    values.push_back(statistic(rows));
  }
  return middle_95(std::move(values));
}

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

}  // namespace semblance::evaluator
