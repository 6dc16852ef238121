#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/quality/sections.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kStatistics = 8;
constexpr std::array<const char*, kStatistics> kNames = {"count", "mean", "std", "min",
                                                         "25%",   "50%",  "75%", "max"};

/// pandas' describe() of the present values.
using Description = std::array<double, kStatistics>;

Description describe(const std::vector<double>& sorted) {
  const double n = static_cast<double>(sorted.size());
  if (sorted.empty()) return {0, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN};
  return {n,
          mean_present(sorted),
          n > 1 ? standard_deviation(sorted) * std::sqrt(n / (n - 1)) : kNaN,
          sorted.front(),
          quantile(sorted, 0.25),
          quantile(sorted, 0.5),
          quantile(sorted, 0.75),
          sorted.back()};
}

/// 1 − StatisticSimilarity of SDMetrics, mean of mean, median and standard deviation.
double statistic_error(const Description& real, const Description& other) {
  const double range = real[7] - real[3];
  if (!(range > 0)) return kNaN;
  std::vector<double> errors;
  for (const std::size_t k : {1u, 2u, 5u})
    errors.push_back(std::min(std::abs(real[k] - other[k]) / range, 1.0));
  for (const double e : errors) {
    if (std::isnan(e)) return kNaN;
  }
  return mean_present(errors);
}

/// Mean, deviation and median of one column in each resample.
struct DescriptionDraws {
  std::vector<double> mean, deviation, median;
};

DescriptionDraws description_draws(const Resamples& rows, const std::vector<double>& values,
                                   const Bins& bins, const std::vector<double>& middles,
                                   double centre) {
  DescriptionDraws out;
  std::vector<double> squares;
  for (const double v : values) squares.push_back((v - centre) * (v - centre));
  out.mean = rows.means(values);
  const std::vector<double> square = rows.means(squares);
  const std::vector<std::int64_t> counts = rows.counts(bins.code(values), bins.n_bins());
  const auto k = static_cast<std::size_t>(bins.n_bins());
  for (std::size_t draw = 0; draw < static_cast<std::size_t>(kDraws); ++draw) {
    const double shift = out.mean[draw] - centre;
    out.deviation.push_back(std::sqrt(std::max(square[draw] - shift * shift, 0.0)));
    std::int64_t total = 0, below = 0;
    for (std::size_t c = 0; c < k; ++c) total += counts[draw * k + c];
    std::size_t at = 0;
    while (at + 1 < k && 2 * (below + counts[draw * k + at]) < total)
      below += counts[draw * k + at++];
    out.median.push_back(middles[at]);
  }
  return out;
}

/// A value within each bin.
std::vector<double> middles_of(const Bins& bins, double low, double high) {
  std::vector<double> out;
  for (std::size_t k = 0; k <= bins.edges.size(); ++k) {
    const double from = k == 0 ? low : bins.edges[k - 1];
    const double to = k == bins.edges.size() ? high : bins.edges[k];
    out.push_back((from + to) / 2);
  }
  return out;
}

/// statistic_error() of one column in each resample.
std::vector<double> error_draws(const Comparison& data, std::size_t j, const Resamples& real_rows,
                                const Resamples& other_rows, const std::vector<double>& sorted) {
  const ColumnInfo& info = data.columns[j];
  const double range = info.high - info.low;
  if (!(range > 0)) return {};
  const Bins bins = bins_of(sorted, 1024);
  const std::vector<double> middles = middles_of(bins, info.low, info.high);
  const double centre = mean_present(sorted);
  const DescriptionDraws a = description_draws(real_rows, data.real.features[j].numbers, bins,
                                               middles, centre),
                         b = description_draws(other_rows, data.synthetic.features[j].numbers, bins,
                                               middles, centre);
  std::vector<double> out;
  for (std::size_t k = 0; k < static_cast<std::size_t>(kDraws); ++k) {
    out.push_back((std::min(std::abs(a.mean[k] - b.mean[k]) / range, 1.0) +
                   std::min(std::abs(a.deviation[k] - b.deviation[k]) / range, 1.0) +
                   std::min(std::abs(a.median[k] - b.median[k]) / range, 1.0)) /
                  3);
  }
  return out;
}

Json describe_row(const ColumnInfo& info, std::size_t statistic, const Description& real,
                  const Description& synthetic, const Description* holdout) {
  const double r = real[statistic], s = synthetic[statistic];
  return {info.name(),    kNames[statistic],
          rounded(r),     rounded(s),
          rounded(s - r), holdout == nullptr ? Json(nullptr) : rounded((*holdout)[statistic] - r)};
}

}  // namespace

Section summary_statistics_section(const Context& context) {
  const Comparison& data = context.data;
  Check check{
      .id = "quality.statistic_error",
      .title = "Means, medians and deviations: mean error",
      .definition =
          "|difference| of the mean, the median and the standard deviation over the real "
          "range, mean of the three (1 − SDMetrics' StatisticSimilarity), then over numeric "
          "columns that vary.",
      .unit = "share"};
  Section section{.text =
                      "The summary of every number and date, as describe() of the old pipeline "
                      "gave it; dates in days and datetimes in microseconds since 1970."};
  const Resamples real_rows(data.real.n_rows, context.options.seed, kRealRows),
      synthetic_rows(data.synthetic.n_rows, context.options.seed, kSyntheticRows);
  std::vector<double> errors, references;
  std::vector<std::vector<double>> draws;
  Json rows = Json::array();
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    if (!data.columns[j].numeric) continue;
    const std::vector<double> sorted = sorted_present(data.real.features[j].numbers);
    const Description real = describe(sorted),
                      synthetic = describe(sorted_present(data.synthetic.features[j].numbers));
    Description holdout{};
    if (data.has_holdout()) {
      holdout = describe(sorted_present(data.holdout.features[j].numbers));
      references.push_back(statistic_error(real, holdout));
    }
    errors.push_back(statistic_error(real, synthetic));
    draws.push_back(error_draws(data, j, real_rows, synthetic_rows, sorted));
    for (std::size_t k = 0; k < kStatistics; ++k)
      rows.push_back(describe_row(data.columns[j], k, real, synthetic,
                                  data.has_holdout() ? &holdout : nullptr));
  }
  if (const double value = mean_present(errors); std::isnan(value)) {
    check.why_not = "no numeric column varies and has values in both tables";
  } else {
    check.value = value;
    check.interval = centred_interval(value, mean_of_draws(draws), 0, 1);
    if (const double floor = mean_present(references); !std::isnan(floor)) check.reference = floor;
  }
  section.checks = {check};
  if (!rows.empty()) {
    section.blocks.push_back(table_block(
        "Summary of numbers",
        {"Column", "Statistic", "Real", "Synthetic", "Difference", "Difference of the holdout"},
        std::move(rows)));
  }
  return section;
}

}  // namespace semblance::evaluator
