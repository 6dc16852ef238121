#include "evaluator/quality/column_shape_bootstrap.hpp"

#include <cmath>

#include "base/parallel.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/coding.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/column_shape.hpp"

namespace semblance::evaluator {
namespace {

using Counts = std::span<const std::int64_t>;

/// Wasserstein distance of binned values. \param width  [bins] from each bin to the next
double binned_wasserstein(Counts a, Counts b, const std::vector<double>& width) {
  double n_a = 0, n_b = 0;
  for (const std::int64_t count : a) n_a += static_cast<double>(count);
  for (const std::int64_t count : b) n_b += static_cast<double>(count);
  if (n_a == 0 || n_b == 0) return std::nan("");
  double f_a = 0, f_b = 0, area = 0;
  for (std::size_t k = 0; k + 1 < a.size(); ++k) {
    f_a += static_cast<double>(a[k]) / n_a;
    f_b += static_cast<double>(b[k]) / n_b;
    area += std::abs(f_a - f_b) * width[k];
  }
  return area;
}

/// From the middle of each bin to the middle of the next.
std::vector<double> widths(const Bins& bins, double low, double high) {
  std::vector<double> middles, out;
  for (std::size_t k = 0; k <= bins.edges.size(); ++k) {
    middles.push_back(
        ((k == 0 ? low : bins.edges[k - 1]) + (k == bins.edges.size() ? high : bins.edges[k])) / 2);
  }
  for (std::size_t k = 1; k < middles.size(); ++k) out.push_back(middles[k] - middles[k - 1]);
  return out;
}

/// 1 where a synthetic value lies within the real range or has a real level, 0 elsewhere.
std::vector<double> inside(const Comparison& data, std::size_t j) {
  const ColumnInfo& info = data.columns[j];
  const Feature& feature = data.synthetic.features[j];
  std::vector<double> out;
  if (info.numeric) {
    for (const double v : feature.numbers)
      out.push_back(std::isnan(v) ? v : v >= info.low && v <= info.high);
    return out;
  }
  const auto real = code_counts(data.real.features[j].codes, info.n_levels());
  for (const std::int32_t code : feature.codes)
    out.push_back(code < 0 ? std::nan("") : real[static_cast<std::size_t>(code)] > 0);
  return out;
}

struct ColumnDraws {
  std::vector<double> distance, wasserstein, jensen_shannon, adherence;
};

ColumnDraws column_draws(const Comparison& data, std::size_t j, const Resamples& real,
                         const Resamples& synthetic) {
  const ColumnInfo& info = data.columns[j];
  const Feature &r = data.real.features[j], &s = data.synthetic.features[j];
  ColumnDraws out{.adherence = synthetic.means(inside(data, j))};
  if (info.numeric) {
    const std::vector<double> sorted = sorted_present(r.numbers);
    const Bins bins = bins_of(sorted);
    const auto a = bins.code(r.numbers), b = bins.code(s.numbers);
    out.distance = resampled_counts(real, a, synthetic, b, bins.n_bins(), binned_ks);
    if (const double deviation = standard_deviation(sorted); deviation > 0) {
      const std::vector<double> width = widths(bins, info.low, info.high);
      out.wasserstein = resampled_counts(
          real, a, synthetic, b, bins.n_bins(),
          [&](Counts x, Counts y) { return binned_wasserstein(x, y, width) / deviation; });
    }
  } else {
    out.distance =
        resampled_counts(real, r.codes, synthetic, s.codes, info.n_levels(), total_variation);
  }
  const CodedColumn codes = accuracy_codes(data, static_cast<int>(j));
  out.jensen_shannon = resampled_counts(real, codes.real, synthetic, codes.synthetic, codes.n_codes,
                                        jensen_shannon_distance);
  return out;
}

}  // namespace

ShapeDraws shape_draws(const Comparison& data, std::uint64_t seed, int threads) {
  const Resamples real(data.real.n_rows, seed, kRealRows),
      synthetic(data.synthetic.n_rows, seed, kSyntheticRows);
  std::vector<ColumnDraws> all(data.columns.size());
  base::parallel_for(data.n_columns(), threads, [&](std::int64_t j) {
    all[static_cast<std::size_t>(j)] =
        column_draws(data, static_cast<std::size_t>(j), real, synthetic);
  });
  const auto mean = [&](std::vector<double> ColumnDraws::*which) {
    std::vector<std::vector<double>> each;
    for (const ColumnDraws& column : all) each.push_back(column.*which);
    return mean_of_draws(each);
  };
  return {mean(&ColumnDraws::distance), mean(&ColumnDraws::wasserstein),
          mean(&ColumnDraws::jensen_shannon), mean(&ColumnDraws::adherence)};
}

}  // namespace semblance::evaluator
