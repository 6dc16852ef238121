#include <algorithm>
#include <cmath>

#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/quality/missingness.hpp"
#include "evaluator/quality/pair_bootstrap.hpp"
#include "evaluator/quality/sections.hpp"

namespace semblance::evaluator {
namespace {

std::vector<double> gaps(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out;
  for (std::size_t j = 0; j < a.size(); ++j) out.push_back(std::abs(a[j] - b[j]));
  return out;
}

/// Mean |difference| of two correlation matrices over pairs i < j, where both are known.
double mean_gap(const std::vector<double>& a, const std::vector<double>& b, std::size_t d) {
  std::vector<double> out;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = i + 1; j < d; ++j) out.push_back(std::abs(a[i * d + j] - b[i * d + j]));
  }
  return mean_present(out);
}

/// 1 where a cell is missing, [rows].
std::vector<double> indicator(const Rows& rows, std::size_t column) {
  std::vector<double> out;
  out.reserve(static_cast<std::size_t>(rows.n_rows));
  for (std::int64_t i = 0; i < rows.n_rows; ++i)
    out.push_back(cell_missing(rows.features[column], i) ? 1 : 0);
  return out;
}

/// Resamples of the mean and of the largest gap of missing rates.
struct RateDraws {
  std::vector<double> mean, largest;
};

RateDraws rate_draws(const Rows& real, const Rows& other, const Resamples& real_rows,
                     const Resamples& other_rows) {
  std::vector<std::vector<double>> each;
  RateDraws out{.mean = {}, .largest = std::vector<double>(kDraws)};
  for (std::size_t j = 0; j < real.features.size(); ++j) {
    each.push_back(
        gaps(real_rows.means(indicator(real, j)), other_rows.means(indicator(other, j))));
    for (std::size_t k = 0; k < each.back().size(); ++k)
      out.largest[k] = std::max(out.largest[k], each.back()[k]);
  }
  out.mean = mean_of_draws(each);
  return out;
}

/// Patterns of missing cells as numbers; those behind the first 4,096 share one.
std::vector<double> pattern_draws(const Rows& real, const Rows& other, const Resamples& real_rows,
                                  const Resamples& other_rows) {
  const PatternCodes codes = pattern_codes(real, other, 4096);
  return resampled_counts(real_rows, codes.a, other_rows, codes.b, codes.n_codes, total_variation);
}

}  // namespace

Section missingness_section(const Context& context) {
  const Comparison& data = context.data;
  const std::vector<double> real = missing_rates(data.real),
                            synthetic = missing_rates(data.synthetic);
  const std::vector<double> gap = gaps(real, synthetic);
  std::vector<double> floor;
  if (data.has_holdout()) floor = gaps(real, missing_rates(data.holdout));

  Check mean{
      .id = "quality.missing_rate_error",
      .title = "Missing values: mean difference of rates",
      .definition =
          "Mean over columns of |share missing in real − share missing in synthetic|. Equals 1 − "
          "MissingValueSimilarity of SDMetrics.",
      .unit = "share",
      .value = mean_present(gap)};
  if (!floor.empty()) mean.reference = mean_present(floor);
  const Resamples real_rows(data.real.n_rows, context.options.seed, kRealRows),
      synthetic_rows(data.synthetic.n_rows, context.options.seed, kSyntheticRows);
  const RateDraws draws = rate_draws(data.real, data.synthetic, real_rows, synthetic_rows);
  mean.interval = centred_interval(*mean.value, draws.mean, 0, 1);
  const auto worst = std::max_element(gap.begin(), gap.end());
  Check largest{
      .id = "quality.missing_rate_worst",
      .title = "Missing values: largest difference",
      .definition = "The largest difference of missing rates of any column.",
      .unit = "share",
      .value = *worst,
      .note = "Column: " + data.columns[static_cast<std::size_t>(worst - gap.begin())].name()};
  largest.interval = centred_interval(*worst, draws.largest, 0, 1);
  if (!floor.empty()) largest.reference = *std::max_element(floor.begin(), floor.end());
  Check pattern{.id = "quality.missing_pattern_error",
                .title = "Missing values: patterns of whole rows",
                .definition =
                    "Total variation distance between the distributions of missingness patterns, "
                    "that is of the "
                    "set of columns that are missing in the same row. 0 is identical.",
                .unit = "share",
                .value = pattern_distance(data.real, data.synthetic)};
  pattern.interval = centred_interval(
      *pattern.value, pattern_draws(data.real, data.synthetic, real_rows, synthetic_rows), 0, 1);
  if (data.has_holdout()) pattern.reference = pattern_distance(data.real, data.holdout);

  Check joint{
      .id = "quality.missing_correlation_error",
      .title = "Missing values: what is missing together",
      .definition =
          "Mean over pairs of columns of |difference of the correlations between their missing "
          "indicators|, over pairs where both tables have some missing and some present values.",
      .unit = "share"};
  const std::size_t d = data.columns.size();
  const std::vector<double> together = missing_correlations(data.real);
  if (const double value = mean_gap(together, missing_correlations(data.synthetic), d);
      std::isfinite(value)) {
    joint.value = value;
    // Columns that both tables hold missing and present: few enough to look at every pair.
    std::vector<std::vector<double>> a, b;
    for (std::size_t j = 0; j < d; ++j) {
      if (std::isnan(together[j * d + j]) || synthetic[j] <= 0 || synthetic[j] >= 1) continue;
      a.push_back(indicator(data.real, j));
      b.push_back(indicator(data.synthetic, j));
    }
    joint.interval =
        centred_interval(value,
                         correlation_gap_draws(a, b, real_rows, synthetic_rows,
                                               context.options.seed, context.options.threads),
                         0, 2);
    if (data.has_holdout()) {
      const double reference = mean_gap(together, missing_correlations(data.holdout), d);
      if (std::isfinite(reference)) joint.reference = reference;
    }
  } else {
    joint.why_not = "there are no two columns with both missing and present values in both tables";
  }

  Section section{
      .text = "Are values missing as often, and in the same rows, as in the real table?",
      .checks = {mean, largest, pattern, joint}};
  Json rows = Json::array();
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    if (real[j] == 0 && synthetic[j] == 0) continue;
    rows.push_back({data.columns[j].name(), rounded(real[j]), rounded(synthetic[j]),
                    rounded(gap[j]), floor.empty() ? Json(nullptr) : rounded(floor[j])});
  }
  if (!rows.empty()) {
    section.blocks.push_back(table_block("Columns with missing values",
                                         {"Column", "Real", "Synthetic", "Difference", "Reference"},
                                         std::move(rows)));
  }
  return section;
}

}  // namespace semblance::evaluator
