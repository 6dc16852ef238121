#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/intervals.hpp"
#include "evaluator/learners/linear_models.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/quality/logistic_detection.hpp"
#include "evaluator/quality/propensity.hpp"
#include "evaluator/quality/propensity_legacy.hpp"
#include "evaluator/quality/sections.hpp"
#include "evaluator/quality/two_sample_test.hpp"
#include "evaluator/ranking.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kReal = 0x9A0F0001, kOther, kBootstrap };
constexpr int kPermutations = 5;

/// A logistic model fitted to rows of two tables, equally many of each.
struct LogisticTest {
  std::int64_t rows = 0;  ///< of each table
  int rank = 0;
  std::vector<double> p_real, p_other;
  std::vector<std::pair<double, std::string>> strongest;  ///< |coefficient| / error and feature
};

LogisticTest logistic_test(const Context& context, const Rows& real, const Rows& other,
                           std::int64_t most) {
  LogisticTest out;
  out.rows = std::min({real.n_rows, other.n_rows, most});
  const auto rows_real = sample_rows(real.n_rows, out.rows, context.options.seed, kReal);
  const auto rows_other = sample_rows(other.n_rows, out.rows, context.options.seed, kOther);
  const Rows part_real = take(real, rows_real), part_other = take(other, rows_other);
  const Rows* tables[] = {&part_real, &part_other};
  const Design design(context.data, tables, {.most_features = 400});
  SparseRows rows;
  std::vector<std::int64_t> all(static_cast<std::size_t>(out.rows));
  std::iota(all.begin(), all.end(), 0);
  design.append(part_real, all, rows);
  design.append(part_other, all, rows);
  std::vector<double> labels(2 * all.size());
  std::fill(labels.begin() + out.rows, labels.end(), 1.0);
  const LinearModel model = fit_logistic(rows, labels);
  out.rank = model.rank;
  for (std::int64_t i = 0; i < rows.n_rows(); ++i) {
    (i < out.rows ? out.p_real : out.p_other).push_back(logistic(model.score(rows, i)));
  }
  for (std::size_t j = 1; j < model.coefficient.size(); ++j) {
    const double z = std::abs(model.coefficient[j]) / model.error[j];
    if (std::isfinite(z)) out.strongest.emplace_back(z, design.names()[j - 1]);
  }
  std::sort(out.strongest.rbegin(), out.strongest.rend());
  return out;
}

std::string rows_note(std::int64_t used, const Comparison& data) {
  if (used == data.real.n_rows && used == data.synthetic.n_rows) return "All rows of both tables.";
  return fmt::format(
      "On {} random rows of each table, because such statistics grow with the number of rows.",
      used);
}

/// SPECKS when the rows are drawn again and the model stays.
std::optional<Interval> specks_interval(const Context& context, const LogisticTest& test,
                                        double value) {
  const Bins bins = bins_of(sorted_present(test.p_real));
  const Resamples real(test.rows, context.options.seed, kRealRows),
      other(test.rows, context.options.seed, kSyntheticRows);
  return centred_interval(value,
                          resampled_counts(real, bins.code(test.p_real), other,
                                           bins.code(test.p_other), bins.n_bins(), binned_ks),
                          0, 1);
}

