#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/error.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/cell_tables.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/quality/gower_legacy.hpp"
#include "evaluator/quality/logistic_detection.hpp"
#include "evaluator/quality/pair_trend.hpp"
#include "evaluator/quality/sdv_legacy.hpp"
#include "evaluator/quality/sections.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
enum Stream : std::uint64_t { kEvenReal = 0x01D00001, kEvenOther, kGowerReal, kGowerOther, kRows };
constexpr double kGowerCells = 1.5e8;  ///< pairs of rows times columns of one Gower table
constexpr std::int64_t kGowerPeople = 1000;
constexpr std::int64_t kDetectionRows = 10000;

/// Mean KS or total variation distance over columns.
double shape_error(const Comparison& data, const Rows& other) {
  std::vector<double> errors;
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const Feature &a = data.real.features[j], &b = other.features[j];
    const int n = data.columns[j].n_levels();
    errors.push_back(data.columns[j].numeric
                         ? ks_distance(sorted_present(a.numbers), sorted_present(b.numbers))
                         : total_variation(code_counts(a.codes, n), code_counts(b.codes, n)));
  }
  return mean_present(errors);
}

double detection_score(const Context& context, const Rows& other) {
  try {
    return logistic_detection(context.data, context.data.real, other,
                              std::min(context.options.sample, kDetectionRows),
                              context.options.seed, context.options.threads)
        .score;
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kData) throw;
    return kNaN;
  }
}

Json measure_row(const char* name, double synthetic, double holdout) {
  return {name, rounded(synthetic), rounded(holdout)};
}

/// The score of the old pipeline beside today's.
Check sdv_check(const Context& context) {
  const Comparison& data = context.data;
  Check check{
      .id = "quality.sdv_score",
      .title = "SDV score",
      .definition =
          "Mean of Column Shapes and Column Pair Trends, the overall score of SDMetrics' "
          "QualityReport with both of its thresholds at 0: 1 − (column shapes error + pairs "
          "error) / 2.",
      .unit = "share"};
  const PairErrors pairs = pair_trend_errors(data, context.options.threads);
  const auto today = [&](const Rows& other, const std::vector<double>& errors) {
    const double shape = shape_error(data, other), trend = mean_present(errors);
    return std::isnan(trend) ? 1 - shape : 1 - (shape + trend) / 2;
  };
  const double value = today(data.synthetic, pairs.synthetic);
  if (std::isnan(value)) {
    check.why_not = "no column has values in both tables";
  } else {
    check.value = value;
  }
  if (data.has_holdout()) {
    const double floor = today(data.holdout, pairs.holdout);
    if (!std::isnan(floor)) check.reference = floor;
  }
  check.no_interval =
      "it is a fixed sum of the column shapes and pairs errors, whose intervals stand there";

  const SdvMeasures s = sdv_measures(data, data.synthetic, context.options.threads);
  const double logistic = detection_score(context, data.synthetic);
  SdvMeasures h{kNaN, kNaN, kNaN, kNaN, kNaN};
  double logistic_holdout = kNaN;
  if (data.has_holdout()) {
    h = sdv_measures(data, data.holdout, context.options.threads);
    logistic_holdout = detection_score(context, data.holdout);
  }
  const std::vector<double> all = {s.cs_test,       s.ks_test,     s.ks_extended,
                                   s.continuous_kl, s.discrete_kl, logistic};
  if (const double mean = mean_present(all); !std::isnan(mean)) check.legacy = mean;
  check.legacy_definition =
      "Mean normalised score of sdv.evaluation.evaluate (SDV 0.11) over CSTest, KSTest, "
      "KSTestExtended, ContinuousKLDivergence, DiscreteKLDivergence and LogisticDetection, missing "
      "values filled with 0. Left out, because no two runs of the old pipeline agreed on them: "
      "GMLogLikelihood (random mixtures) and SVCDetection (does not end on large tables); its "
      "other "
      "measures need a target or secret and were dropped there too. CSTest compares shares, not "
      "counts, so its p-values are near 1 whatever the tables are.";
  check.blocks.push_back(table_block(
      "The measures inside the old SDV score", {"Measure", "Synthetic", "Holdout"},
      {measure_row("CSTest", s.cs_test, h.cs_test), measure_row("KSTest", s.ks_test, h.ks_test),
       measure_row("KSTestExtended", s.ks_extended, h.ks_extended),
       measure_row("ContinuousKLDivergence", s.continuous_kl, h.continuous_kl),
       measure_row("DiscreteKLDivergence", s.discrete_kl, h.discrete_kl),
       measure_row("LogisticDetection", logistic, logistic_holdout)}));
  return check;
}

/// χ² / df of one category in two tables of equally many rows; NaN when it has one level.
double chi_square_ratio(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  std::vector<CellPair> cells;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k] > 0 || b[k] > 0) cells.push_back({a[k], b[k]});
  }
  // With equally many rows the Voas–Williamson statistic is twice the two-sample χ².
  return voas_williamson(cells).ratio / 2;
}

/// Codes with missing as a level of its own.
std::vector<std::int32_t> with_missing(const ColumnInfo& info, const Feature& feature) {
  std::vector<std::int32_t> out = feature.codes;
  for (std::int32_t& code : out) code = code < 0 ? info.n_levels() : code;
  return out;
}

struct ChiSquare {
  std::vector<double> ratios;
  std::vector<std::vector<double>> draws;
};

