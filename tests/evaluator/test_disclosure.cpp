#include <gtest/gtest.h>

#include <cmath>

#include "evaluator/privacy/anonymeter_attacks.hpp"
#include "evaluator/privacy/attribute_disclosure.hpp"
#include "evaluator/privacy/membership.hpp"
#include "evaluator/privacy/neighbours.hpp"
#include "evaluator/quality/date_rhythm.hpp"
#include "evaluator/quality/information.hpp"
#include "evaluator/quality/voas_williamson_legacy.hpp"
#include "evaluator/ranking.hpp"
#include "evaluator/utility/coefficient_agreement.hpp"
#include "evaluator/utility/fairness.hpp"
#include "tests/evaluator/small_tables.hpp"

namespace semblance::evaluator {
namespace {

using testing::compare;
using testing::kGone;
using testing::numbers;
using testing::population;
using testing::texts;

TEST(AttributeDisclosure, SharesOfTheTrueSecretByHand) {
  // Synthetic: key 0 has secrets {1, 1, 2}, key 1 has {5}. Real: (0, 1), (1, 5), (9, 1).
  const std::vector<std::int32_t> s_key = {0, 0, 0, 1}, s_secret = {1, 1, 2, 5}, r_key = {0, 1, 9},
                                  r_secret = {1, 5, 1};
  const AttributeDisclosure d = attribute_disclosure({r_key}, r_secret, {s_key}, s_secret);
  EXPECT_DOUBLE_EQ(d.matched, 2.0 / 3);
  EXPECT_DOUBLE_EQ(d.cap, (2.0 / 3 + 1) / 2);
  EXPECT_DOUBLE_EQ(d.zero_cap, (2.0 / 3 + 1) / 3);
  EXPECT_DOUBLE_EQ(d.disclosed, 1.0 / 3);
}

TEST(Neighbours, HittingIsBruteForce) {
  const Comparison data = compare(population(150, 1), population(200, 2));
  int wanted = 0;
  for (std::int64_t i = 0; i < 150; ++i) {
    bool hit = false;
    for (std::int64_t k = 0; k < 200 && !hit; ++k) {
      hit = true;
      for (std::size_t j = 0; j < data.columns.size() && hit; ++j) {
        const Feature &x = data.real.features[j], &y = data.synthetic.features[j];
        const bool gone_x = cell_missing(x, i), gone_y = cell_missing(y, k);
        const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(k);
        if (gone_x || gone_y)
          hit = gone_x == gone_y;
        else if (data.columns[j].numeric)
          hit = std::abs(x.numbers[a] - y.numbers[b]) <=
                (data.columns[j].high - data.columns[j].low) / 30;
        else
          hit = x.codes[a] == y.codes[b];
      }
    }
    wanted += hit;
  }
  EXPECT_DOUBLE_EQ(hitting_rate(data, data.real, data.synthetic, 2), wanted / 150.0);
  EXPECT_GT(wanted, 0);
}

TEST(Neighbours, CopiesIdentifyEverybodyAndStrangersHalf) {
  const Comparison data = compare(population(300, 1), population(300, 2));
  EXPECT_GT(identifiability(data, data.real, data.real, {}), 0.95);
  EXPECT_NEAR(identifiability(data, data.real, data.synthetic, {}), 0.5, 0.1);
}

TEST(Membership, CopiesAreFoundOutAndStrangersAreNot) {
  const auto areas = [](const Comparison& data) {
    std::vector<double> out;
    for (const MembershipScores& s : membership_attacks(data, {.threads = 1}))
      out.push_back(auc(s.members, s.strangers));
    return out;
  };
  const auto leaking = areas(compare(population(600, 1), population(600, 1), population(600, 3)));
  // Standard error of an AUC of 300 against 300: 0.024; chance stays below 0.62 by five of them.
  EXPECT_GT(leaking[0], 0.9);
  EXPECT_GT(leaking[1], 0.62);
  EXPECT_GT(leaking[2], 0.62);
  for (const double area :
       areas(compare(population(600, 1), population(600, 2), population(600, 3))))
    EXPECT_NEAR(area, 0.5, 0.12);
}

TEST(Anonymeter, AttacksSucceedOnCopiesAndNotOnStrangers) {
  const AttackOptions options{.attacks = 300};
  const Comparison copied = compare(population(400, 1), population(400, 1), population(400, 3));
  const Comparison fresh = compare(population(400, 1), population(400, 2), population(400, 3));
  for (const bool multivariate : {false, true}) {
    const AttackCount bad = singling_out(copied, multivariate, options),
                      good = singling_out(fresh, multivariate, options);
    EXPECT_EQ(bad.successes, bad.attacks);
    EXPECT_LT(good.successes / good.attacks - good.control_successes / good.control_attacks, 0.2);
  }
  const AttackCount linked = linkability(copied, options), guessed = inference(copied, 3, options);
  EXPECT_GT(linked.successes, 2 * linked.control_successes);
  EXPECT_GT(guessed.successes, guessed.control_successes);
}

TEST(Information, IsOneForAFunctionAndZeroForIndependence) {
  EXPECT_NEAR(normalised_information(std::vector<std::int64_t>{5, 0, 0, 5}, 2, 2), 1, 1e-12);
  EXPECT_NEAR(normalised_information(std::vector<std::int64_t>{2, 4, 3, 6}, 2, 2), 0, 1e-12);
  EXPECT_TRUE(std::isnan(normalised_information(std::vector<std::int64_t>{2, 4}, 1, 2)));
}

TEST(DateRhythm, KnowsWeekdaysBeforeAndAfter1970) {
  // 1970-01-01 was a Thursday, 1969-12-31 a Wednesday, 2024-02-29 (day 19782) a Thursday.
  const Rhythm r = rhythm_of(std::vector<double>{0, -1, 19782, kGone}, table::Kind::kDate);
  EXPECT_EQ(r.weekday, (std::vector<std::int64_t>{0, 0, 1, 2, 0, 0, 0}));
  EXPECT_EQ(r.month[0], 1);
  EXPECT_EQ(r.month[1], 1);
  EXPECT_EQ(r.month[11], 1);
  const Rhythm t = rhythm_of(std::vector<double>{-1.0, 5 * 3600e6}, table::Kind::kDatetime);
  EXPECT_EQ(t.hour[23], 1);
  EXPECT_EQ(t.hour[5], 1);
  EXPECT_EQ(t.weekday[2], 1);
}

TEST(VoasWilliamsonLegacy, ByHand) {
  // x: (3-1)² / 2 = 2, missing reads as 0: (0-4)² / 2 = 8; c differs once: 4. Over 8 · 4.
  const Comparison data = compare({numbers("x", {1, 4}), texts("c", {"a", "a"})},
                                  {numbers("x", {3, kGone}), texts("c", {"a", "b"})});
  EXPECT_DOUBLE_EQ(legacy_voas_williams(data), 14.0 / 32);
}

TEST(Coefficients, OverlapOfIntervals) {
  EXPECT_DOUBLE_EQ(interval_overlap(0, 2, 0, 2), 1);
  EXPECT_DOUBLE_EQ(interval_overlap(0, 2, 1, 5), 0.5 * (1.0 / 2 + 1.0 / 4));
  EXPECT_LT(interval_overlap(0, 1, 3, 4), 0);
}

TEST(Coefficients, LeastSquaresFindsTheTruth) {
  std::vector<double> x, y;
  base::PhiloxStream random(1, base::Purpose::kEvaluate, 9);
  for (int i = 0; i < 500; ++i) {
    x.push_back(random.normal());
    y.push_back(3 * x.back() + 0.1 * random.normal());
  }
  const Comparison data =
      compare({numbers("x", x), numbers("y", y)}, {numbers("x", x), numbers("y", y)});
  const auto found = coefficient_agreement(data, data.real, data.synthetic, 1, 1000, 1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].real, 3, 0.15);  // per standard deviation of x, which is about 1
  EXPECT_DOUBLE_EQ(found[0].overlap, 1);
}

TEST(Fairness, GapsByHand) {
  std::vector<double> p, truth;
  std::vector<std::int32_t> group;
  for (int i = 0; i < 80; ++i) {
    group.push_back(i < 40 ? 0 : 1);
    truth.push_back(i % 2);
    p.push_back(i < 40 ? i % 2 : 1);  // group 0 is judged right, group 1 is always positive
  }
  const GroupGaps gaps = group_gaps(p, truth, group);
  EXPECT_EQ(gaps.groups, 2);
  EXPECT_DOUBLE_EQ(gaps.demographic_parity, 0.5);
  EXPECT_DOUBLE_EQ(gaps.true_positive_rate, 0);
  EXPECT_DOUBLE_EQ(gaps.false_positive_rate, 1);
}

}  // namespace
}  // namespace semblance::evaluator
