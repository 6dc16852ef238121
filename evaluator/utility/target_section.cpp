#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/means.hpp"
#include "evaluator/utility/coefficient_agreement.hpp"
#include "evaluator/utility/fairness.hpp"
#include "evaluator/utility/score_bootstrap.hpp"
#include "evaluator/utility/sections.hpp"
#include "evaluator/utility/train_on_synthetic.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kTestRows = 0x7A260001 };

const char* const kGapTitle = "Train on synthetic, test on real: loss";
const char* const kGapDefinition =
    "XGBoost (200 trees of depth 6) predicts the target from all other columns, once learned from "
    "the real and once from the "
    "synthetic table (equally many rows, at most --sample); both are scored on the same real test "
    "rows by "
    "AUC (classes; mean over "
    "one-against-the-rest) or R² (numbers). The loss is the real model's score minus the synthetic "
    "model's. 0: as good.";

std::vector<Check> task_checks(const Context& context, const TaskScores& scores, bool unseen) {
  const char* unit = scores.classification ? "auc" : "";
  const std::string note =
      fmt::format("{} on {} test rows{}.", scores.classification ? "AUC" : "R²", scores.test_rows,
                  unseen ? "" : ", a fifth of the real rows, which the generator has seen");
  const auto one = [&](const char* id, const char* title, const char* definition, double value,
                       double reference) {
    Check check{.id = id, .title = title, .definition = definition, .unit = unit, .note = note};
    if (std::isfinite(value)) {
      check.value = value;
    } else {
      check.why_not = "the score is not defined on the test rows";
    }
    if (std::isfinite(reference)) check.reference = reference;
    return check;
  };
  const Resamples rows(static_cast<std::int64_t>(scores.truth.size()), context.options.seed,
                       kTestRows);
  const auto draws = [&](const std::vector<double>& predicted) {
    return score_draws(scores.truth, predicted, scores.n_classes, rows);
  };
  const auto interval = [](const Check& check, std::vector<double> of) -> std::optional<Interval> {
    return check.value ? centred_interval(*check.value, std::move(of), -1e300, 1) : std::nullopt;
  };
  Check gap{.id = "utility.tstr_gap",
            .title = kGapTitle,
            .definition = kGapDefinition,
            .value = scores.trees_real - scores.trees_synthetic};
  gap.note = fmt::format("Target: {}. Learned from real {:.4f}, from synthetic {:.4f}.",
                         context.options.target, scores.trees_real, scores.trees_synthetic);
  gap.reference = 0;
  Check trees = one("utility.tstr_trees", "Boosted trees learned from the synthetic table",
                    "Score on real test rows of XGBoost learned from the synthetic table. The "
                    "reference is the same model learned from the real table.",
                    scores.trees_synthetic, scores.trees_real);
  Check linear = one("utility.tstr_linear", "Linear model learned from the synthetic table",
                     "The same for logistic regression (classes) or least squares (numbers).",
                     scores.linear_synthetic, scores.linear_real);
  const TaskScores::Predictions& p = scores.predictions;
  std::vector<double> losses = draws(p.trees_real);
  const std::vector<double> mock = draws(p.trees_synthetic);
  for (std::size_t k = 0; k < losses.size() && k < mock.size(); ++k) losses[k] -= mock[k];
  if (!mock.empty()) gap.interval = interval(gap, std::move(losses));
  trees.interval = interval(trees, mock);
  linear.interval = interval(linear, draws(p.linear_synthetic));
  for (Check* check : {&gap, &trees, &linear}) {
    if (!check->interval) check->no_interval = "the synthetic target does not vary";
  }
  return {gap, trees, linear};
}

Check overlap_check(const Context& context, const TaskTables& tables, int target) {
  Check check{.id = "utility.ci_overlap",
              .title = "Regression coefficients: overlap of confidence intervals",
              .definition =
                  "A regression of the target on all other columns is fitted to the real and to "
                  "the synthetic table, "
                  "equally many rows; the overlap of the 95 % confidence intervals of each "
                  "coefficient, averaged over "
                  "the two intervals' lengths (Karr et al. 2006), then over coefficients. 1: same; "
                  "about 0.7 for two "
                  "samples of one population; negative: apart.",
              .unit = "ratio"};
  const auto mean_overlap = [](const std::vector<Coefficient>& coefficients) {
    std::vector<double> overlaps;
    for (const Coefficient& c : coefficients) overlaps.push_back(c.overlap);
    return mean_present(overlaps);
  };
  const std::int64_t most = context.options.sample;
  const std::int64_t n =
      context.data.has_holdout() ? std::min(most, context.data.holdout.n_rows) : most;
  const auto coefficients = coefficient_agreement(
      context.data, tables.train, context.data.synthetic, target, n, context.options.seed);
  if (coefficients.empty()) {
    check.why_not = "no coefficient is determined by both tables";
    return check;
  }
  check.value = mean_overlap(coefficients);
  check.no_interval =
      "each resample would need two new regressions; the coefficients' own intervals are in the "
      "table";
  if (context.data.has_holdout()) {
    const auto floor = coefficient_agreement(context.data, tables.train, context.data.holdout,
                                             target, n, context.options.seed);
    if (!floor.empty()) check.reference = mean_overlap(floor);
  }
  Json rows = Json::array();
  for (const Coefficient& c : coefficients) {
    rows.push_back({c.name, rounded(c.real),
                    fmt::format("{:.4g} to {:.4g}", c.real_low, c.real_high), rounded(c.other),
                    fmt::format("{:.4g} to {:.4g}", c.other_low, c.other_high),
                    rounded(c.overlap)});
  }
  check.blocks.push_back(
      table_block("Coefficients",
                  {"Feature", "Real", "95 % interval", "Synthetic", "95 % interval ", "Overlap"},
                  std::move(rows)));
  return check;
}

