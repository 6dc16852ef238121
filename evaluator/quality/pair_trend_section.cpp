#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "evaluator/blocks.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/pair_bootstrap.hpp"
#include "evaluator/quality/pair_trend.hpp"
#include "evaluator/quality/sections.hpp"

namespace semblance::evaluator {
namespace {

constexpr std::size_t kListedPairs = 200;

std::vector<std::string> names_of(const Comparison& data, const std::vector<int>& columns) {
  std::vector<std::string> names;
  for (const int j : columns) names.push_back(data.columns[static_cast<std::size_t>(j)].name());
  return names;
}

Json matrix_json(const std::vector<double>& matrix, std::size_t d) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < d; ++i) rows.push_back(rounded(std::span(matrix).subspan(i * d, d)));
  return rows;
}

/// Mean over i < j of relation_gap().
double mean_off_diagonal_gap(const std::vector<double>& real, const std::vector<double>& other,
                             std::size_t d) {
  std::vector<double> gaps;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = i + 1; j < d; ++j)
      gaps.push_back(relation_gap(real[i * d + j], other[i * d + j]));
  }
  return mean_present(gaps);
}

/// Resamples of the mean gap of correlations, of values or of ranks within each table.
std::vector<double> gap_draws(const Context& context, const std::vector<int>& columns,
                              bool of_ranks) {
  const Comparison& data = context.data;
  const auto values = [&](const Rows& rows) {
    std::vector<std::vector<double>> out;
    for (const int j : columns) {
      const auto& numbers = rows.features[static_cast<std::size_t>(j)].numbers;
      out.push_back(of_ranks ? ranks(numbers) : numbers);
    }
    return out;
  };
  const std::uint64_t seed = context.options.seed;
  return correlation_gap_draws(
      values(data.real), values(data.synthetic), Resamples(data.real.n_rows, seed, kRealRows),
      Resamples(data.synthetic.n_rows, seed, kSyntheticRows), seed, context.options.threads);
}

Check correlation_check(const Context& context, const Correlations& c, bool of_ranks, Check check) {
  const std::size_t d = c.columns.size();
  const double value = mean_off_diagonal_gap(c.real, c.synthetic, d);
  if (std::isnan(value)) {
    check.why_not = "there are fewer than two numeric columns that vary";
    return check;
  }
  check.value = value;
  check.interval = centred_interval(value, gap_draws(context, c.columns, of_ranks), 0, 2);
  if (!c.holdout.empty()) check.reference = mean_off_diagonal_gap(c.real, c.holdout, d);
  return check;
}

Json worst_pairs(const Comparison& data, const PairErrors& errors) {
  const std::size_t d = data.columns.size();
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = i + 1; j < d; ++j) {
      if (!std::isnan(errors.synthetic[i * d + j])) pairs.emplace_back(i, j);
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [&](auto x, auto y) {
    return errors.synthetic[x.first * d + x.second] > errors.synthetic[y.first * d + y.second];
  });
  Json rows = Json::array();
  for (std::size_t k = 0; k < std::min(kListedPairs, pairs.size()); ++k) {
    const auto [i, j] = pairs[k];
    rows.push_back({data.columns[i].name(), data.columns[j].name(),
                    rounded(errors.synthetic[i * d + j]),
                    errors.holdout.empty() ? Json(nullptr) : rounded(errors.holdout[i * d + j])});
  }
  return table_block("Pairs with the largest errors",
                     {"Column", "Other column", "Error", "Reference"}, std::move(rows));
}

/// Pairs without an error, and all.
std::pair<std::int64_t, std::int64_t> pairs_left_out(const PairErrors& errors, std::size_t d) {
  std::int64_t left_out = 0, all = 0;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = i + 1; j < d; ++j) {
      ++all;
      left_out += std::isnan(errors.synthetic[i * d + j]);
    }
  }
  return {left_out, all};
}

}  // namespace

Section pair_trend_section(const Context& context) {
  const Comparison& data = context.data;
  const std::size_t d = data.columns.size();
  const PairErrors errors = pair_trend_errors(data, context.options.threads);
  const Correlations pearsons = correlations(data, false, context.options.threads);
  const Correlations spearmans = correlations(data, true, context.options.threads);

  Check trend{.id = "quality.trend_error",
              .title = "Pairs of columns: mean error",
              .definition =
                  "Mean over all pairs of columns: two numeric columns |ρ(synthetic) − ρ(real)| / "
                  "2 (Pearson); "
                  "any other pair half the summed difference of the shares in the two-way table "
                  "(numbers in ten "
                  "equal bins of the real range). Equals 1 − Column Pair Trends of SDMetrics with "
                  "both of its "
                  "thresholds at 0 and bins of the real table, as TabSyn and TabDiff report.",
              .unit = "share"};
  if (const double value = mean_present(errors.synthetic); !std::isnan(value)) {
    trend.value = value;
    trend.interval = centred_interval(
        value, trend_draws(data, context.options.seed, context.options.threads), 0, 1);
  } else {
    trend.why_not = "there are fewer than two columns that vary";
  }
  if (!errors.holdout.empty() && trend.value) trend.reference = mean_present(errors.holdout);
  if (const auto [left_out, all] = pairs_left_out(errors, d); trend.value && left_out > 0) {
    trend.note = fmt::format(
        "{} of {} pairs are left out, as SDMetrics does: a number does not vary in one of the "
        "tables.",
        left_out, all);
  }

  Section section{.text = "Do columns hang together two by two as in the real table?"};
  section.checks = {
      trend,
      correlation_check(
          context, pearsons, false,
          {.id = "quality.pearson_error",
           .title = "Pearson correlations: mean difference",
           .definition = "Mean over pairs of numeric columns of |ρ(synthetic) − ρ(real)|, rows "
                         "where both are present; 0 where a column does not vary in the "
                         "synthetic table alone."}),
      correlation_check(
          context, spearmans, true,
          {.id = "quality.spearman_error",
           .title = "Spearman correlations: mean difference",
           .definition = "The same for correlations of ranks, which see any monotone relation. "
                         "Ranks are taken within a column's present values."})};
  const std::vector<std::string> numeric = names_of(data, pearsons.columns);
  std::vector<int> all(d);
  for (std::size_t j = 0; j < d; ++j) all[j] = static_cast<int>(j);
  section.blocks.push_back(
      heatmap_block("Pair errors", names_of(data, all), matrix_json(errors.synthetic, d), false));
  if (numeric.size() > 1) {
    std::vector<double> difference;
    for (std::size_t k = 0; k < spearmans.real.size(); ++k)
      difference.push_back(spearmans.synthetic[k] - spearmans.real[k]);
    section.blocks.push_back(
        heatmaps_block("Spearman correlations", numeric,
                       {{"Real", matrix_json(spearmans.real, numeric.size())},
                        {"Synthetic", matrix_json(spearmans.synthetic, numeric.size())},
                        {"Difference", matrix_json(difference, numeric.size())}}));
  }
  section.blocks.push_back(worst_pairs(data, errors));
  return section;
}

}  // namespace semblance::evaluator
