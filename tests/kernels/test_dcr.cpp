#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.hpp"
#include "kernels/dcr.hpp"
#include "kernels/dcr_plan.hpp"
#include "kernels/dcr_search.hpp"
#include "tests/kernels/device_cases.hpp"
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

/// Every instruction set that this machine has.
std::vector<Isa> isas() {
  std::vector<Isa> result;
  for (const Isa isa : {Isa::kPortable, Isa::kAvx2, Isa::kAvx512}) {
    if (has_isa(isa)) result.push_back(isa);
  }
  return result;
}

bool same_bits(const Nearest& a, const Nearest& b) {
  return std::memcmp(&a.first, &b.first, sizeof a.first) == 0 &&
         std::memcmp(&a.second, &b.second, sizeof a.second) == 0 && a.first_row == b.first_row;
}

/// Demands the bits of the plain double loop from every instruction set and several thread counts.
void expect_like_plain(const OwnedRows& queries, const OwnedRows& references,
                       DcrOptions options = {}) {
  const auto expected = nearest_rows_plain(queries.view(), references.view(), options);
  for (const Isa isa : isas()) {
    for (const int threads : {1, 3}) {
      options.threads = threads;
      const auto result =
          nearest_rows_cpu(queries.view(), std::vector{references.view()}, options, isa)[0];
      ASSERT_EQ(result.size(), expected.size());
      for (std::size_t i = 0; i < result.size(); ++i) {
        ASSERT_TRUE(same_bits(result[i], expected[i]))
            << "isa " << static_cast<int>(isa) << ", threads " << threads << ", query " << i
            << ": (" << result[i].first << ' ' << result[i].second << ' ' << result[i].first_row
            << ") expected (" << expected[i].first << ' ' << expected[i].second << ' '
            << expected[i].first_row << ')';
      }
    }
  }
}

TEST(DcrSearch, ExactDifferencesOfAllInstructionSetsAreTheDefinition) {
  RandomShape shape{.missing = 0.2, .odd = 0.3};
  for (const int n_numeric : {0, 1, 7, 16, 33}) {
    for (const int n_categorical : {0, 1, 8, 17, 40}) {
      shape.n_numeric = n_numeric;
      shape.n_categorical = n_categorical;
      const RowCells cells(random_rows(40, shape, 5).view());
      std::vector<float> wanted;
      for (int c = 0; c < n_numeric + n_categorical; ++c)
        wanted.push_back(static_cast<float>(c % 3) + 0.3f);
      const GowerWeights weights = whole_weights(wanted, n_numeric + n_categorical);
      for (std::int64_t i = 0; i + 1 < 40 && n_numeric + n_categorical > 0; ++i) {
        const auto expected =
            row_units(cells.numeric(i), cells.numeric(i + 1), n_numeric, cells.codes(i),
                      cells.codes(i + 1), n_categorical, weights.column.data());
        for (const Isa isa : isas()) {
          EXPECT_EQ(scan_functions(isa).exact(cells.numeric(i), cells.numeric(i + 1), n_numeric,
                                              cells.codes(i), cells.codes(i + 1), n_categorical,
                                              weights.column.data()),
                    expected);
        }
      }
    }
  }
}

struct Case {
  const char* name;
  RandomShape shape;
  std::int64_t n_queries, n_references;
  std::vector<float> weights = {};
};

class DcrSearchLikePlain : public testing::TestWithParam<Case> {};

TEST_P(DcrSearchLikePlain, GivesTheSameBits) {
  const Case& c = GetParam();
  DcrOptions options;
  options.weights = c.weights;
  expect_like_plain(random_rows(c.n_queries, c.shape, 11), random_rows(c.n_references, c.shape, 12),
                    options);
}

TEST_P(DcrSearchLikePlain, GivesTheSameBitsWithoutTheRowItself) {
  const Case& c = GetParam();
  DcrOptions options;
  options.weights = c.weights;
  options.leave_one_out = true;
  const OwnedRows rows = random_rows(std::min<std::int64_t>(c.n_references, 1500), c.shape, 13);
  expect_like_plain(rows, rows, options);
}

/// Several tables in one pass: each has the results that it has alone.
void expect_each_alike(const OwnedRows& queries, const std::vector<OwnedRows>& tables,
                       DcrOptions options) {
  std::vector<GowerRows> views;
  for (const OwnedRows& table : tables) views.push_back(table.view());
  const auto together = nearest_rows_of_each(queries.view(), views, options);
  ASSERT_EQ(together.size(), tables.size());
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const auto expected = nearest_rows_plain(queries.view(), views[t], options);
    ASSERT_EQ(together[t].size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_TRUE(same_bits(together[t][i], expected[i])) << "table " << t << ", query " << i;
    options.leave_one_out = false;  // concerns the first table alone
  }
}

