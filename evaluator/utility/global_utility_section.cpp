#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/intervals.hpp"
#include "evaluator/means.hpp"
#include "evaluator/sampling.hpp"
#include "evaluator/utility/sections.hpp"
#include "evaluator/utility/train_on_synthetic.hpp"

namespace semblance::evaluator {
namespace {

constexpr std::int64_t kMostTargets = 40;
constexpr std::int64_t kMostRows = 5000;
constexpr double kPredictable = 0.05;  ///< least score of the real model for a column to count

enum Stream : std::uint64_t { kTargets = 0x610BA001 };

/// 0 for no better than chance, 1 for perfect.
double above_chance(const TaskScores& scores, double score) {
  return scores.classification ? 2 * score - 1 : score;
}

/// Scores for one target; none when it cannot be predicted.
std::optional<TaskScores> try_target(const Context& context, const TaskTables& tables, int target) {
  try {
    return train_on_synthetic(context.data, tables.train, context.data.synthetic, tables.test,
                              {.target = target,
                               .most_rows = std::min(kMostRows, context.options.sample),
                               .trees = 30,
                               .depth = 4,
                               .rate = 0.3,
                               .linear = false,
                               .most_classes = 5,
                               .seed = context.options.seed,
                               .threads = 1});
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kData) throw;
    return std::nullopt;
  }
}

}  // namespace

Section global_utility_section(const Context& context) {
  const Comparison& data = context.data;
  const TaskTables tables = task_tables(data, context.options.seed);
  Check check{.id = "utility.global",
              .title = "Every column as target: mean relative score",
              .definition = fmt::format(
                  "Each column in turn is predicted from all others by "
                  "XGBoost (30 trees of depth 4, equally many rows, at most {}), learned "
                  "once from the real and once from the synthetic table and "
                  "scored on real test rows (2·AUC − 1 or R²). Mean "
                  "over columns of synthetic score / real score, cut to [0, "
                  "1], over columns that the real model predicts at "
                  "all (score above {}). 1: all relations can be learned "
                  "from the synthetic table (TabStruct's global utility).",
                  kMostRows, kPredictable),
              .unit = "ratio"};
  Section section{
      .text = "A single target may be lucky; here every column is predicted from all others."};
  const std::vector<std::int64_t> targets =
      sample_rows(data.n_columns(), kMostTargets, context.options.seed, kTargets);
  std::vector<std::optional<TaskScores>> scores(targets.size());
  base::parallel_for(
      static_cast<std::int64_t>(targets.size()), context.options.threads, [&](std::int64_t k) {
        scores[static_cast<std::size_t>(k)] =
            try_target(context, tables, static_cast<int>(targets[static_cast<std::size_t>(k)]));
      });
  std::vector<double> ratios;
  std::vector<std::pair<double, Json>> rows;
  int unpredictable = 0;
  for (std::size_t k = 0; k < targets.size(); ++k) {
    const double real = scores[k] ? above_chance(*scores[k], scores[k]->trees_real) : 0;
    if (!(real > kPredictable)) {
      ++unpredictable;
      continue;
    }
    const TaskScores& s = *scores[k];
    ratios.push_back(std::clamp(above_chance(s, s.trees_synthetic) / real, 0.0, 1.0));
    rows.emplace_back(ratios.back(), Json{data.columns[static_cast<std::size_t>(targets[k])].name(),
                                          s.classification ? "AUC" : "R²", rounded(s.trees_real),
                                          rounded(s.trees_synthetic), rounded(ratios.back())});
  }
  if (ratios.empty()) {
    check.why_not = "no column can be predicted from the others, even from the real table";
  } else {
    check.value = mean_present(ratios);
    check.reference = 1;
    if (ratios.size() > 1) {
      check.interval = bootstrap_mean_interval(ratios, context.options.seed, kTargets + 1);
      check.interval->method = "bootstrap of the targets, 200 resamples, 95 %";
    } else {
      check.no_interval = "a single column counts";
    }
    check.note =
        fmt::format("{} columns count; {} cannot be predicted.", ratios.size(), unpredictable);
    if (data.n_columns() > kMostTargets)
      check.note +=
          fmt::format(" A random {} of {} columns were tried.", kMostTargets, data.n_columns());
    if (!tables.test_unseen)
      check.note += " Test rows are a fifth of the real rows, which the generator has seen.";
  }
  section.checks = {check};
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Json table = Json::array();
  for (auto& [ratio, row] : rows) table.push_back(std::move(row));
  if (!table.empty()) {
    section.blocks.push_back(
        table_block("Target by target",
                    {"Target", "Score", "Learned from real", "Learned from synthetic", "Ratio"},
                    std::move(table)));
  }
  return section;
}

}  // namespace semblance::evaluator
