#include "evaluator/quality/sdv_legacy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/parallel.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/column_shape.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Missing numbers as 0.
std::vector<double> filled(const Feature& feature) {
  std::vector<double> out = feature.numbers;
  for (double& v : out) v = std::isnan(v) ? 0 : v;
  return out;
}

/// Missing categories as a level behind the others.
std::vector<std::int32_t> filled_codes(const ColumnInfo& info, const Feature& feature) {
  std::vector<std::int32_t> out = feature.codes;
  for (std::int32_t& code : out) code = code < 0 ? info.n_levels() : code;
  return out;
}

/// numpy's histogram_bin_edges of ten bins.
struct TenBins {
  double low = 0, high = 1;
  explicit TenBins(const std::vector<double>& values) {
    low = *std::min_element(values.begin(), values.end());
    high = *std::max_element(values.begin(), values.end());
    if (low == high) {
      low -= 0.5;
      high += 0.5;
    }
    if (low == high) {  // so large that a half changes nothing
      low = std::nextafter(low, -std::numeric_limits<double>::infinity());
      high = std::nextafter(high, std::numeric_limits<double>::infinity());
    }
  }
  int bin(double v) const {  // -1 outside
    if (v < low || v > high) return -1;
    const double x = (v - low) / (high - low) * 10;  // not a number when the range is infinite
    int k = x < 9 ? static_cast<int>(x) : 9;
    // As np.histogram2d, an edge belongs to the bin above it.
    while (k > 0 && v < edge(k)) --k;
    while (k < 9 && v >= edge(k + 1)) ++k;
    return k;
  }
  double edge(int k) const { return low + (high - low) / 10 * k; }
};

double continuous_pair(const std::vector<double>& rx, const std::vector<double>& ry,
                       const std::vector<double>& sx, const std::vector<double>& sy) {
  const TenBins x(rx), y(ry);
  std::vector<double> real(100, 1e-5), other(100, 1e-5);
  const auto fill = [&](const std::vector<double>& a, const std::vector<double>& b,
                        std::vector<double>& cells) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      const int p = x.bin(a[i]), q = y.bin(b[i]);
      if (p >= 0 && q >= 0) ++cells[static_cast<std::size_t>(10 * p + q)];
    }
    double sum = 0;
    for (const double c : cells) sum += c;
    for (double& c : cells) c /= sum;
  };
  fill(rx, ry, real);
  fill(sx, sy, other);
  double kl = 0;
  for (std::size_t k = 0; k < real.size(); ++k) kl += other[k] * std::log(other[k] / real[k]);
  return 1 / (1 + std::max(kl, 0.0));
}

double discrete_pair(const std::vector<std::int32_t>& rx, const std::vector<std::int32_t>& ry,
                     const std::vector<std::int32_t>& sx, const std::vector<std::int32_t>& sy) {
  struct Cell {
    double real = 0, other = 0;
  };
  std::unordered_map<std::int64_t, Cell> cells;
  const auto key = [](std::int32_t a, std::int32_t b) { return std::int64_t{a} << 32 | b; };
  for (std::size_t i = 0; i < rx.size(); ++i) ++cells[key(rx[i], ry[i])].real;
  for (std::size_t i = 0; i < sx.size(); ++i) ++cells[key(sx[i], sy[i])].other;
  std::vector<std::pair<std::int64_t, Cell>> ordered(cells.begin(), cells.end());
  std::sort(ordered.begin(), ordered.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  double n = 0;
  for (auto& [k, cell] : ordered) {
    if (cell.real == 0) cell.real = 1e-6;
    n += cell.real;
  }
  double sum = 0;  // scipy's kl_div: x log(x / y) − x + y
  for (const auto& [k, cell] : ordered) {
    const double p = cell.other / static_cast<double>(sx.size()), q = cell.real / n;
    sum += (p > 0 ? p * std::log(p / q) - p : 0) + q;
  }
  return 1 / (1 + sum);
}

/// Upper regularised incomplete gamma function Q(a, x) (Numerical Recipes §6.2).
double gamma_q(double a, double x) {
  if (x <= 0) return 1;
  const double front = std::exp(-x + a * std::log(x) - std::lgamma(a));
  if (x < a + 1) {
    double term = 1 / a, sum = term;
    for (int n = 1; n < 10000 && std::abs(term) > std::abs(sum) * 1e-16; ++n)
      sum += term *= x / (a + n);
    return 1 - sum * front;
  }
  double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (int n = 1; n < 10000; ++n) {
    const double an = -n * (n - a);
    b += 2;
    d = an * d + b;
    if (std::abs(d) < 1e-300) d = 1e-300;
    c = b + an / c;
    if (std::abs(c) < 1e-300) c = 1e-300;
    d = 1 / d;
    const double step = d * c;
    h *= step;
    if (std::abs(step - 1) < 1e-15) break;
  }
  return front * h;
}

/// Mean of pair(i, j) over all pairs, NaN without one.
template <class Pair>
double mean_over_pairs(std::size_t n, int threads, const Pair& pair) {
  std::vector<std::pair<std::size_t, std::size_t>> all;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) all.emplace_back(i, j);
  }
  std::vector<double> values(all.size());
  base::parallel_for(static_cast<std::int64_t>(all.size()), threads, [&](std::int64_t k) {
    const auto [i, j] = all[static_cast<std::size_t>(k)];
    values[static_cast<std::size_t>(k)] = pair(i, j);
  });
  return mean_present(values);
}

}  // namespace

