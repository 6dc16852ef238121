#include "evaluator/bootstrap.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/philox.hpp"
#include "evaluator/means.hpp"
#include "evaluator/utility/score_bootstrap.hpp"

namespace semblance::evaluator {
namespace {

std::vector<double> normals(std::int64_t n, std::uint64_t stream) {
  base::PhiloxStream random(3, base::Purpose::kEvaluate, stream);
  std::vector<double> out;
  for (std::int64_t i = 0; i < n; ++i) out.push_back(random.normal());
  return out;
}

TEST(Bootstrap, EveryRowIsAGroupOfItsOwnInASmallTable) {
  const Resamples rows(50, 1, 1);
  EXPECT_EQ(rows.n_groups(), 50);
  std::vector<int> seen(50);
  for (const std::uint16_t g : rows.group()) ++seen[g];
  for (const int times : seen) EXPECT_EQ(times, 1);
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto t = rows.times(draw);
    EXPECT_EQ(std::accumulate(t.begin(), t.end(), 0), 50);
  }
}

TEST(Bootstrap, CountsAreTheSameByRowsAndByGroups) {
  // 700 rows: 3 codes are counted by groups, 1,000 codes by rows.
  const Resamples rows(700, 1, 1);
  std::vector<std::int32_t> few, many;
  for (int i = 0; i < 700; ++i) {
    few.push_back(i % 4 == 3 ? -1 : i % 4);
    many.push_back(few.back());
  }
  const auto a = rows.counts(few, 3), b = rows.counts(many, 1000);
  for (std::size_t draw = 0; draw < static_cast<std::size_t>(kDraws); ++draw) {
    for (std::size_t code = 0; code < 3; ++code)
      EXPECT_EQ(a[draw * 3 + code], b[draw * 1000 + code]);
  }
}

TEST(Bootstrap, MeansSpreadByTheStandardErrorWhateverTheNumberOfRows) {
  for (const std::int64_t n : {100, 20000}) {
    const std::vector<double> values = normals(n, 11);
    const std::vector<double> means = Resamples(n, 1, 1).means(values);
    const double error = standard_deviation(values) / std::sqrt(static_cast<double>(n));
    // 200 draws give a standard deviation to 5 %, 256 groups to 4 %: four standard errors.
    EXPECT_NEAR(standard_deviation(means) / error, 1, 0.26) << n;
  }
}

TEST(Bootstrap, CorrelationsEqualThoseOfTheRowsDrawn) {
  const std::vector<double> x = normals(40, 1);
  std::vector<double> y = normals(40, 2);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += x[i] + 1e6;
  y[3] = std::nan("");
  const Resamples rows(40, 1, 1);
  const std::vector<double> all = resampled_correlations(rows, x, y);
  for (const int draw : {0, 17}) {
    std::vector<double> a, b;
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (int k = 0; k < rows.times(draw)[rows.group()[i]]; ++k) {
        a.push_back(x[i]);
        b.push_back(y[i]);
      }
    }
    EXPECT_NEAR(all[static_cast<std::size_t>(draw)], pearson(a, b), 1e-9);
  }
}

TEST(Bootstrap, IntervalsAreCentredAndCut) {
  std::vector<double> draws;
  for (int k = 0; k < kDraws; ++k) draws.push_back(0.3 + 0.001 * k);  // 0.3 .. 0.499
  const auto i = centred_interval(0.05, draws, 0, 1);
  ASSERT_TRUE(i);
  EXPECT_DOUBLE_EQ(i->low, 0);
  EXPECT_NEAR(i->high, 0.05 + 0.5 * 0.95 * 0.199, 1e-9);
  EXPECT_FALSE(centred_interval(0.05, std::vector<double>(kDraws, std::nan(""))));
  EXPECT_FALSE(centred_interval(std::nan(""), draws));
}

TEST(Bootstrap, AucOfADrawnTableIsThatOfItsRows) {
  const std::vector<double> truth = {0, 1, 0, 1, 1},
                            p = {0.9, 0.1, 0.6, 0.4, 0.8, 0.2, 0.2, 0.8, 0.6, 0.4};
  const Resamples rows(5, 1, 1);
  const std::vector<double> draws = score_draws(truth, p, 2, rows);
  for (const int draw : {0, 1, 2, 3}) {
    double in = 0, right = 0;
    const auto times = [&](std::size_t i) { return rows.times(draw)[rows.group()[i]]; };
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t k = 0; k < 5; ++k) {
        if (truth[i] < 0.5 || truth[k] > 0.5) continue;
        const double weight = times(i) * times(k), a = p[2 * i + 1], b = p[2 * k + 1];
        in += weight;
        right += weight * (a > b ? 1 : a == b ? 0.5 : 0);
      }
    }
    if (in > 0) {
      EXPECT_NEAR(draws[static_cast<std::size_t>(draw)], right / in, 1e-12);
    } else {
      EXPECT_TRUE(std::isnan(draws[static_cast<std::size_t>(draw)]));
    }
  }
}

}  // namespace
}  // namespace semblance::evaluator
