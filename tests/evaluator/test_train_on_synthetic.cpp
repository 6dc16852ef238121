#include "evaluator/utility/train_on_synthetic.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "evaluator/utility/sections.hpp"
#include "tests/evaluator/small_tables.hpp"

namespace semblance::evaluator {
namespace {

using testing::compare;
using testing::numbers;
using testing::population;
using testing::texts;

TEST(TrainOnSynthetic, BothTablesTeachWithEquallyManyRows) {
  const Comparison data = compare(population(300, 1), population(90, 2), population(120, 3));
  const TaskScores scores =
      train_on_synthetic(data, data.real, data.synthetic, data.holdout,
                         {.target = 3, .most_rows = 100, .trees = 3, .threads = 1});
  EXPECT_EQ(scores.train_rows, 90);
  EXPECT_EQ(scores.test_rows, 100);
}

/// The checks of the target's section, by id.
std::map<std::string, Check> target_checks(const Comparison& data, const char* target) {
  EvaluateOptions options{.device = "cpu", .threads = 1};
  options.target = target;
  options.protected_column = "sex";
  Distances distances(data, "cpu", 1, 1);
  std::map<std::string, Check> out;
  for (Check& check : target_section({data, options, distances}).checks) out[check.id] = check;
  return out;
}

std::vector<table::Column> people(std::int64_t n, const std::vector<std::string>& levels) {
  std::vector<std::string> sex, outcome;
  std::vector<double> x;
  for (std::int64_t i = 0; i < n; ++i) {
    sex.push_back(i % 2 == 0 ? "f" : "m");
    outcome.push_back(levels[static_cast<std::size_t>(i / 2) % levels.size()]);
    x.push_back(static_cast<double>(i % 7));
  }
  return {numbers("x", x), texts("sex", sex), texts("outcome", outcome)};
}

TEST(Fairness, ThreeClassesAreNotJudgedThoughTheTestRowsHoldTwo) {
  // "c" is the rarest of three and absent from the test rows.
  const std::vector<std::string> three = {"a", "b", "a", "b", "a", "b", "c"};
  const auto checks = target_checks(
      compare(people(280, three), people(280, three), people(200, {"a", "b"})), "outcome");
  const Check& parity = checks.at("utility.fairness_parity");
  EXPECT_FALSE(parity.value);
  EXPECT_EQ(parity.why_not, "fairness is judged for a target of two classes");
}

TEST(Fairness, ALostTargetIsNamed) {
  const auto checks = target_checks(
      compare(people(200, {"a", "b"}), people(200, {"a"}), people(200, {"a", "b"})), "outcome");
  EXPECT_EQ(checks.at("utility.fairness_parity").why_not, "the synthetic target does not vary");
}

}  // namespace
}  // namespace semblance::evaluator
