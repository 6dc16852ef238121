#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/intervals.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/fidelity_diversity.hpp"
#include "evaluator/quality/sections.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kReal = 0xF1DE0001, kOther, kTies, kNaive, kRows };
constexpr double kNaivePairs = 1.5e8;  ///< rows² · columns of one pass of the naive scores

const char* const kNaiveText =
    " Legacy is the “naive” score that synthcity publishes and TabSyn and TabDiff report: "
    "Euclidean "
    "distance on numbers scaled to the real range and one-hot categories, equally many rows, ";

/// The corrected scores of one table against the real one.
struct Scores {
  std::vector<double> inside, covered, fresh;  ///< ranks and indicators, row by row
};

Scores corrected_scores(const Context& context, const Rows& other,
                        const std::vector<kernels::Nearest>& other_to_real) {
  const std::uint64_t seed = context.options.seed;
  const auto& within = context.distances.real_to_real();
  Scores out{.inside = support_ranks(within, other_to_real, seed, kTies),
             .fresh = new_rows(within, other_to_real)};
  const std::int64_t most = context.options.sample;
  const Rows real =
      take(context.data.real, sample_rows(context.data.real.n_rows, most, seed, kReal));
  const Rows part = take(other, sample_rows(other.n_rows, most, seed, kOther));
  kernels::DcrOptions leave_out = context.distances.options();
  leave_out.leave_one_out = true;
  out.covered = support_ranks(nearest(context.data, part, part, leave_out),
                              nearest(context.data, real, part, context.distances.options()), seed,
                              kTies + 16);
  return out;
}

/// Interval of the agreement of a curve, from resampled ranks.
std::optional<Interval> agreement_interval(const std::vector<double>& ranks, std::uint64_t seed) {
  std::vector<double> edges;
  for (int k = 0; k < kSteps; ++k) edges.push_back(static_cast<double>(k) / (kSteps - 1));
  const std::vector<std::int32_t> codes = Bins{edges}.code(ranks);
  const Resamples rows(static_cast<std::int64_t>(ranks.size()), seed, kRows);
  const std::vector<std::int64_t> counts = rows.counts(codes, kSteps);
  std::vector<double> draws;
  for (std::size_t draw = 0; draw < static_cast<std::size_t>(kDraws); ++draw) {
    std::vector<double> curve;
    double total = 0;
    for (std::size_t k = 0; k < static_cast<std::size_t>(kSteps); ++k) {
      total += static_cast<double>(counts[draw * kSteps + k]);
      curve.push_back(total);
    }
    for (double& v : curve) v /= total;
    draws.push_back(curve_agreement(curve));
  }
  return centred_interval(curve_agreement(level_curve(ranks)), std::move(draws), 0, 1);
}

Check curve_check(Check check, const std::vector<double>& ranks,
                  const std::vector<double>* reference, std::uint64_t seed) {
  check.unit = "share";
  check.value = curve_agreement(level_curve(ranks));
  check.interval = agreement_interval(ranks, seed);
  if (reference != nullptr) check.reference = curve_agreement(level_curve(*reference));
  return check;
}

std::vector<Check> names() {
  return {
      {.id = "quality.alpha_precision",
       .title = "α-precision: are synthetic rows where real rows are?",
       .definition =
           "P_α: share of synthetic rows whose distance to the nearest real row is at most the "
           "α-quantile of the real rows' distances to each other (Gower distance, all rows); the "
           "score is 1 − Σ|α − P_α| / Σα over 30 levels. 1: as near as real rows are to each "
           "other, "
           "which a fresh sample gives; lower when synthetic rows lie outside or crowd together."},
      {.id = "quality.beta_recall",
       .title = "β-recall: are real rows where synthetic rows are?",
       .definition =
           "The same with the tables exchanged: share of real rows within the β-quantile of the "
           "synthetic rows' distances to each other. Low when parts of the real table are not "
           "covered."},
      {.id = "quality.authenticity",
       .title = "Authenticity: are synthetic rows new?",
       .definition =
           "Share of synthetic rows that lie farther from their nearest real row r than r does "
           "from "
           "its own nearest real row (Alaa et al. 2022). 0: all are near copies; the reference is "
           "what fresh real rows give."}};
}

/// Why the scores cannot be computed, or "".
std::string obstacle(const Comparison& data) {
  if (data.real.n_rows < 2 || data.synthetic.n_rows < 2)
    return "a table has a single row, so that no row has a neighbour";
  return "";
}

