#include "evaluator/thresholds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace semblance::evaluator {
namespace {

using ::testing::HasSubstr;

Verdict verdict(const char* rule, Check check) {
  check.id = "a";
  judge(check, parse_thresholds(std::string("checks: {a: ") + rule + "}", "t.yaml"));
  return check.verdict;
}

std::string message_of(const std::string& yaml) {
  try {
    parse_thresholds(yaml, "t.yaml");
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Thresholds, LimitsAreInclusive) {
  const char* rule = "{pass: 0.1, warn: 0.2}";
  EXPECT_EQ(verdict(rule, {.value = 0.1}), Verdict::kPass);
  EXPECT_EQ(verdict(rule, {.value = 0.2}), Verdict::kWarn);
  EXPECT_EQ(verdict(rule, {.value = 0.21}), Verdict::kFail);
}

TEST(Thresholds, HigherMayBeBetter) {
  const char* rule = "{better: higher, pass: 0.9, warn: 0.7}";
  EXPECT_EQ(verdict(rule, {.value = 0.95}), Verdict::kPass);
  EXPECT_EQ(verdict(rule, {.value = 0.7}), Verdict::kWarn);
  EXPECT_EQ(verdict(rule, {.value = 0.1}), Verdict::kFail);
}

TEST(Thresholds, TheReferenceRelaxesALimitButNeverTightensIt) {
  const char* rule = "{pass: 0.1, warn: 0.2, reference_factor: 2}";
  EXPECT_EQ(verdict(rule, {.value = 0.3, .reference = 0.16}), Verdict::kPass);
  EXPECT_EQ(verdict(rule, {.value = 0.09, .reference = 0.001}), Verdict::kPass);
}

TEST(Thresholds, AnEndOfTheIntervalMayBeJudged) {
  EXPECT_EQ(verdict("{pass: 0.52, judge: low}", {.value = 0.6, .interval = Interval{0.5, 0.7, ""}}),
            Verdict::kPass);
  EXPECT_EQ(
      verdict("{pass: 0.52, judge: low}", {.value = 0.6, .interval = Interval{0.55, 0.7, ""}}),
      Verdict::kFail);
}

TEST(Thresholds, WithoutAValueThereIsNoVerdict) {
  EXPECT_EQ(verdict("{pass: 1}", {}), Verdict::kNone);
}

TEST(Thresholds, MistakesAreNamedWithTheLine) {
  EXPECT_THAT(message_of("checks:\n  a: {pass: 1, wran: 2}"),
              ::testing::AllOf(HasSubstr("t.yaml:2"), HasSubstr("warn")));
  EXPECT_THAT(message_of("checks:\n  a: {pass: x}"), HasSubstr("not a number"));
  EXPECT_THAT(message_of("checks:\n  a: {pass: 2, warn: 1}"), HasSubstr("stricter"));
  EXPECT_THAT(message_of("checks:\n  a: {warn: 2, gate: true}"),
              ::testing::AllOf(HasSubstr("t.yaml:2"), HasSubstr("pass")));
  EXPECT_THAT(message_of("{}"), HasSubstr("checks"));
  EXPECT_THAT(message_of("checks: ["), HasSubstr("t.yaml:1"));
}

TEST(Thresholds, AnUnknownCheckIsNamedWithTheLineAndTheNearestName) {
  try {
    parse_thresholds("checks:\n  quality.shape_error: {pass: 1}\n  quality.shap_error: {pass: 1}",
                     "t.yaml", {"quality.shape_error", "privacy.dcr_share"});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kData);  // exit code 3
    EXPECT_THAT(error.what(),
                ::testing::AllOf(HasSubstr("t.yaml:3"), HasSubstr("quality.shape_error")));
  }
}

TEST(Thresholds, TheBoundOnEpsilonIsAGateWithoutALimit) {
  EXPECT_EQ(message_of("checks: {privacy.epsilon_lower: {gate: true}}"), "no error");
}

TEST(Thresholds, TheBuiltInRulesAreWellFormed) { EXPECT_GT(load_thresholds("").size(), 10u); }

}  // namespace
}  // namespace semblance::evaluator
