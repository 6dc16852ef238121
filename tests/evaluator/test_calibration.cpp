// Do checks stay quiet for fresh real rows, and does each kind of bad generator set off the checks
// that are made for it, and not the others?
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "evaluator/context.hpp"
#include "evaluator/sampling.hpp"
#include "evaluator/thresholds.hpp"
#include "tests/evaluator/small_tables.hpp"

namespace semblance::evaluator {
namespace {

using testing::compare;
using testing::population;

using Checks = std::map<std::string, Check>;
using Columns = std::vector<table::Column>;

/// The judged checks of some sections.
Checks checks_of(const Comparison& data, const std::vector<std::string>& sections,
                 std::uint64_t seed = 1) {
  const EvaluateOptions options{.device = "cpu", .threads = 1, .seed = seed, .attacks = 100};
  Distances distances(data, "cpu", 1, seed);
  const Context context{data, options, distances};
  const Thresholds thresholds = load_thresholds("");
  Checks out;
  for (const SectionSpec& spec : all_sections()) {
    if (std::find(sections.begin(), sections.end(), spec.id) == sections.end()) continue;
    for (Check& check : spec.build(context).checks) {
      judge(check, thresholds);
      out[check.id] = check;
    }
  }
  return out;
}

Verdict verdict(const Checks& checks, const char* id) { return checks.at(id).verdict; }

/// Rows of `from` into the first rows of `to`.
void copy_rows(const Columns& from, Columns& to, std::size_t n) {
  for (std::size_t j = 0; j < to.size(); ++j) {
    for (std::size_t i = 0; i < n; ++i) {
      if (!to[j].reals.empty()) to[j].reals[i] = from[j].reals[i];
      if (to[j].codes.empty()) continue;
      const std::int32_t code = from[j].codes[i];
      if (code < 0) {
        to[j].codes[i] = code;
        continue;
      }
      const std::string& level = from[j].levels[static_cast<std::size_t>(code)];
      auto& levels = to[j].levels;
      auto at = std::find(levels.begin(), levels.end(), level);
      if (at == levels.end()) at = levels.insert(levels.end(), level);
      to[j].codes[i] = static_cast<std::int32_t>(at - levels.begin());
    }
  }
}

/// Each column in an order of its own: right alone, wrong together.
Columns shuffled(Columns columns) {
  std::uint64_t stream = 0x5F0F;
  for (table::Column& column : columns) {
    const table::Column before = column;
    const auto order = shuffled_rows(before.size(), 5, stream++);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto from = static_cast<std::size_t>(order[i]);
      if (!column.reals.empty()) column.reals[i] = before.reals[from];
      if (!column.codes.empty()) column.codes[i] = before.codes[from];
    }
  }
  return columns;
}

/// Training rows in which one number is a little off: no copy, but nobody new either.
Columns leaking(Columns columns) {
  for (double& v : columns[0].reals) v += 0.013;
  return columns;
}

constexpr std::int64_t kRows = 400;

TEST(Calibration, FreshRealRowsRarelySetOffAGate) {
  // Each gate fails when the lower end of a 95 % interval is beyond its limit, which lies on the
  // harmless side of the truth: at most 2.5 % of runs. P(more than 4 of 40) < 0.4 % a gate.
  constexpr int kRuns = 40;
  std::map<std::string, int> failed, warned;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    const Comparison data = compare(population(150, 100 + 3 * run), population(150, 101 + 3 * run),
                                    population(150, 102 + 3 * run));
    for (const auto& [id, check] : checks_of(data, {"copies", "closest"}, run + 1)) {
      if (!check.gate) continue;
      failed[id] += check.verdict == Verdict::kFail;
      warned[id] += check.verdict == Verdict::kWarn;
    }
  }
  EXPECT_EQ(failed.size(), 3u);  // exact_copies, identical_share, dcr_share
  for (const auto& [id, times] : failed) EXPECT_LE(times, 4) << id;
}

TEST(Calibration, FreshRealRowsRarelyLookLikeMembers) {
  constexpr int kRuns = 15;
  std::map<std::string, int> failed;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    const Comparison data = compare(population(120, 300 + 3 * run), population(120, 301 + 3 * run),
                                    population(120, 302 + 3 * run));
    for (const auto& [id, check] : checks_of(data, {"membership"}, run + 1))
      failed[id] += check.verdict == Verdict::kFail;
  }
  EXPECT_EQ(failed.size(), 3u);
  for (const auto& [id, times] : failed) EXPECT_LE(times, 3) << id;  // P < 0.5 % at 2.5 % a run
}

TEST(Calibration, FreshRealRowsScoreAsTheyShould) {
  for (std::uint64_t run = 0; run < 5; ++run) {
    const Checks checks =
        checks_of(compare(population(kRows, 500 + 3 * run), population(kRows, 501 + 3 * run),
                          population(kRows, 502 + 3 * run)),
                  {"shapes", "statistics", "pairs", "missing", "fidelity", "old"}, run + 1);
    // Distributions of 400 nearest distances: their largest gap has a mean of about 0.06.
    EXPECT_GT(*checks.at("quality.alpha_precision").value, 0.85);
    EXPECT_GT(*checks.at("quality.beta_recall").value, 0.85);
    // Its level depends on the table, so it is compared with the holdout's: 6 standard errors.
    EXPECT_NEAR(*checks.at("quality.authenticity").value,
                *checks.at("quality.authenticity").reference, 0.2);
    EXPECT_LT(*checks.at("quality.chi_square").value, 4);
    for (const auto& [id, check] : checks) EXPECT_NE(check.verdict, Verdict::kFail) << id;
  }
}