double chi_square_tail(double x, double df) {
  return df > 0 && x >= 0 ? gamma_q(df / 2, x / 2) : kNaN;
}

double cs_test(std::span<const std::int64_t> real, std::span<const std::int64_t> other) {
  std::vector<double> expected, observed;
  for (std::size_t k = 0; k < real.size(); ++k) {
    if (real[k] == 0 && other[k] == 0) continue;
    expected.push_back(real[k] == 0 ? 1e-6 : static_cast<double>(real[k]));
    observed.push_back(static_cast<double>(other[k]));
  }
  if (expected.size() == 1) return 1;
  double n = 0, m = 0, statistic = 0;
  for (const double v : expected) n += v;
  for (const double v : observed) m += v;
  if (n == 0 || m == 0) return kNaN;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const double e = expected[k] / n, gap = observed[k] / m - e;
    statistic += gap * gap / e;
  }
  return chi_square_tail(statistic, static_cast<double>(expected.size()) - 1);
}

SdvMeasures sdv_measures(const Comparison& data, const Rows& other, int threads) {
  std::vector<std::vector<double>> real_numbers, other_numbers;
  std::vector<std::vector<std::int32_t>> real_codes, other_codes;
  std::vector<double> cs, ks, extended;
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const ColumnInfo& info = data.columns[j];
    if (info.numeric) {
      real_numbers.push_back(filled(data.real.features[j]));
      other_numbers.push_back(filled(other.features[j]));
      ks.push_back(1 - ks_distance(sorted_present(real_numbers.back()),
                                   sorted_present(other_numbers.back())));
      extended.push_back(ks.back());
      continue;
    }
    real_codes.push_back(filled_codes(info, data.real.features[j]));
    other_codes.push_back(filled_codes(info, other.features[j]));
    const auto a = code_counts(real_codes.back(), info.n_levels() + 1),
               b = code_counts(other_codes.back(), info.n_levels() + 1);
    cs.push_back(cs_test(a, b));
    for (std::size_t k = 0; k < a.size(); ++k) {
      if (a[k] == 0) continue;  // the encoder knows the real levels alone
      extended.push_back(
          1 - std::abs(static_cast<double>(a[k]) / static_cast<double>(data.real.n_rows) -
                       static_cast<double>(b[k]) / static_cast<double>(other.n_rows)));
    }
  }
  SdvMeasures out{.cs_test = mean_present(cs),
                  .ks_test = mean_present(ks),
                  .ks_extended = mean_present(extended)};
  out.continuous_kl = mean_over_pairs(real_numbers.size(), threads, [&](auto i, auto j) {
    return continuous_pair(real_numbers[i], real_numbers[j], other_numbers[i], other_numbers[j]);
  });
  out.discrete_kl = mean_over_pairs(real_codes.size(), threads, [&](auto i, auto j) {
    return discrete_pair(real_codes[i], real_codes[j], other_codes[i], other_codes[j]);
  });
  return out;
}

}  // namespace semblance::evaluator
