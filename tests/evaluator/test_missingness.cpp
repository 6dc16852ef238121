#include "evaluator/quality/missingness.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/evaluator/small_tables.hpp"

namespace semblance::evaluator {
namespace {

using testing::compare;
using testing::kGone;
using testing::numbers;
using testing::texts;

TEST(Missingness, RatesCountMissingCells) {
  const Comparison data =
      compare({numbers("x", {1, kGone, 3, kGone}), texts("c", {"", "", "", "a"})},
              {numbers("x", {1}), texts("c", {"a"})});
  EXPECT_EQ(missing_rates(data.real), (std::vector<double>{0.5, 0.75}));
}

TEST(Missingness, PatternsSeeWhatIsMissingTogether) {
  // The same rates, but in the real table both are missing in the same row.
  const Comparison data = compare({numbers("x", {kGone, 1}), numbers("y", {kGone, 1})},
                                  {numbers("x", {kGone, 1}), numbers("y", {1, kGone})});
  EXPECT_DOUBLE_EQ(pattern_distance(data.real, data.synthetic), 1);
  EXPECT_DOUBLE_EQ(pattern_distance(data.real, data.real), 0);
  EXPECT_DOUBLE_EQ(missing_correlations(data.real)[1], 1);
  EXPECT_DOUBLE_EQ(missing_correlations(data.synthetic)[1], -1);
}

TEST(Missingness, AColumnThatIsNeverMissingHasNoCorrelation) {
  const Comparison data = compare({numbers("x", {kGone, 1}), numbers("y", {1, 1})},
                                  {numbers("x", {1}), numbers("y", {1})});
  EXPECT_TRUE(std::isnan(missing_correlations(data.real)[1]));
}

}  // namespace
}  // namespace semblance::evaluator