ChiSquare chi_squares(const Context& context, const Rows& other, std::int64_t n, bool with_draws) {
  const Comparison& data = context.data;
  const std::uint64_t seed = context.options.seed;
  const Rows real = take(data.real, sample_rows(data.real.n_rows, n, seed, kEvenReal)),
             part = take(other, sample_rows(other.n_rows, n, seed, kEvenOther));
  const Resamples real_rows(n, seed, kRealRows), part_rows(n, seed, kSyntheticRows);
  ChiSquare out;
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const ColumnInfo& info = data.columns[j];
    if (info.numeric) continue;
    const auto a = with_missing(info, real.features[j]), b = with_missing(info, part.features[j]);
    const int k = info.n_levels() + 1;
    out.ratios.push_back(chi_square_ratio(code_counts(a, k), code_counts(b, k)));
    if (with_draws && !std::isnan(out.ratios.back()))
      out.draws.push_back(resampled_counts(real_rows, a, part_rows, b, k, chi_square_ratio));
  }
  return out;
}

Check chi_check(const Context& context) {
  const Comparison& data = context.data;
  Check check{.id = "quality.chi_square",
              .title = "Chi-square statistic of levels",
              .definition =
                  "Two-sample χ² of the levels of a category over its degrees of freedom, equally "
                  "many rows of both tables, missing as a level; mean over categories. 1: two "
                  "samples of one population. It grows with rows when the tables differ.",
              .unit = "ratio"};
  std::int64_t n = std::min({data.real.n_rows, data.synthetic.n_rows, context.options.sample});
  if (data.has_holdout()) n = std::min(n, data.holdout.n_rows);
  const ChiSquare synthetic = chi_squares(context, data.synthetic, n, true);
  const double value = mean_present(synthetic.ratios);
  const double old = sdv_measures(data, data.synthetic, context.options.threads).cs_test;
  if (!std::isnan(old)) check.legacy = old;
  check.legacy_definition =
      "Mean p-value of CSTest in the old SDV score: scipy's chisquare on shares instead of counts, "
      "so that it is near 1 for any two tables.";
  if (std::isnan(value)) {
    check.why_not = "no category has two levels";
    return check;
  }
  check.value = value;
  check.interval = centred_interval(value, mean_of_draws(synthetic.draws), 0);
  check.note = fmt::format("On {} rows of each table.", n);
  if (data.has_holdout()) {
    const double floor = mean_present(chi_squares(context, data.holdout, n, false).ratios);
    if (!std::isnan(floor)) check.reference = floor;
  }
  return check;
}

Check gower_check(Check check, const std::vector<double>& each, const std::vector<double>& legacy,
                  const std::optional<std::vector<double>>& holdout, std::uint64_t seed) {
  check.value = mean_present(each);
  check.legacy = mean_present(legacy);
  if (holdout) check.reference = mean_present(*holdout);
  const Resamples rows(static_cast<std::int64_t>(each.size()), seed, kRows);
  check.interval = centred_interval(*check.value, rows.means(each), 0, 1);
  check.legacy_definition =
      "The old pipeline's gower_distance_average: categories one-hot, each level a column of its "
      "own, missing as 0, so that a column of many levels drowns the rest. Same rows as the value.";
  return check;
}

std::vector<Check> gower_checks(const Context& context) {
  const Comparison& data = context.data;
  const std::uint64_t seed = context.options.seed;
  std::int64_t m = data.synthetic.n_rows;
  if (data.has_holdout()) m = std::min(m, data.holdout.n_rows);
  const std::int64_t people = std::min(data.real.n_rows, kGowerPeople);
  m = std::min(
      m, std::max<std::int64_t>(static_cast<std::int64_t>(
                                    kGowerCells / static_cast<double>(people) / data.n_columns()),
                                100));
  const Rows real = take(data.real, sample_rows(data.real.n_rows, people, seed, kGowerReal));
  const auto part = [&](const Rows& rows) {
    return take(rows, sample_rows(rows.n_rows, m, seed, kGowerOther));
  };
  const int threads = context.options.threads;
  const Rows synthetic = part(data.synthetic);
  const GowerExtremes now = gower_extremes(data, real, synthetic, threads),
                      old = gower_extremes_one_hot(data, real, synthetic, threads);
  std::optional<GowerExtremes> held;
  if (data.has_holdout()) held = gower_extremes(data, real, part(data.holdout), threads);
  const std::string note =
      fmt::format("{} real rows against {} rows of the other table.", real.n_rows, m);
  const auto side = [&](std::vector<double> GowerExtremes::*which) {
    return held ? std::optional((*held).*which) : std::nullopt;
  };
  return {gower_check({.id = "quality.gower_nearest",
                       .title = "Gower distance to a real row: nearest",
                       .definition =
                           "Mean over real rows of the Gower distance to the nearest synthetic row "
                           "(a category counts as one column). Read it beside its reference: "
                           "smaller is not better.",
                       .note = note},
                      now.nearest, old.nearest, side(&GowerExtremes::nearest), seed),
          gower_check({.id = "quality.gower_furthest",
                       .title = "Gower distance to a real row: furthest",
                       .definition = "Mean over real rows of the Gower distance to the furthest "
                                     "synthetic row.",
                       .note = note},
                      now.furthest, old.furthest, side(&GowerExtremes::furthest), seed)};
}

}  // namespace

Section old_pipeline_section(const Context& context) {
  Section section{
      .text =
          "The numbers of the older NHS pipeline that have no place above: each as it was "
          "computed there (legacy), as it should be (value), and for fresh real rows "
          "(reference). docs/METRICS.md says where every check of that pipeline is now."};
  section.checks = {sdv_check(context), chi_check(context)};
  for (Check& check : gower_checks(context)) section.checks.push_back(std::move(check));
  return section;
}

}  // namespace semblance::evaluator
