/// Confidence intervals of shares and means.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "evaluator/report_model.hpp"

namespace semblance::evaluator {

inline constexpr double kZ95 =
    1.959963984540054;  ///< two-sided 95 % point of the normal distribution

/// Wilson's score interval, 95 %, of a share of `successes` in n trials (both may be fractional, as
/// ties count half); the whole of [0, 1] for n = 0.
Interval wilson_interval(double successes, double n);

/// A success rate with its Wilson centre and half width, as anonymeter/stats/confidence.py.
struct Rate {
  /// (s + z²/2) / (n + z²), not s / n; half the width of the interval.
  double value = 0, error = 0;
};
/// ½ ± ½ for n = 0.
Rate success_rate(double successes, double n);

/// What an attack gains over the same attack on people who are not in the data:
/// (attack - control) / (1 - control), error propagated, cut to [0, 1] (anonymeter).
struct Risk {
  double value = 0, low = 0, high = 0;  ///< all in [0, 1]; 95 %
};
/// 0 with the interval [0, 1] when the control always succeeds: nothing is left to gain.
Risk attack_risk(Rate attack, Rate control);

/// Percentile bootstrap, 95 %, of the mean of row values, for given random numbers. Rows are drawn
/// with replacement `repeats` times.
Interval bootstrap_mean_interval(std::span<const double> values, std::uint64_t seed,
                                 std::uint64_t stream, int repeats = 200);

/// Percentile bootstrap, 95 %, of any statistic of row numbers.
Interval bootstrap_interval(std::int64_t n,
                            const std::function<double(std::span<const std::int64_t>)>& statistic,
                            std::uint64_t seed, std::uint64_t stream, int repeats);

/// P(Z <= z) of the standard normal distribution.
double normal_cdf(double z);

}  // namespace semblance::evaluator