std::vector<Check> fairness_checks(const Context& context, const TaskTables& tables,
                                   const TaskScores& scores) {
  const std::vector<std::pair<const char*, const char*>> kinds = {
      {"utility.fairness_parity", "Fairness: difference of positive rates between groups"},
      {"utility.fairness_tpr", "Fairness: difference of true positive rates"},
      {"utility.fairness_fpr", "Fairness: difference of false positive rates"}};
  const std::string definition =
      "Largest difference between groups of the protected column, for the trees learned from the "
      "synthetic table and scored on "
      "real test rows at probability ½; groups of at least 30 rows. The reference is the same for "
      "trees learned from the real "
      "table: the synthetic data should neither add nor hide unfairness.";
  std::string why;
  const int column = context.data.find(context.options.protected_column);
  if (column < 0) {
    why = "no protected column was named: give one with --protected-column";
  } else if (context.data.columns[static_cast<std::size_t>(column)].numeric) {
    why = "the protected column is numeric; it must be a category";
  } else if (scores.n_classes != 2) {
    why = "fairness is judged for a target of two classes";
  } else if (scores.predicted_synthetic.empty()) {
    why = "the synthetic target does not vary";
  }
  std::vector<Check> checks;
  if (!why.empty()) {
    for (const auto& [id, title] : kinds)
      checks.push_back(not_computed(id, title, definition, why));
    return checks;
  }
  std::vector<std::int32_t> group;
  for (const std::int64_t row : scores.test_row) {
    group.push_back(tables.test.features[static_cast<std::size_t>(column)]
                        .codes[static_cast<std::size_t>(row)]);
  }
  const GroupGaps synthetic = group_gaps(scores.predicted_synthetic, scores.truth, group);
  const GroupGaps real = group_gaps(scores.predicted_real, scores.truth, group);
  const GapDraws draws = gap_draws(
      scores.predicted_synthetic, scores.truth, group,
      Resamples(static_cast<std::int64_t>(group.size()), context.options.seed, kTestRows));
  const std::vector<double>* all_draws[] = {&draws.parity, &draws.tpr, &draws.fpr};
  const double values[] = {synthetic.demographic_parity, synthetic.true_positive_rate,
                           synthetic.false_positive_rate};
  const double references[] = {real.demographic_parity, real.true_positive_rate,
                               real.false_positive_rate};
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    Check check{
        .id = kinds[k].first, .title = kinds[k].second, .definition = definition, .unit = "share"};
    if (std::isfinite(values[k])) {
      check.value = values[k];
      check.interval = centred_interval(values[k], *all_draws[k], 0, 1);
      if (!check.interval)
        check.no_interval = "in most resamples fewer than two groups have enough test rows";
    } else {
      check.why_not = "fewer than two groups have 30 test rows of both classes";
    }
    if (std::isfinite(references[k])) check.reference = references[k];
    checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace

Section target_section(const Context& context) {
  Section section{.text = "Would a model learned from the synthetic table work on real people?"};
  const std::string& target = context.options.target;
  SEMBLANCE_EXPECT(!target.empty(), kData,
                   "no target was named: give the column to predict with --target");
  const int column = context.data.find(target);
  const TaskTables tables = task_tables(context.data, context.options.seed);
  const TaskScores scores =
      train_on_synthetic(context.data, tables.train, context.data.synthetic, tables.test,
                         {.target = column,
                          .most_rows = context.options.sample,
                          .seed = context.options.seed,
                          .threads = context.options.threads});
  section.checks = task_checks(context, scores, tables.test_unseen);
  try {
    section.checks.push_back(overlap_check(context, tables, column));
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kData) throw;
    section.checks.push_back(
        not_computed("utility.ci_overlap",
                     "Regression coefficients: overlap of confidence intervals", "", error.what()));
  }
  for (Check& check : fairness_checks(context, tables, scores))
    section.checks.push_back(std::move(check));
  return section;
}

}  // namespace semblance::evaluator