Json naive_table(const NaiveScores& synthetic, const std::optional<NaiveScores>& holdout) {
  const auto row = [&](const char* name, double NaiveScores::*score) {
    return Json{name, rounded(synthetic.*score),
                holdout ? rounded((*holdout).*score) : Json(nullptr)};
  };
  return {row("α-precision", &NaiveScores::alpha_precision),
          row("β-recall", &NaiveScores::beta_recall),
          row("Authenticity", &NaiveScores::authenticity)};
}

}  // namespace

Section fidelity_section(const Context& context) {
  const Comparison& data = context.data;
  Section section{.text =
                      "Do synthetic rows stay where real rows are, cover all of them, and are "
                      "they new?",
                  .checks = names()};
  if (const std::string why = obstacle(data); !why.empty()) {
    for (Check& check : section.checks) check.why_not = why;
    return section;
  }
  const std::uint64_t seed = context.options.seed;
  const Scores synthetic =
      corrected_scores(context, data.synthetic, context.distances.synthetic_to_real());
  std::optional<Scores> holdout;
  if (data.holdout.n_rows >= 2)
    holdout = corrected_scores(context, data.holdout, context.distances.holdout_to_real());
  Check &precision = section.checks[0], &recall = section.checks[1], &fresh = section.checks[2];
  precision = curve_check(precision, synthetic.inside, holdout ? &holdout->inside : nullptr, seed);
  recall = curve_check(recall, synthetic.covered, holdout ? &holdout->covered : nullptr, seed);
  fresh.unit = "share";
  fresh.value = mean_present(synthetic.fresh);
  fresh.interval = wilson_interval(*fresh.value * static_cast<double>(synthetic.fresh.size()),
                                   static_cast<double>(synthetic.fresh.size()));
  if (holdout) fresh.reference = mean_present(holdout->fresh);
  recall.note = fmt::format("On at most {} rows of each table.", context.options.sample);

  std::int64_t n = std::min(data.real.n_rows, data.synthetic.n_rows);
  if (holdout) n = std::min(n, data.holdout.n_rows);
  n = std::clamp(n, std::int64_t{2},
                 std::max(static_cast<std::int64_t>(std::sqrt(kNaivePairs / data.n_columns())),
                          std::int64_t{100}));
  const auto part = [&](const Rows& rows) {
    return take(rows, sample_rows(rows.n_rows, n, seed, kNaive));
  };
  const Rows real = part(data.real);
  const NaiveScores naive = naive_scores(data, real, part(data.synthetic), context.options.threads);
  std::optional<NaiveScores> naive_holdout;
  if (holdout)
    naive_holdout = naive_scores(data, real, part(data.holdout), context.options.threads);
  precision.legacy = naive.alpha_precision;
  recall.legacy = naive.beta_recall;
  fresh.legacy = naive.authenticity;
  precision.legacy_definition = kNaiveText + 1;
  precision.legacy_definition += fmt::format("balls around the mean as support; {} rows.", n);
  recall.legacy_definition = precision.legacy_definition;
  fresh.legacy_definition = fmt::format(
      "Legacy as synthcity publishes it: the distance of each real row to its nearest synthetic "
      "row "
      "s is compared with the neighbour distance of the real row whose number is that of s, which "
      "is another row; {} rows.",
      n);

  std::vector<double> levels;
  for (int k = 0; k < kSteps; ++k) levels.push_back(static_cast<double>(k) / (kSteps - 1));
  const auto curves = [&](const char* title, std::vector<double> Scores::*side) {
    std::vector<Cloud> lines = {{"Synthetic", levels, level_curve(synthetic.*side)}};
    if (holdout) lines.push_back({"Holdout", levels, level_curve((*holdout).*side)});
    return lines_block(title, "level", "share of rows inside", lines, true);
  };
  section.blocks.push_back(
      curves("α-precision: synthetic rows inside the real support", &Scores::inside));
  section.blocks.push_back(
      curves("β-recall: real rows inside the synthetic support", &Scores::covered));
  section.blocks.push_back(table_block("The naive scores, as published",
                                       {"Score", "Synthetic", "Holdout"},
                                       naive_table(naive, naive_holdout)));
  return section;
}

}  // namespace semblance::evaluator
