#include "evaluator/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/philox.hpp"
#include "evaluator/coding.hpp"
#include "evaluator/intervals.hpp"
#include "evaluator/means.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint64_t kDeal = 0xB0075000000000, kDraw = 0xB0076000000000;

}  // namespace

Resamples::Resamples(std::int64_t n_rows, std::uint64_t seed, std::uint64_t stream)
    : n_groups_(static_cast<int>(std::min<std::int64_t>(n_rows, kGroups))) {
  group_.resize(static_cast<std::size_t>(n_rows));
  const std::vector<std::int64_t> order = shuffled_rows(n_rows, seed, kDeal + stream);
  for (std::size_t k = 0; k < order.size(); ++k) {
    group_[static_cast<std::size_t>(order[k])] =
        static_cast<std::uint16_t>(k % static_cast<std::size_t>(n_groups_));
  }
  times_.assign(static_cast<std::size_t>(kDraws * n_groups_), 0);
  base::PhiloxStream random(seed, base::Purpose::kEvaluate, kDraw + stream);
  for (int draw = 0; draw < kDraws; ++draw) {
    std::int32_t* times = times_.data() + draw * n_groups_;
    for (int k = 0; k < n_groups_; ++k)
      ++times[random.below(static_cast<std::uint64_t>(n_groups_))];
  }
}

std::vector<std::int64_t> Resamples::counts(std::span<const std::int32_t> codes,
                                            int n_codes) const {
  const auto k = static_cast<std::size_t>(n_codes), g = static_cast<std::size_t>(n_groups_);
  std::vector<std::int64_t> out(static_cast<std::size_t>(kDraws) * k);
  if (g * k > 4 * codes.size()) {  // few rows for many codes: walk the rows
    for (int draw = 0; draw < kDraws; ++draw) {
      const std::span<const std::int32_t> t = times(draw);
      std::int64_t* to = out.data() + static_cast<std::size_t>(draw) * k;
      for (std::size_t i = 0; i < codes.size(); ++i) {
        if (codes[i] >= 0) to[codes[i]] += t[group_[i]];
      }
    }
    return out;
  }
  std::vector<std::int32_t> by_group(g * k);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] >= 0) ++by_group[group_[i] * k + static_cast<std::size_t>(codes[i])];
  }
  std::vector<std::int64_t> sum(k);
  for (int draw = 0; draw < kDraws; ++draw) {
    std::fill(sum.begin(), sum.end(), 0);
    const std::span<const std::int32_t> t = times(draw);
    for (std::size_t group = 0; group < g; ++group) {
      const std::int64_t weight = t[group];
      if (weight == 0) continue;
      const std::int32_t* from = by_group.data() + group * k;
      for (std::size_t c = 0; c < k; ++c) sum[c] += weight * from[c];
    }
    std::copy(sum.begin(), sum.end(),
              out.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(draw) * k));
  }
  return out;
}

std::vector<double> Resamples::sums(std::span<const double> values) const {
  std::vector<double> by_group(static_cast<std::size_t>(n_groups_));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) by_group[group_[i]] += values[i];
  }
  std::vector<double> out;
  for (int draw = 0; draw < kDraws; ++draw) {
    double sum = 0;
    for (std::size_t g = 0; g < by_group.size(); ++g) sum += times(draw)[g] * by_group[g];
    out.push_back(sum);
  }
  return out;
}

std::vector<double> Resamples::means(std::span<const double> values) const {
  std::vector<double> present;
  for (const double v : values) present.push_back(std::isnan(v) ? 0 : 1);
  std::vector<double> out = sums(values);
  const std::vector<double> n = sums(present);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = n[k] > 0 ? out[k] / n[k] : kNaN;
  return out;
}

std::vector<double> resampled_counts(
    const Resamples& rows_a, std::span<const std::int32_t> a, const Resamples& rows_b,
    std::span<const std::int32_t> b, int n_codes,
    const std::function<double(std::span<const std::int64_t>, std::span<const std::int64_t>)>&
        statistic) {
  const std::vector<std::int64_t> counts_a = rows_a.counts(a, n_codes),
                                  counts_b = rows_b.counts(b, n_codes);
  std::vector<double> out;
  const auto k = static_cast<std::size_t>(n_codes);
  for (std::size_t draw = 0; draw < static_cast<std::size_t>(kDraws); ++draw) {
    out.push_back(statistic(std::span(counts_a).subspan(draw * k, k),
                            std::span(counts_b).subspan(draw * k, k)));
  }
  return out;
}

