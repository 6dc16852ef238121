#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "kernels/dcr.hpp"
#include "kernels/dcr_plan.hpp"
#include "tests/kernels/random_rows.hpp"

namespace semblance::kernels {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<Nearest> nearest(const OwnedRows& queries, const OwnedRows& references,
                             const DcrOptions& options = {}) {
  return nearest_rows(queries.view(), references.view(), options);
}

TEST(GowerRow, UnitsOfNumericCellsFollowTheDefinition) {
  EXPECT_EQ(numeric_units(0.25f, 0.75f), kUnitsPerColumn / 2);
  EXPECT_EQ(numeric_units(0.75f, 0.25f), kUnitsPerColumn / 2);
  EXPECT_EQ(numeric_units(0.0f, 7.0f), kUnitsPerColumn);
  EXPECT_EQ(numeric_units(0.0f, -0.0f), 0u);
  EXPECT_EQ(numeric_units(0.0f, 1e-41f), 1u) << "different values are never at distance 0";
  EXPECT_EQ(numeric_units(kNan, kNan), 0u);
  EXPECT_EQ(numeric_units(kNan, 0.5f), kUnitsPerColumn);
  EXPECT_EQ(numeric_units(0.5f, kNan), kUnitsPerColumn);
  EXPECT_EQ(numeric_units(kInfinity, kInfinity), 0u);
  EXPECT_EQ(numeric_units(kInfinity, -kInfinity), kUnitsPerColumn);
  EXPECT_EQ(numeric_units(kInfinity, kNan), kUnitsPerColumn);
}

TEST(GowerRow, NegativeCodesAreOneMissingValue) {
  EXPECT_EQ(category_units(-1, -2), 0u);
  EXPECT_EQ(category_units(-1, 3), kUnitsPerColumn);
  EXPECT_EQ(category_units(3, 3), 0u);
  EXPECT_EQ(category_units(3, 4), kUnitsPerColumn);
}

TEST(Dcr, FindsTheNearestRowsOfAHandComputedTable) {
  // Two numeric, two categorical columns; distances are means over four columns.
  const OwnedRows references{{{0.0f, 0.5f, 1.0f}, {0.0f, 0.5f, kNan}}, {{0, 1, 1}, {0, 0, -1}}};
  const OwnedRows queries{{{0.25f, 1.0f}, {0.0f, kNan}}, {{0, 1}, {0, -1}}};
  const auto result = nearest(queries, references);
  ASSERT_EQ(result.size(), 2u);
  EXPECT_EQ(result[0].first_row, 0);
  EXPECT_FLOAT_EQ(result[0].first, 0.25f / 4);
  EXPECT_FLOAT_EQ(result[0].second, (0.25f + 0.5f + 1.0f + 0.0f) / 4);
  EXPECT_EQ(result[1].first_row, 2);
  EXPECT_EQ(result[1].first, 0.0f);
  EXPECT_FLOAT_EQ(result[1].second, (0.5f + 1.0f + 0.0f + 1.0f) / 4);
}

TEST(Dcr, TiesGoToTheSmallestReferenceRow) {
  const OwnedRows references{{{0.75f, 0.25f, 0.25f, 0.75f}}, {}};
  const OwnedRows queries{{{0.5f, 0.25f}}, {}};
  const auto result = nearest(queries, references);
  EXPECT_EQ(result[0].first_row, 0);
  EXPECT_FLOAT_EQ(result[0].first, 0.25f);
  EXPECT_FLOAT_EQ(result[0].second, 0.25f);
  EXPECT_EQ(result[1].first_row, 1);
  EXPECT_EQ(result[1].first, 0.0f);
  EXPECT_EQ(result[1].second, 0.0f);
}

TEST(Dcr, ASingleReferenceHasNoSecond) {
  const auto result = nearest({{{0.5f}}, {}}, {{{0.25f}}, {}});
  EXPECT_FLOAT_EQ(result[0].first, 0.25f);
  EXPECT_EQ(result[0].second, kInfinity);
  EXPECT_EQ(result[0].first_row, 0);
}

TEST(Dcr, NoQueriesGiveNoResults) { EXPECT_TRUE(nearest({{{}}, {}}, {{{0.25f}}, {}}).empty()); }

TEST(Dcr, WeightsScaleTheColumns) {
  const OwnedRows references{{{0.0f, 1.0f}}, {{0, 1}}};
  const OwnedRows queries{{{0.0f}}, {{1}}};
  DcrOptions options;
  options.weights = {1, 3};
  auto result = nearest(queries, references, options);
  EXPECT_EQ(result[0].first_row, 1);
  EXPECT_FLOAT_EQ(result[0].first, 0.25f);
  EXPECT_FLOAT_EQ(result[0].second, 0.75f);
  options.weights = {0.5f, 0.125f};
  result = nearest(queries, references, options);
  EXPECT_EQ(result[0].first_row, 0);
  EXPECT_FLOAT_EQ(result[0].first, 0.2f);
}

TEST(Dcr, LeaveOneOutSkipsTheRowItself) {
  const OwnedRows rows{{{0.0f, 0.25f, 0.25f, 1.0f}}, {}};
  DcrOptions options;
  options.leave_one_out = true;
  const auto result = nearest(rows, rows, options);
  EXPECT_EQ(result[0].first_row, 1);
  EXPECT_EQ(result[1].first_row, 2);
  EXPECT_EQ(result[1].first, 0.0f);
  EXPECT_EQ(result[1].second, 0.25f);
  EXPECT_EQ(result[2].first_row, 1);
  EXPECT_EQ(result[3].first, 0.75f);
  const OwnedRows one{{{0.5f}}, {}};
  const auto alone = nearest(one, one, options);
  EXPECT_EQ(alone[0].first, kInfinity);
  EXPECT_EQ(alone[0].first_row, -1);
}

TEST(Dcr, RefusesTablesAndWeightsThatDoNotFit) {
  const OwnedRows rows{{{0.5f}}, {{1}}};
  const auto expect_usage = [&](const OwnedRows& queries, const OwnedRows& references,
                                const DcrOptions& options = {}) {
    try {
      nearest(queries, references, options);
      ADD_FAILURE() << "no error";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage) << error.what();
    }
  };
  expect_usage({{{0.5f}}, {}}, rows);
  expect_usage(rows, {{{}}, {{}}});
  DcrOptions options;
  for (const std::vector<float>& weights :
       {std::vector<float>{1}, {1, -1}, {0, 0}, {1, kNan}, {kInfinity, 1}}) {
    options.weights = weights;
    expect_usage(rows, rows, options);
  }
  GowerRows ragged = rows.view();
  ragged.n_rows = 2;
  EXPECT_THROW(nearest_rows(ragged, rows.view()), base::Error);
  EXPECT_THROW(nearest_rows(rows.view(), ragged), base::Error);
}

}  // namespace
}  // namespace semblance::kernels
