#include <algorithm>
#include <cmath>

#include "evaluator/blocks.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/missingness.hpp"
#include "evaluator/quality/sections.hpp"

namespace semblance::evaluator {
namespace {

std::vector<double> gaps(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out;
  for (std::size_t j = 0; j < a.size(); ++j) out.push_back(std::abs(a[j] - b[j]));
  return out;
}

/// Largest and mean |difference| of two correlation matrices, where both are known.
double mean_gap(const std::vector<double>& a, const std::vector<double>& b) {
  return mean_present(gaps(a, b));
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
  const auto worst = std::max_element(gap.begin(), gap.end());
  Check largest{
      .id = "quality.missing_rate_worst",
      .title = "Missing values: largest difference",
      .definition = "The largest difference of missing rates of any column.",
      .unit = "share",
      .value = *worst,
      .note = "Column: " + data.columns[static_cast<std::size_t>(worst - gap.begin())].name()};
  if (!floor.empty()) largest.reference = *std::max_element(floor.begin(), floor.end());
  Check pattern{.id = "quality.missing_pattern_error",
                .title = "Missing values: patterns of whole rows",
                .definition =
                    "Total variation distance between the distributions of missingness patterns, "
                    "that is of the "
                    "set of columns that are missing in the same row. 0 is identical.",
                .unit = "share",
                .value = pattern_distance(data.real, data.synthetic)};
  if (data.has_holdout()) pattern.reference = pattern_distance(data.real, data.holdout);

  Check joint{
      .id = "quality.missing_correlation_error",
      .title = "Missing values: what is missing together",
      .definition =
          "Mean over pairs of columns of |difference of the correlations between their missing "
          "indicators|, over pairs where both tables have some missing and some present values.",
      .unit = "share"};
  if (const double value =
          mean_gap(missing_correlations(data.real), missing_correlations(data.synthetic));
      std::isfinite(value)) {
    joint.value = value;
    if (data.has_holdout()) {
      const double reference =
          mean_gap(missing_correlations(data.real), missing_correlations(data.holdout));
      if (std::isfinite(reference)) joint.reference = reference;
    }
  } else {
    joint.why_not = "no column has both missing and present values in both tables";
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