std::vector<double> resampled_correlations(const Resamples& rows, std::span<const double> x,
                                           std::span<const double> y) {
  // Sums about the means of the table, so that large values with a small spread keep their digits.
  const double mean_x = mean_present(x), mean_y = mean_present(y);
  const auto g = static_cast<std::size_t>(rows.n_groups());
  std::vector<double> n(g), sx(g), sy(g), sxx(g), syy(g), sxy(g);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) || std::isnan(y[i])) continue;
    const std::size_t group = rows.group()[i];
    const double a = x[i] - mean_x, b = y[i] - mean_y;
    ++n[group];
    sx[group] += a;
    sy[group] += b;
    sxx[group] += a * a;
    syy[group] += b * b;
    sxy[group] += a * b;
  }
  std::vector<double> out;
  for (int draw = 0; draw < kDraws; ++draw) {
    const std::span<const std::int32_t> t = rows.times(draw);
    double m = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
    for (std::size_t k = 0; k < g; ++k) {
      m += t[k] * n[k];
      a += t[k] * sx[k];
      b += t[k] * sy[k];
      aa += t[k] * sxx[k];
      bb += t[k] * syy[k];
      ab += t[k] * sxy[k];
    }
    const double spread = (aa - a * a / m) * (bb - b * b / m);
    out.push_back(m > 1 && spread > 0 ? std::clamp((ab - a * b / m) / std::sqrt(spread), -1.0, 1.0)
                                      : kNaN);
  }
  return out;
}

std::vector<double> mean_of_draws(const std::vector<std::vector<double>>& each) {
  std::vector<double> sum(kDraws), n(kDraws);
  for (const std::vector<double>& draws : each) {
    for (std::size_t k = 0; k < draws.size(); ++k) {
      if (std::isnan(draws[k])) continue;
      sum[k] += draws[k];
      ++n[k];
    }
  }
  for (std::size_t k = 0; k < sum.size(); ++k) sum[k] = n[k] > 0 ? sum[k] / n[k] : kNaN;
  return sum;
}

std::optional<Interval> centred_interval(double value, std::vector<double> draws, double low,
                                         double high) {
  std::erase_if(draws, [](double v) { return !std::isfinite(v); });
  if (!std::isfinite(value) || draws.size() < kDraws / 2) return std::nullopt;
  std::sort(draws.begin(), draws.end());
  const double shift = value - mean_present(draws);
  return Interval{
      std::clamp(quantile(draws, 0.025) + shift, low, std::max(low, value)),
      std::clamp(quantile(draws, 0.975) + shift, std::min(high, value), std::max(high, value)),
      "bootstrap of rows, 200 resamples, centred, 95 %"};
}

std::optional<Interval> quantile_interval(std::span<const double> sorted, double share) {
  if (sorted.empty()) return std::nullopt;
  const double n = static_cast<double>(sorted.size());
  const double half = kZ95 * std::sqrt(share * (1 - share) / n);
  return Interval{quantile(sorted, std::max(share - half, 0.0)),
                  quantile(sorted, std::min(share + half, 1.0)), "order statistics, 95 %"};
}

Bins bins_of(std::span<const double> sorted, int n_bins) {
  return {quantile_edges(sorted, n_bins)};
}

std::vector<std::int32_t> Bins::code(std::span<const double> values) const {
  std::vector<std::int32_t> out;
  out.reserve(values.size());
  for (const double v : values) {
    out.push_back(std::isnan(v)
                      ? -1
                      : static_cast<std::int32_t>(std::lower_bound(edges.begin(), edges.end(), v) -
                                                  edges.begin()));
  }
  return out;
}

double binned_ks(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  double n_a = 0, n_b = 0;
  for (const std::int64_t count : a) n_a += static_cast<double>(count);
  for (const std::int64_t count : b) n_b += static_cast<double>(count);
  if (n_a == 0 || n_b == 0) return kNaN;
  double f_a = 0, f_b = 0, gap = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    f_a += static_cast<double>(a[k]) / n_a;
    f_b += static_cast<double>(b[k]) / n_b;
    gap = std::max(gap, std::abs(f_a - f_b));
  }
  return gap;
}

}  // namespace semblance::evaluator