TEST_P(DcrSearchLikePlain, GivesTheSameBitsForSeveralTablesInOnePass) {
  const Case& c = GetParam();
  DcrOptions options;
  options.weights = c.weights;
  RandomShape whole = c.shape;
  whole.missing = 0;
  const OwnedRows rows = random_rows(std::min<std::int64_t>(c.n_references, 700), c.shape, 15);
  const std::vector<OwnedRows> tables{rows, random_rows(1, c.shape, 16),
                                      random_rows(400, whole, 17)};
  expect_each_alike(random_rows(c.n_queries, c.shape, 14), tables, options);
  options.leave_one_out = true;
  expect_each_alike(rows, tables, options);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, DcrSearchLikePlain,
    testing::Values(
        Case{"Mixed",
             {.n_numeric = 4, .n_categorical = 5, .missing = 0.1, .odd = 0.02, .correlation = 0.7},
             300,
             9000},
        Case{"OneRow", {.n_numeric = 2, .n_categorical = 2}, 100, 1},
        Case{"TwoRows", {.n_numeric = 2, .n_categorical = 2, .missing = 0.3}, 100, 2},
        Case{"AllNumeric", {.n_numeric = 9}, 200, 3000},
        Case{"ManyNumeric", {.n_numeric = 120, .missing = 0.05}, 50, 700},
        Case{"NumericSteps", {.n_numeric = 5, .missing = 0.05, .steps = 4}, 300, 3000},
        Case{"AllCategorical", {.n_categorical = 9, .cardinality = 3, .missing = 0.05}, 300, 5000},
        Case{"FewDistinct", {.n_categorical = 3, .cardinality = 2}, 300, 3000},
        Case{"ManyCategorical", {.n_categorical = 260, .cardinality = 4}, 40, 500},
        Case{"ManyLevels", {.n_numeric = 1, .n_categorical = 3, .cardinality = 1000}, 200, 3000},
        Case{"HugeCodes",
             {.n_numeric = 1, .n_categorical = 2, .cardinality = 2'000'000'000},
             100,
             1000},
        Case{"AllMissing", {.n_numeric = 2, .n_categorical = 2, .missing = 1}, 50, 500},
        Case{"MostlyMissing", {.n_numeric = 3, .n_categorical = 3, .missing = 0.9}, 200, 2000},
        Case{"Odd", {.n_numeric = 4, .n_categorical = 1, .missing = 0.1, .odd = 0.5}, 300, 3000},
        Case{"Weighted",
             {.n_numeric = 3, .n_categorical = 4, .missing = 0.1, .correlation = 0.6},
             300,
             3000,
             {0.1f, 3, 0, 1, 0.7f, 0.001f, 2}},
        Case{"WholeWeights",
             {.n_numeric = 2, .n_categorical = 3, .cardinality = 3, .steps = 3},
             300,
             2000,
             {2, 0, 1, 5, 3}},
        Case{"WeightedCategories",
             {.n_categorical = 6, .cardinality = 3},
             300,
             2000,
             {1, 0.5f, 0.25f, 3, 0, 1000}}),
    [](const auto& test) { return test.param.name; });

class DcrDevices : public OnDevice {};

TEST_P(DcrDevices, GiveTheBitsOfThePlainLoop) {
  DcrOptions options;
  options.device = GetParam();
  const RandomShape shapes[] = {
      {.n_numeric = 4, .n_categorical = 5, .missing = 0.1, .odd = 0.02, .correlation = 0.7},
      {.n_numeric = 9},
      {.n_categorical = 9, .cardinality = 3, .missing = 0.05},
      {.n_numeric = 40, .n_categorical = 50, .cardinality = 700, .missing = 0.02},
      {.n_numeric = 1, .steps = 3},
  };
  for (const RandomShape& shape : shapes) {
    for (const bool weighted : {false, true}) {
      options.weights.clear();
      for (int c = 0; weighted && c < shape.n_numeric + shape.n_categorical; ++c) {
        options.weights.push_back(static_cast<float>((c * 7 + 1) % 5) * 0.3f);
      }
      for (const std::int64_t n : {1, 70, 9000}) {
        const OwnedRows queries = random_rows(150, shape, 21),
                        references = random_rows(n, shape, 22);
        const auto result = nearest(queries, references, options);
        const auto expected = nearest_rows_plain(queries.view(), references.view(), options);
        for (std::size_t i = 0; i < result.size(); ++i) {
          ASSERT_TRUE(same_bits(result[i], expected[i])) << "query " << i << ", references " << n;
        }
      }
      const OwnedRows rows = random_rows(1200, shape, 23);
      DcrOptions others = options;
      others.leave_one_out = true;
      expect_each_alike(rows, {rows, random_rows(300, shape, 24)}, others);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Device, DcrDevices, testing::Values("cpu", "cuda:0"), device_case_name);

TEST(DcrSearch, APartOfTheReferencesIsLeftOutOfItsOwnAnswers) {
  const OwnedRows rows =
      random_rows(600, {.n_numeric = 2, .n_categorical = 3, .cardinality = 2, .steps = 3}, 31);
  OwnedRows part = rows;
  for (auto& column : part.numeric) column.erase(column.begin(), column.begin() + 250);
  for (auto& column : part.categorical) column.erase(column.begin(), column.begin() + 250);
  DcrOptions options;
  options.leave_one_out = true;
  const auto whole = nearest(rows, rows, options);
  options.first_row = 250;
  const auto result = nearest(part, rows, options);
  for (std::size_t i = 0; i < result.size(); ++i)
    EXPECT_TRUE(same_bits(result[i], whole[i + 250])) << i;
  expect_like_plain(part, rows, options);
  options.first_row = 251;
  EXPECT_THROW(nearest(part, rows, options), base::Error);
}

TEST(DcrSearch, NoTablesGiveNoResults) {
  const OwnedRows rows{{{0.5f}}, {}};
  EXPECT_TRUE(nearest_rows_of_each(rows.view(), {}).empty());
  const OwnedRows none{{{}}, {}};
  const std::vector<GowerRows> tables{rows.view(), none.view()};
  EXPECT_THROW(nearest_rows_of_each(rows.view(), tables), base::Error);
}

TEST(DcrDevice, ANamelessOrAbsentDeviceIsRefused) {
  DcrOptions options;
  options.device = "tpu";
  EXPECT_THROW(nearest({{{0.5f}}, {}}, {{{0.5f}}, {}}, options), base::Error);
  options.device = "cuda:99";
  try {
    nearest({{{0.5f}}, {}}, {{{0.5f}}, {}}, options);
    ADD_FAILURE() << "no error";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kDevice);
  }
}

TEST(DcrSearch, CopiesOfAFewRowsGiveTheirSmallestRow) {
  const OwnedRows few = random_rows(7, {.n_numeric = 3, .n_categorical = 2, .missing = 0.2}, 3);
  OwnedRows many = few;
  base::PhiloxStream random(4, base::Purpose::kEvaluate, 0);
  for (int i = 0; i < 1000; ++i) {
    const auto row = random.below(7);
    for (auto& column : many.numeric) column.push_back(column[row]);
    for (auto& column : many.categorical) column.push_back(column[row]);
  }
  const auto result = nearest(few, many);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(result[i].first_row, static_cast<std::int64_t>(i));
    EXPECT_EQ(result[i].first, 0.0f);
    EXPECT_EQ(result[i].second, 0.0f);
  }
  expect_like_plain(random_rows(200, {.n_numeric = 3, .n_categorical = 2, .missing = 0.2}, 5),
                    many);
  DcrOptions options;
  options.leave_one_out = true;
  expect_like_plain(many, many, options);
}

TEST(DcrSearch, ReorderingReferencesChangesRowNumbersOnly) {
  const RandomShape shape{.n_numeric = 3, .n_categorical = 3, .correlation = 0.5};
  const OwnedRows queries = random_rows(200, shape, 1), references = random_rows(2000, shape, 2);
  OwnedRows reversed = references;
  for (auto& column : reversed.numeric) std::reverse(column.begin(), column.end());
  for (auto& column : reversed.categorical) std::reverse(column.begin(), column.end());
  const auto a = nearest(queries, references), b = nearest(queries, reversed);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    EXPECT_EQ(a[i].second, b[i].second);
    if (a[i].first == a[i].second) continue;
    EXPECT_EQ(a[i].first_row, 1999 - b[i].first_row);
  }
}

