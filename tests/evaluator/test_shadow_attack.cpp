#include "evaluator/privacy/shadow_attack.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/philox.hpp"
#include "evaluator/binomial.hpp"
#include "evaluator/json.hpp"
#include "evaluator/privacy/one_run_audit.hpp"
#include "evaluator/ranking.hpp"

namespace semblance::evaluator {
namespace {

// Stored numbers are SciPy 1.17's (scipy.stats.binom, scipy.stats.beta).
TEST(Binomial, TailsAndMassesAreThoseOfScipy) {
  EXPECT_NEAR(binomial_at_least(55, 100, 0.5), 0.18410080866334808, 1e-12);
  EXPECT_NEAR(binomial_at_least(900, 1000, 0.85), 2.0389661274727654e-06, 1e-15);
  EXPECT_NEAR(binomial_mass(3, 10, 0.3), 0.2668279319999998, 1e-12);
  EXPECT_EQ(binomial_at_least(0, 5, 0.1), 1);
  EXPECT_EQ(binomial_at_least(6, 5, 0.9), 0);
}

TEST(Binomial, IntervalsAreClopperAndPearsons) {
  const auto expect = [](std::int64_t k, std::int64_t n, double low, double high) {
    const Interval interval = clopper_pearson_interval(k, n);
    EXPECT_NEAR(interval.low, low, 1e-10) << k << " of " << n;
    EXPECT_NEAR(interval.high, high, 1e-10) << k << " of " << n;
  };
  expect(0, 10, 0, 0.3084971078187607);
  expect(3, 10, 0.06673951117773447, 0.6524528500599973);
  expect(10, 10, 0.6915028921812392, 1);
  expect(170, 340000, 0.00042767696188066945, 0.0005810454852220898);
  expect(0, 0, 0, 1);
}

// Stored numbers are those of the paper's own program (its appendix D) with SciPy.
TEST(OneRunAudit, BoundsAreThoseOfThePapersProgram) {
  EXPECT_NEAR(one_run_epsilon({1000, 100, 90}, 1e-5, 0.05), 1.6261434806957258, 1e-6);
  EXPECT_NEAR(one_run_epsilon({1000, 1000, 600}, 0, 0.05), 0.2974679236493474, 1e-6);
  EXPECT_NEAR(one_run_epsilon({5000, 500, 500}, 1e-6, 0.0125), 4.706020848132435, 1e-6);
  EXPECT_EQ(one_run_epsilon({100, 100, 50}, 0, 0.05), 0);
  EXPECT_NEAR(one_run_p_value({1000, 100, 90}, 1.0, 1e-5), 0.0008412885614385305, 1e-10);
}

TEST(OneRunAudit, ScoresWithoutMemoryBoundNothing) {
  // Coins and scores are independent: a bound above 0 in more than 1 in 20 trials would be wrong.
  int above = 0;
  for (std::uint64_t trial = 0; trial < 100; ++trial) {
    base::PhiloxStream random(trial, base::Purpose::kEvaluate, 1);
    std::vector<double> scores;
    std::vector<char> coins;
    for (int i = 0; i < 500; ++i) {
      scores.push_back(random.normal());
      coins.push_back(static_cast<char>(random.below(2)));
    }
    above += one_run_audit(scores, coins, 1e-5, 0.05).epsilon > 0;
  }
  EXPECT_LE(above, 10);  // P(more | a share of 5 %) = 1 %
}

TEST(OneRunAudit, RandomisedAnswersDoNotBreakTheirPromise) {
  // Each coin is told rightly with probability e/(1 + e): exactly 1-private.
  base::PhiloxStream random(3, base::Purpose::kEvaluate, 2);
  std::vector<double> scores;
  std::vector<char> coins;
  for (int i = 0; i < 20000; ++i) {
    const bool in = random.below(2) == 1, truth = random.uniform() < 1 / (1 + std::exp(-1.0));
    coins.push_back(static_cast<char>(in));
    scores.push_back((in == truth ? 1 : -1) + 0.01 * random.uniform());
  }
  const double bound = one_run_audit(scores, coins, 0, 0.05).epsilon;
  EXPECT_LT(bound, 1);
  EXPECT_GT(bound, 0.8);
}

/// Models whose score of a row is its difficulty, noise, and `memory` more when it was in.
ShadowScores shadows_with(double memory, int models, std::int64_t rows) {
  ShadowScores shadows{.models = models, .rows = rows};
  base::PhiloxStream random(5, base::Purpose::kEvaluate, 3);
  std::vector<double> difficulty;
  for (std::int64_t i = 0; i < rows; ++i) difficulty.push_back(10 * random.normal());
  for (int m = 0; m < models; ++m) {
    for (std::int64_t i = 0; i < rows; ++i) {
      const bool in = random.below(2) == 1;
      shadows.in.push_back(static_cast<char>(in));
      shadows.score.push_back(static_cast<float>(difficulty[static_cast<std::size_t>(i)] +
                                                 random.normal() + (in ? memory : 0)));
    }
  }
  return shadows;
}

ShadowAttack attack_on(ShadowScores shadows) {
  ShadowAttack attack;
  for (std::int64_t i = 0; i < shadows.rows; ++i) {
    attack.person.push_back(i / 2);
    attack.row_names.push_back("row " + std::to_string(i));
  }
  attack.person_column = "patient";
  attack.statistics.push_back({.id = "model", .name = "Test", .shadows = std::move(shadows)});
  return attack;
}

TEST(ShadowAttack, SeesThroughTheDifficultyOfRows) {
  const ShadowScores shadows = shadows_with(2, 17, 2000);
  const std::span<const float> first(shadows.score.data(), 2000);
  std::vector<double> raw_in, raw_out, in, out;
  const std::vector<double> ratios = likelihood_ratios(shadows, first, 0);
  for (std::size_t i = 0; i < 2000; ++i) {
    (shadows.in[i] != 0 ? in : out).push_back(ratios[i]);
    (shadows.in[i] != 0 ? raw_in : raw_out).push_back(first[i]);
  }
  EXPECT_LT(auc(raw_in, raw_out), 0.6);
  // Two normal distributions two deviations apart have an AUC of Phi(2 / sqrt 2) = 0.921; some of
  // it is lost as eight models on each side tell the means with an error.
  EXPECT_GT(auc(in, out), 0.87);
  EXPECT_LT(auc(in, out), 0.94);
}

TEST(ShadowAttack, FindsNothingWhereNothingIsRemembered) {
  const Json json = Json::parse(attack_text(attack_on(shadows_with(0, 17, 2000))));
  const Json& rows = json["attacks"][0]["rows"];
  EXPECT_NEAR(rows["auc"].get<double>(), 0.5, 0.01);
  EXPECT_LT(rows["tpr"][1]["interval"]["low"].get<double>(), 0.0125);
  EXPECT_EQ(json["attacks"][0]["one_run"]["epsilon"].get<double>(), 0);
  EXPECT_TRUE(json["accounted_epsilon"].is_null());
}

TEST(ShadowAttack, AddsUpTheRowsOfAPerson) {
  ShadowScores shadows = shadows_with(1, 17, 2000);
  for (std::size_t i = 0; i < shadows.in.size(); i += 2) {  // both rows of a person share a coin
    shadows.score[i + 1] +=
        static_cast<float>(shadows.in[i]) - static_cast<float>(shadows.in[i + 1]);
    shadows.in[i + 1] = shadows.in[i];
  }
  const Json json = Json::parse(attack_text(attack_on(std::move(shadows))));
  EXPECT_GT(json["attacks"][0]["people"]["auc"].get<double>(),
            json["attacks"][0]["rows"]["auc"].get<double>() + 0.04);
  EXPECT_GT(json["attacks"][0]["one_run"]["epsilon"].get<double>(), 0.5);
  EXPECT_EQ(json["attacks"][0]["exposed"].size(), 20u);
}

TEST(ShadowAttack, RowsThatWereAlwaysInTellNothing) {
  ShadowScores shadows = shadows_with(1, 6, 50);
  for (int m = 0; m < 6; ++m) shadows.in[static_cast<std::size_t>(m) * 50] = 1;
  EXPECT_EQ(likelihood_ratios(shadows, std::vector<float>(50, 0.0f))[0], 0);
}

}  // namespace
}  // namespace semblance::evaluator
