#include "evaluator/quality/cell_tables.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/philox.hpp"

namespace semblance::evaluator {
namespace {

using Codes = std::vector<std::int32_t>;

std::vector<CellPair> cells_of(const std::vector<Codes>& a, const std::vector<Codes>& b,
                               const std::vector<int>& n) {
  const std::vector<std::span<const std::int32_t>> x(a.begin(), a.end()), y(b.begin(), b.end());
  return cross_table(x, y, n);
}

TEST(CellTables, CellsAreCountedInBothTables) {
  const auto cells = cells_of({{0, 1, 1}, {0, 0, 1}}, {{0, 0}, {0, 0}}, {2, 2});
  ASSERT_EQ(cells.size(), 3u);  // (0,0), (1,0), (1,1)
  EXPECT_EQ(cells[0].a, 1);
  EXPECT_EQ(cells[0].b, 2);
  EXPECT_DOUBLE_EQ(cell_distance(cells), 2.0 / 3);
}

TEST(CellTables, SortingAndCountingDenselyAgree) {
  base::PhiloxStream random(1, base::Purpose::kEvaluate, 1);
  std::vector<Codes> a(2), b(2), wide_a(2), wide_b(2);
  for (int i = 0; i < 500; ++i) {
    for (int j = 0; j < 2; ++j) {
      for (auto [small, wide] : {std::pair{&a, &wide_a}, std::pair{&b, &wide_b}}) {
        const auto code = static_cast<std::int32_t>(random.below(30));
        (*small)[static_cast<std::size_t>(j)].push_back(code);
        (*wide)[static_cast<std::size_t>(j)].push_back(code * 1000);
      }
    }
  }
  const auto dense = cells_of(a, b, {30, 30}), sparse = cells_of(wide_a, wide_b, {30000, 30000});
  ASSERT_EQ(dense.size(), sparse.size());
  for (std::size_t k = 0; k < dense.size(); ++k) {
    EXPECT_EQ(dense[k].a, sparse[k].a);
    EXPECT_EQ(dense[k].b, sparse[k].b);
  }
}

TEST(CellTables, ExpectedDistanceIsWhatTwoSamplesShow) {
  // 400 pairs of samples from shares (0.5, 0.3, 0.2); the mean distance is within 5 % of the
  // formula.
  base::PhiloxStream random(3, base::Purpose::kEvaluate, 2);
  const std::vector<CellPair> shares = {{500, 0}, {300, 0}, {200, 0}};
  const auto draw = [&](std::int64_t n, std::int64_t CellPair::*side,
                        std::vector<CellPair>& cells) {
    for (std::int64_t i = 0; i < n; ++i) {
      const double u = random.uniform();
      ++(cells[u < 0.5 ? 0 : u < 0.8 ? 1 : 2].*side);
    }
  };
  double mean = 0;
  for (int r = 0; r < 400; ++r) {
    std::vector<CellPair> cells(3);
    draw(400, &CellPair::a, cells);
    draw(250, &CellPair::b, cells);
    mean += cell_distance(cells) / 400;
  }
  EXPECT_NEAR(mean / expected_cell_distance(shares, 400, 250), 1, 0.05);
}

TEST(CellTables, VoasWilliamsonByHand) {
  // a = (6, 4), b = (4, 6), c = ½: e = (5, 5), differences -2 and 2: 4/5 + 4/5.
  const VoasWilliamson vw = voas_williamson(std::array<CellPair, 2>{{{6, 4}, {4, 6}}});
  EXPECT_DOUBLE_EQ(vw.statistic, 1.6);
  EXPECT_EQ(vw.degrees, 1);
  EXPECT_DOUBLE_EQ(vw.ratio, 1.6);
}

TEST(CellTables, VoasWilliamsonIsTwoForTwoSamplesOfOnePopulation) {
  // 300 tables of 20 even cells, 1000 rows each: the mean of S_VW is 2 within 0.1.
  base::PhiloxStream random(5, base::Purpose::kEvaluate, 3);
  double mean = 0;
  for (int r = 0; r < 300; ++r) {
    std::vector<CellPair> cells(20);
    for (int i = 0; i < 1000; ++i) {
      ++cells[random.below(20)].a;
      ++cells[random.below(20)].b;
    }
    mean += voas_williamson(cells).ratio / 300;
  }
  EXPECT_NEAR(mean, 2, 0.1);
}

TEST(CellTables, OneCellHasNoDegreesOfFreedom) {
  EXPECT_TRUE(std::isnan(voas_williamson(std::array<CellPair, 1>{{{5, 5}}}).ratio));
}

}  // namespace
}  // namespace semblance::evaluator