TEST(Calibration, IntervalsHoldWhatOtherSamplesGive) {
  // How often does the centred interval of one pair of samples hold the mean over many pairs?
  constexpr int kRuns = 40;
  std::map<std::string, std::vector<Check>> all;
  for (std::uint64_t run = 0; run < kRuns; ++run) {
    Columns moved = population(200, 801 + 2 * run);
    for (double& v : moved[0].reals) v += 0.5;
    for (auto& [id, check] :
         checks_of(compare(population(200, 800 + 2 * run), moved), {"shapes", "statistics"}, 1))
      all[id].push_back(check);
  }
  for (const char* id : {"quality.shape_error", "quality.wasserstein", "quality.statistic_error"}) {
    double mean = 0;
    int held = 0;
    for (const Check& check : all[id]) mean += *check.value / kRuns;
    for (const Check& check : all[id])
      held += check.interval->low <= mean && mean <= check.interval->high;
    EXPECT_GE(held, 33) << id;  // P(fewer than 33 of 40 at 95 %) < 0.1 %; at 90 % 4 %
  }
}

TEST(Calibration, FivePercentCopiesAreCaughtByTheCopiesAlone) {
  const Columns real = population(kRows, 1);
  Columns mock = population(kRows, 2);
  copy_rows(real, mock, kRows / 20);
  const Checks checks = checks_of(compare(real, mock, population(kRows, 3)),
                                  {"copies", "closest", "shapes", "pairs", "fidelity"});
  EXPECT_EQ(verdict(checks, "privacy.exact_copies"), Verdict::kFail);
  EXPECT_EQ(verdict(checks, "privacy.identical_share"), Verdict::kFail);
  EXPECT_EQ(verdict(checks, "privacy.dcr_share"), Verdict::kPass);  // 52.5 % of rows: too few
  EXPECT_EQ(verdict(checks, "quality.shape_error"), Verdict::kPass);
  EXPECT_EQ(verdict(checks, "quality.trend_error"), Verdict::kPass);
}

TEST(Calibration, ShuffledColumnsAreCaughtByEverythingThatLooksAtTwo) {
  const Columns real = population(kRows, 1);
  const Checks checks = checks_of(
      compare(real, shuffled(population(kRows, 2)), population(kRows, 3)),
      {"shapes", "statistics", "pairs", "missing", "tables", "detection", "copies", "closest"});
  EXPECT_EQ(verdict(checks, "quality.shape_error"), Verdict::kPass);
  EXPECT_EQ(verdict(checks, "quality.statistic_error"), Verdict::kPass);
  EXPECT_EQ(verdict(checks, "quality.accuracy_1way"), Verdict::kPass);
  EXPECT_EQ(verdict(checks, "quality.missing_rate_error"), Verdict::kPass);
  EXPECT_NE(verdict(checks, "quality.trend_error"), Verdict::kPass);
  EXPECT_NE(verdict(checks, "quality.c2st_auc"), Verdict::kPass);
  EXPECT_GT(*checks.at("quality.pearson_error").value,
            4 * *checks.at("quality.pearson_error").reference);
  EXPECT_GT(*checks.at("quality.spearman_error").value,
            4 * *checks.at("quality.spearman_error").reference);
  EXPECT_GT(*checks.at("quality.mutual_information_error").value,
            2 * *checks.at("quality.mutual_information_error").reference);
  // A logistic model sees columns one by one: it cannot tell, as its definition warns.
  EXPECT_GT(*checks.at("quality.c2st_logistic").value, 0.8);
  EXPECT_EQ(verdict(checks, "privacy.exact_copies"), Verdict::kPass);
  EXPECT_EQ(verdict(checks, "privacy.dcr_share"), Verdict::kPass);
}

TEST(Calibration, ALeakingGeneratorIsCaughtByDistanceAndMembership) {
  const Columns real = population(kRows, 1);
  const Checks checks =
      checks_of(compare(real, leaking(real), population(kRows, 3)),
                {"copies", "closest", "membership", "attacks", "fidelity", "shapes", "pairs"});
  EXPECT_EQ(verdict(checks, "privacy.exact_copies"), Verdict::kPass);  // none is a copy
  EXPECT_EQ(verdict(checks, "privacy.dcr_share"), Verdict::kFail);
  EXPECT_EQ(verdict(checks, "privacy.mia_distance_auc"), Verdict::kFail);
  EXPECT_EQ(verdict(checks, "privacy.mia_calibrated_auc"), Verdict::kFail);
  EXPECT_EQ(verdict(checks, "privacy.linkability"), Verdict::kFail);
  EXPECT_EQ(verdict(checks, "quality.authenticity"), Verdict::kFail);
  EXPECT_EQ(verdict(checks, "quality.shape_error"), Verdict::kPass);
  EXPECT_EQ(verdict(checks, "quality.trend_error"), Verdict::kPass);
}

}  // namespace
}  // namespace semblance::evaluator