std::vector<Check> logistic_checks(const Context& context) {
  const Comparison& data = context.data;
  const auto even = [&](const Rows& other) {
    return std::min(other.n_rows, context.options.sample);
  };
  // With a holdout both comparisons use the same number of rows, so that they can be read side by
  // side.
  const std::int64_t most = data.has_holdout() ? std::min(even(data.synthetic), even(data.holdout))
                                               : even(data.synthetic);
  const LogisticTest test = logistic_test(context, data.real, data.synthetic, most);
  const Propensity p = propensity(test.p_real, test.p_other);
  const double n = 2 * static_cast<double>(test.rows);
  const double expected = expected_pmse(test.rank, 0.5, n);

  Check ratio{.id = "quality.spmse_logistic",
              .title = "Propensity by logistic regression: S_pMSE",
              .definition =
                  "A logistic model is fitted to tell synthetic from real rows, equally many of "
                  "each. pMSE = mean of "
                  "(p − ½)²; divided by its expectation k/(8N) for k parameters and N rows "
                  "(synthpop). 1: drawn "
                  "from the real rows' own distribution; 2: two samples of one population, which "
                  "is what a perfect "
                  "model gives; below 10 is commonly called acceptable.",
              .unit = "ratio"};
  Check pmse{.id = "quality.pmse_logistic",
             .title = "Propensity by logistic regression: pMSE",
             .definition = "Mean of (p − ½)² of the same model; 0 to ¼.",
             .value = p.pmse};
  Check specks{.id = "quality.specks",
               .title = "Propensity by logistic regression: SPECKS",
               .definition =
                   "Largest gap between the distribution functions of p of real and of synthetic "
                   "rows. 0: cannot be "
                   "told apart.",
               .unit = "share",
               .value = p.specks};
  pmse.legacy = legacy_propensity(data, context.options.sample, context.options.seed);
  pmse.legacy_definition =
      "The old pipeline's propensity mse: mean((p − ½)²) of scikit-learn's LogisticRegression "
      "(random_state=42, max_iter=300) on unscaled columns, dates in nanoseconds, missing as 0, "
      "predicted on its own training rows, numbers of rows not evened out: with N_R ≠ N_S it is "
      "not "
      "0 even for equal tables. Both tables are thinned alike to fit in --sample rows.";
  specks.interval = specks_interval(context, test, p.specks);
  if (expected > 0) {
    ratio.value = p.pmse / expected;
    std::vector<double> squares;
    for (const auto* side : {&test.p_real, &test.p_other}) {
      for (const double x : *side) squares.push_back((x - 0.5) * (x - 0.5));
    }
    pmse.interval = bootstrap_mean_interval(squares, context.options.seed, kBootstrap);
    ratio.interval = Interval{pmse.interval->low / expected, pmse.interval->high / expected,
                              pmse.interval->method};
  } else {
    ratio.why_not = "no column varies";
  }
  ratio.note = rows_note(test.rows, data) + fmt::format(" {} parameters.", test.rank);
  Json rows = Json::array();
  for (std::size_t k = 0; k < std::min<std::size_t>(test.strongest.size(), 25); ++k) {
    rows.push_back({test.strongest[k].second, rounded(test.strongest[k].first)});
  }
  if (!rows.empty()) {
    ratio.blocks.push_back(table_block("What tells them apart (|coefficient| / standard error)",
                                       {"Feature", "|z|"}, rows));
  }
  if (data.has_holdout()) {
    const LogisticTest floor = logistic_test(context, data.real, data.holdout, most);
    const Propensity q = propensity(floor.p_real, floor.p_other);
    const double floor_expected =
        expected_pmse(floor.rank, 0.5, 2 * static_cast<double>(floor.rows));
    if (floor_expected > 0) ratio.reference = q.pmse / floor_expected;
    pmse.reference = q.pmse;
    specks.reference = q.specks;
  }
  return {ratio, pmse, specks};
}

/// Tree propensity with cross-fitting, and what permuted labels give.
Check tree_check(const Context& context) {
  const Comparison& data = context.data;
  TwoSampleOptions options{.most_rows = std::min<std::int64_t>(context.options.sample, 10000),
                           .folds = 2,
                           .trees = 30,
                           .depth = 4,
                           .rate = 0.2,
                           .seed = context.options.seed,
                           .threads = context.options.threads};
  const auto pmse = [&](const Rows& other) {
    const TwoSampleTest test = two_sample_test(data, data.real, other, options);
    return propensity(test.p_first, test.p_second).pmse;
  };
  const TwoSampleTest apart = two_sample_test(data, data.real, data.synthetic, options);
  const double value = propensity(apart.p_first, apart.p_second).pmse;
  const double reference = data.has_holdout() ? pmse(data.holdout) : std::nan("");
  double null = 0;
  options.permute_labels = true;
  for (int r = 0; r < kPermutations; ++r) {
    options.permutation = static_cast<std::uint64_t>(r);
    null += pmse(data.synthetic) / kPermutations;
  }
  Check check{
      .id = "quality.spmse_trees",
      .title = "Propensity by boosted trees: S_pMSE",
      .definition = fmt::format(
          "pMSE of boosted trees (30 trees of depth 4), every row judged by trees that have not "
          "seen it, divided by the mean pMSE under {} permutations of the labels. 1: no better "
          "than chance.",
          kPermutations),
      .unit = "ratio"};
  if (null > 0) {
    check.value = value / null;
    if (data.has_holdout()) check.reference = reference / null;
    std::vector<double> squares;
    for (const auto* side : {&apart.p_first, &apart.p_second}) {
      for (const double p : *side) squares.push_back((p - 0.5) * (p - 0.5));
    }
    const Interval i = bootstrap_mean_interval(squares, context.options.seed, kBootstrap);
    check.interval = Interval{i.low / null, i.high / null, i.method};
  } else {
    check.why_not = "trees found nothing to split on even by chance";
  }
  return check;
}

