#include <algorithm>
#include <cmath>
#include <string>

#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/distances.hpp"
#include "evaluator/intervals.hpp"
#include "evaluator/means.hpp"
#include "evaluator/privacy/sections.hpp"

namespace semblance::evaluator {
namespace {

constexpr int kBins = 50;

std::vector<double> sorted_first(const std::vector<kernels::Nearest>& nearest) {
  std::vector<double> out;
  out.reserve(nearest.size());
  for (const kernels::Nearest& n : nearest) out.push_back(n.first);
  std::sort(out.begin(), out.end());
  return out;
}

/// d1 / d2 of every row with a small constant, as mostlyai-qa; 1 where both are 0.
std::vector<double> sorted_ratios(const std::vector<kernels::Nearest>& nearest) {
  constexpr double kTiny = 1e-8;
  std::vector<double> out;
  out.reserve(nearest.size());
  for (const kernels::Nearest& n : nearest) {
    if (std::isfinite(n.second)) out.push_back((n.first + kTiny) / (n.second + kTiny));
  }
  std::sort(out.begin(), out.end());
  return out;
}

double share_at_most(const std::vector<double>& sorted, double limit) {
  if (sorted.empty()) return std::nan("");
  return static_cast<double>(std::upper_bound(sorted.begin(), sorted.end(), limit) -
                             sorted.begin()) /
         static_cast<double>(sorted.size());
}

Check distance_check(const Context& context, double share, Check check) {
  Distances& distances = context.distances;
  const std::vector<double> sorted = sorted_first(distances.synthetic_to_real());
  check.value = quantile(sorted, share);
  check.interval = quantile_interval(sorted, share);
  if (context.data.has_holdout())
    check.reference = quantile(sorted_first(distances.holdout_to_real()), share);
  return check;
}

Check identical_check(const Context& context) {
  constexpr double kSame = 1e-6;
  Check check{.id = "privacy.identical_share",
              .title = "Rows at distance 0 of a real row",
              .definition =
                  "Share of synthetic rows whose Gower distance to some real row is at most 1e-6 "
                  "(mostlyai-qa's "
                  "identical match share): equal but for rounding, the differences of all columns "
                  "together being less than a millionth of a row's greatest distance.",
              .unit = "share"};
  const double n = static_cast<double>(context.data.synthetic.n_rows);
  check.value = share_at_most(sorted_first(context.distances.synthetic_to_real()), kSame);
  check.interval = wilson_interval(*check.value * n, n);
  if (context.data.has_holdout()) {
    check.reference = share_at_most(sorted_first(context.distances.holdout_to_real()), kSame);
  }
  return check;
}

Check ratio_check(const Context& context) {
  Check check{
      .id = "privacy.nndr_p5",
      .title = "Nearest-neighbour distance ratio, 5th percentile",
      .definition =
          "Distance of a synthetic row to the nearest real row divided by its distance to the "
          "second "
          "nearest (NNDR); 5th percentile. Near 0 means that rows stick to one person's record.",
      .unit = "ratio"};
  if (context.data.real.n_rows < 2) {
    check.why_not = "the real table has a single row";
    return check;
  }
  const std::vector<double> sorted = sorted_ratios(context.distances.synthetic_to_real());
  check.value = quantile(sorted, 0.05);
  check.interval = quantile_interval(sorted, 0.05);
  if (context.data.has_holdout())
    check.reference = quantile(sorted_ratios(context.distances.holdout_to_real()), 0.05);
  return check;
}

Check share_check(const Context& context) {
  Check check{.id = "privacy.dcr_share",
              .title = "Share of rows nearer to the training data than to the holdout",
              .definition =
                  "Share of synthetic rows whose nearest training row is nearer than their nearest "
                  "holdout row, ties "
                  "half, against equally many rows of each (a random part of the larger table). A "
                  "model that "
                  "learned only the distribution gives ½; one that copies gives 1 (mostlyai-qa's "
                  "DCR share).",
              .unit = "share"};
  if (!context.data.has_holdout()) {
    check.why_not = "there is no holdout: pass real rows that the model never saw with --holdout";
    return check;
  }
  const auto& train = context.distances.synthetic_to_even_real();
  const auto& holdout = context.distances.synthetic_to_even_holdout();
  double nearer = 0, ties = 0;
  for (std::size_t i = 0; i < train.size(); ++i) {
    nearer += train[i].first < holdout[i].first;
    ties += train[i].first == holdout[i].first;
  }
  const double n = static_cast<double>(train.size());
  check.value = (nearer + ties / 2) / n;
  check.reference = 0.5;
  check.interval = wilson_interval(nearer + ties / 2, n);
  check.note = "Against " + std::to_string(context.distances.even_rows()) + " rows of each; " +
               std::to_string(static_cast<std::int64_t>(ties)) + " ties.";
  return check;
}

Json histogram(const Context& context) {
  const std::vector<double> synthetic = sorted_first(context.distances.synthetic_to_real());
  std::vector<double> holdout;
  if (context.data.has_holdout()) holdout = sorted_first(context.distances.holdout_to_real());
  double high = quantile(synthetic, 0.999);
  if (!holdout.empty()) high = std::max(high, quantile(holdout, 0.999));
  if (high <= 0) high = 1;
  std::vector<std::pair<std::string, std::vector<double>>> series = {
      {"Synthetic to real", histogram_shares(synthetic, 0, high, kBins)}};
  if (!holdout.empty())
    series.emplace_back("Holdout to real", histogram_shares(holdout, 0, high, kBins));
  return histogram_block("Distance to the nearest real row", "Gower distance",
                         bin_edges(0, high, kBins), series);
}

}  // namespace

Section closest_record_section(const Context& context) {
  const std::string gower =
      "Gower distance: mean over columns of |difference| / real range for numbers and dates and 0 "
      "or 1 for categories; "
      "missing to missing 0, missing to present 1. Exact, over all rows of both tables.";
  Section section{
      .text = "How near do synthetic rows come to real people, and nearer than strangers do?"};
  section.checks = {
      distance_check(
          context, 0.5,
          {.id = "privacy.dcr_median",
           .title = "Distance to the closest record, median",
           .definition =
               "Median over synthetic rows of the distance to the nearest real row. " + gower}),
      distance_check(
          context, 0.05,
          {.id = "privacy.dcr_p5",
           .title = "Distance to the closest record, 5th percentile",
           .definition =
               "5th percentile over synthetic rows of the distance to the nearest real row. " +
               gower}),
      identical_check(context), ratio_check(context), share_check(context)};
  section.blocks.push_back(histogram(context));
  return section;
}

}  // namespace semblance::evaluator
