#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "evaluator/learners/booster.hpp"
#include "evaluator/learners/design.hpp"
#include "evaluator/learners/linear_models.hpp"
#include "evaluator/ranking.hpp"
#include "tests/evaluator/small_tables.hpp"

namespace semblance::evaluator {
namespace {

using testing::compare;
using testing::kGone;
using testing::numbers;

/// Two columns, the third their sum, the fourth a copy, and noise for labels.
struct Dependent {
  SparseRows rows;
  std::vector<double> labels, values;
  Dependent() {
    base::PhiloxStream random(3, base::Purpose::kEvaluate, 0x1EA2);
    rows.n_features = 4;
    for (int i = 0; i < 300; ++i) {
      const double x = random.normal(), y = random.normal();
      const double cells[] = {x, y, x + y, x};
      for (std::int32_t j = 0; j < 4; ++j) {
        rows.index.push_back(j);
        rows.value.push_back(cells[j]);
      }
      rows.begin.push_back(rows.index.size());
      labels.push_back(random.uniform() < 0.5 ? 1 : 0);
      values.push_back(x - y + random.normal());
    }
  }
};

TEST(LinearModels, TheRankCountsIndependentFeaturesAlone) {
  const Dependent d;
  EXPECT_EQ(fit_logistic(d.rows, d.labels).rank, 2);
  EXPECT_EQ(fit_least_squares(d.rows, d.values).rank, 2);
}

TEST(LinearModels, PerfectSeparationHidesNoFeature) {
  Dependent d;
  for (std::size_t i = 0; i < d.labels.size(); ++i) d.labels[i] = d.rows.value[4 * i] > 0 ? 1 : 0;
  EXPECT_EQ(fit_logistic(d.rows, d.labels).rank, 2);
}

TEST(Booster, NumbersBeyondFloatAreLearnedAtItsEnds) {
  const Comparison data =
      compare({numbers("x", {DBL_MAX, -DBL_MAX, 1, kGone})}, {numbers("x", {1, 2})});
  const std::vector<std::int64_t> all = {0, 1, 2, 3};
  TreeRows rows;
  TreeCoding(data).append(data.real, all, rows);
  EXPECT_EQ(rows.values[0], 3.4e38F);
  EXPECT_EQ(rows.values[1], -3.4e38F);
  EXPECT_TRUE(std::isnan(rows.values[3]));
  const std::vector<double> labels = {1, 0, 0, 1};
  EXPECT_EQ(Booster(rows, labels, {.trees = 2}).predict(rows).size(), 4u);
}

TEST(Design, TheLargestNumbersAreStandardised) {
  const Comparison data =
      compare({numbers("x", {DBL_MAX, DBL_MAX, -DBL_MAX, -DBL_MAX})}, {numbers("x", {1, 2})});
  const Rows* tables[] = {&data.real};
  const Design design(data, tables);
  ASSERT_EQ(design.n_features(), 1);
  SparseRows rows;
  design.append(data.real, std::vector<std::int64_t>{0, 2}, rows);
  EXPECT_DOUBLE_EQ(rows.value[0], 1);
  EXPECT_DOUBLE_EQ(rows.value[1], -1);
}

TEST(Ranking, AScoreThatIsNotANumberIsRefused) {
  const std::vector<double> good = {1, 2}, bad = {1, kGone};
  EXPECT_THROW(auc(bad, good), base::Error);
  EXPECT_THROW(auc(good, bad), base::Error);
}

}  // namespace
}  // namespace semblance::evaluator