Check logistic_c2st_check(const Context& context) {
  const Comparison& data = context.data;
  constexpr std::int64_t kMostRows = 10000;
  std::int64_t most = std::min({context.options.sample, kMostRows, data.synthetic.n_rows});
  if (data.has_holdout()) most = std::min(most, data.holdout.n_rows);
  const auto test = [&](const Rows& other) {
    return logistic_detection(data, data.real, other, most, context.options.seed,
                              context.options.threads);
  };
  const LogisticDetection found = test(data.synthetic);
  Check check{.id = "quality.c2st_logistic",
              .title = "Told apart by logistic regression: score",
              .definition =
                  "1 − mean over three folds of (2 · max(AUC, ½) − 1) of a logistic model that "
                  "sorts real from synthetic rows it has not seen (SDMetrics' LogisticDetection, "
                  "the “C2ST” of TabSyn and TabDiff). 1: cannot be told apart; 0: always. Columns "
                  "drawn independently of each other also reach 1: trust the trees above.",
              .unit = "share",
              .value = found.score};
  check.interval = Interval{found.low, found.high, "Hanley–McNeil, 95 %"};
  if (data.has_holdout()) check.reference = test(data.holdout).score;
  check.note = fmt::format("On {} rows of each table.", found.rows);
  return check;
}

Check c2st_check(const Context& context, Json& blocks) {
  const Comparison& data = context.data;
  const TwoSampleOptions options{.most_rows = context.options.sample,
                                 .seed = context.options.seed,
                                 .threads = context.options.threads};
  const TwoSampleTest test = two_sample_test(data, data.real, data.synthetic, options);
  Check check{.id = "quality.c2st_auc",
              .title = "Told apart by boosted trees: AUC",
              .definition =
                  "Area under the ROC curve of XGBoost (200 trees of depth 6, rate 0.1, three "
                  "folds) that sorts real "
                  "from synthetic rows it has not seen. ½: cannot be told apart; 1: always. The "
                  "sharpest of the "
                  "likeness tests.",
              .unit = "auc",
              .value = test.auc};
  check.interval = Interval{std::max(test.auc - kZ95 * test.error, 0.0),
                            std::min(test.auc + kZ95 * test.error, 1.0), "Hanley–McNeil, 95 %"};
  check.note = rows_note(test.rows, data);
  std::vector<Cloud> curves;
  const auto add_curve = [&](const char* name, const TwoSampleTest& t) {
    const Roc roc = thinned(roc_curve(t.p_second, t.p_first), 200);
    curves.push_back({name, roc.fpr, roc.tpr});
  };
  add_curve("Synthetic against real", test);
  if (data.has_holdout()) {
    const TwoSampleTest floor = two_sample_test(data, data.real, data.holdout, options);
    check.reference = floor.auc;
    add_curve("Holdout against real", floor);
  }
  std::vector<std::size_t> order(test.gain_shares.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return test.gain_shares[a] > test.gain_shares[b]; });
  std::vector<std::string> names;
  std::vector<double> gains;
  for (std::size_t k = 0; k < std::min<std::size_t>(order.size(), 20); ++k) {
    names.push_back(data.columns[order[k]].name());
    gains.push_back(test.gain_shares[order[k]]);
  }
  blocks.push_back(
      bars_block("What gives it away", "share of the trees' gain", names, {{"Gain", gains}}));
  blocks.push_back(lines_block("ROC of boosted trees", "false positive rate", "true positive rate",
                               curves, true));
  return check;
}

}  // namespace

Section detection_section(const Context& context) {
  Section section{.text = "Can a classifier tell synthetic rows from real ones?"};
  const auto guarded = [&](const char* id, const char* title, const auto& make) {
    try {
      section.checks.push_back(make());
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::kData) throw;
      section.checks.push_back(not_computed(id, title, "", error.what()));
    }
  };
  guarded("quality.c2st_auc", "Told apart by boosted trees: AUC",
          [&] { return c2st_check(context, section.blocks); });
  guarded("quality.c2st_logistic", "Told apart by logistic regression: score",
          [&] { return logistic_c2st_check(context); });
  for (Check& check : logistic_checks(context)) section.checks.push_back(std::move(check));
  guarded("quality.spmse_trees", "Propensity by boosted trees: S_pMSE",
          [&] { return tree_check(context); });
  return section;
}

}  // namespace semblance::evaluator
