#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/intervals.hpp"
#include "evaluator/privacy/membership.hpp"
#include "evaluator/privacy/sections.hpp"
#include "evaluator/ranking.hpp"

namespace semblance::evaluator {
namespace {

constexpr std::array<const char*, 3> kIds = {"privacy.mia_distance_auc",
                                             "privacy.mia_calibrated_auc", "privacy.mia_ratio_auc"};
constexpr std::array<const char*, 3> kTitles = {"Membership attack by distance: AUC",
                                                "Membership attack by calibrated distance: AUC",
                                                "Membership attack by density ratio: AUC"};
constexpr const char* kAuc =
    " AUC: the chance that a training row scores above a stranger; ½ is guessing. The interval is "
    "Hanley–McNeil's.";

std::string interval_text(double rate, double n) {
  const Interval i = wilson_interval(std::round(rate * n), n);
  return fmt::format("{:.2f} % ({:.2f} to {:.2f})", 100 * rate, 100 * i.low, 100 * i.high);
}

Json attack_row(const MembershipScores& scores, const Roc& roc, double area) {
  const double n = static_cast<double>(scores.members.size());
  double gain = 0;
  for (std::size_t k = 0; k < roc.fpr.size(); ++k) gain = std::max(gain, roc.tpr[k] - roc.fpr[k]);
  return {scores.name,
          rounded(area),
          interval_text(tpr_at(roc, 0.001), n),
          interval_text(tpr_at(roc, 0.01), n),
          interval_text(tpr_at(roc, 0.1), n),
          rounded(gain)};
}

}  // namespace

Section membership_section(const Context& context) {
  Section section{.text =
                      "Can somebody who holds the synthetic table tell who was in the training "
                      "data? Attacks that train generators themselves come next."};
  std::vector<MembershipScores> attacks;
  try {
    attacks = membership_attacks(context.data, {.most_rows = context.options.sample,
                                                .seed = context.options.seed,
                                                .threads = context.options.threads,
                                                .distance = context.distances.options()});
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kData) throw;
    for (std::size_t k = 0; k < kIds.size(); ++k)
      section.checks.push_back(not_computed(kIds[k], kTitles[k], kAuc, error.what()));
    return section;
  }
  Json rows = Json::array();
  std::vector<Cloud> curves;
  for (std::size_t k = 0; k < attacks.size(); ++k) {
    const MembershipScores& a = attacks[k];
    const double area = auc(a.members, a.strangers);
    const double error = auc_error(area, static_cast<double>(a.members.size()),
                                   static_cast<double>(a.strangers.size()));
    Check check{.id = kIds[k],
                .title = kTitles[k],
                .definition = a.definition + kAuc,
                .unit = "auc",
                .value = area};
    check.reference = 0.5;
    check.interval = Interval{std::max(area - kZ95 * error, 0.0),
                              std::min(area + kZ95 * error, 1.0), "Hanley–McNeil, 95 %"};
    check.note =
        fmt::format("{} training rows against {} strangers.", a.members.size(), a.strangers.size());
    section.checks.push_back(std::move(check));
    const Roc roc = roc_curve(a.members, a.strangers);
    rows.push_back(attack_row(a, roc, area));
    const Roc thin = thinned(roc, 200);
    curves.push_back({a.name, thin.fpr, thin.tpr});
  }
  section.blocks.push_back(lines_block("ROC of membership attacks", "false positive rate",
                                       "true positive rate", curves, true));
  section.blocks.push_back(table_block(
      "True positive rates at fixed false positive rates (95 % interval)",
      {"Attack", "AUC", "at 0.1 %", "at 1 %", "at 10 %", "Largest TPR − FPR"}, std::move(rows)));
  return section;
}

}  // namespace semblance::evaluator