TEST(DcrSearch, RandomShapesAgreeWithThePlainLoop) {
  base::PhiloxStream random(2026, base::Purpose::kEvaluate, 9);
  for (int round = 0; round < 40; ++round) {
    RandomShape shape;
    shape.n_numeric = static_cast<int>(random.below(8));
    shape.n_categorical = static_cast<int>(random.below(8)) + (shape.n_numeric == 0 ? 1 : 0);
    shape.cardinality = 1 + static_cast<int>(random.below(40));
    shape.missing = random.below(2) == 0 ? 0 : random.uniform();
    shape.odd = random.below(3) == 0 ? random.uniform() * 0.3 : 0;
    shape.steps = static_cast<int>(random.below(3)) * 5;
    shape.correlation = random.uniform();
    DcrOptions options;
    if (random.below(3) == 0) {
      for (int c = 0; c < shape.n_numeric + shape.n_categorical; ++c) {
        options.weights.push_back(
            static_cast<float>(random.uniform() * static_cast<double>(random.below(3))));
      }
      options.weights[0] = 1;
    }
    expect_like_plain(
        random_rows(1 + static_cast<std::int64_t>(random.below(200)), shape, random()),
        random_rows(1 + static_cast<std::int64_t>(random.below(3000)), shape, random()), options);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

}  // namespace
}  // namespace semblance::kernels
