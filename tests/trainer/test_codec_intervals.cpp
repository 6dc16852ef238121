#include "trainer/codec_intervals.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/philox.hpp"
#include "kernels/decode.hpp"
#include "kernels/encode.hpp"

namespace semblance::trainer {
namespace {

using testing::ElementsAre;

std::vector<ValueCount> counted(const std::vector<double>& values) {
  std::map<double, std::int64_t> counts;
  for (const double value : values) ++counts[value];
  std::vector<ValueCount> out;
  for (const auto& [value, count] : counts) out.push_back({value, count});
  return out;
}

double drawn(const IntervalTable& table, std::int32_t interval, double uniform) {
  return kernels::decode_interval(interval, uniform, table.knot_begin.data(), table.size(),
                                  table.knots.data(), table.grid.multiplier, table.grid.divisor);
}

std::int32_t interval_of(const IntervalTable& table, double value) {
  return kernels::find_interval(value, table.edges.data(), table.size());
}

std::vector<std::int64_t> rows_in_intervals(const IntervalTable& table,
                                            const std::vector<ValueCount>& values) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(table.size()), 0);
  for (const ValueCount& entry : values)
    rows[static_cast<std::size_t>(interval_of(table, entry.value))] += entry.count;
  return rows;
}

const Grid kWhole{1, 1};

TEST(CodecIntervals, FewCommonValuesAreOneSpikeEach) {
  const IntervalTable table = fit_intervals({{1, 50}, {2, 30}, {7, 20}}, kWhole, {});
  EXPECT_THAT(table.knots, ElementsAre(1, 2, 7));
  EXPECT_THAT(table.edges, ElementsAre(0.5, 1.5, 6.5));
  EXPECT_EQ(table.commonest, 0);
}

TEST(CodecIntervals, NothingGivesNoInterval) {
  const IntervalTable table = fit_intervals({}, kWhole, {});
  EXPECT_EQ(table.size(), 0);
  EXPECT_THAT(table.knot_begin, ElementsAre(0));
}

TEST(CodecIntervals, OneValueIsASpike) {
  EXPECT_THAT(fit_intervals({{3.25, 1}}, {}, {}).knots, ElementsAre(3.25));
  EXPECT_THAT(fit_intervals({{3.25, 1000}}, {}, {}).knots, ElementsAre(3.25));
}

TEST(CodecIntervals, ASpikeAmongManyValuesStandsAlone) {
  std::vector<ValueCount> values = {{0, 5000}};
  for (int i = 1; i <= 5000; ++i) values.push_back({i + 0.125, 1});
  const IntervalTable table = fit_intervals(values, {}, {});
  EXPECT_EQ(drawn(table, interval_of(table, 0), 0.7), 0);
  EXPECT_EQ(rows_in_intervals(table, values).front(), 5000);
  // Half of the mass is left for bins of 1/128 of it.
  EXPECT_NEAR(table.size(), 65, 2);
}

TEST(CodecIntervals, ExtremesAreClippedToTheKthSmallestAndLargest) {
  std::vector<ValueCount> values;
  for (int i = 0; i < 2000; ++i) values.push_back({i * 1.5, 1});
  const IntervalTable table = fit_intervals(values, {}, {});
  EXPECT_NEAR(drawn(table, 0, 1e-12), 9 * 1.5, 1e-9);
  EXPECT_LE(drawn(table, table.size() - 1, 1 - 1e-12), 1990 * 1.5);
  const IntervalTable open = fit_intervals(values, {}, {.protect = false});
  EXPECT_NEAR(drawn(open, 0, 1e-12), 0, 1e-9);
  EXPECT_NEAR(drawn(open, open.size() - 1, 1 - 1e-12), 1999 * 1.5, 1e-6);
}

TEST(CodecIntervals, ARareValueIsNeverDrawn) {
  std::vector<ValueCount> values = {{1, 500}, {2, 400}, {777.77, 3}, {5000, 600}};
  const IntervalTable table = fit_intervals(values, {1, 100}, {});
  for (std::int32_t i = 0; i < table.size(); ++i) {
    for (const double uniform : {0.01, 0.3, 0.5, 0.99}) EXPECT_NE(drawn(table, i, uniform), 777.77);
  }
  EXPECT_EQ(drawn(table, interval_of(table, 777.77), 0.5), 2);
}

TEST(CodecIntervals, RareNeighboursOnADenseGridAreDrawnTogether) {
  // Ages of a small table: no value is common, each is kept possible and about as frequent.
  std::vector<ValueCount> values;
  for (int age = 20; age < 80; ++age) values.push_back({static_cast<double>(age), 8});
  const IntervalTable table = fit_intervals(values, kWhole, {});
  std::map<double, int> seen;
  for (const ValueCount& entry : values) {
    for (int draw = 0; draw < 200; ++draw)
      ++seen[drawn(table, interval_of(table, entry.value), (draw + 0.5) / 200)];
  }
  for (int age = 22; age < 78; ++age) EXPECT_NEAR(seen[age], 200, 120) << age;
}

TEST(CodecIntervals, NothingIsDrawnInTheHolesOfClockTimes) {
  // Times of day as hhmm: 60 to 99 never occur in the last two digits.
  std::vector<ValueCount> values;
  for (int hour = 0; hour < 24; ++hour) {
    for (int minute = 0; minute < 60; ++minute)
      values.push_back({hour * 100.0 + minute, 7 + minute % 5 + hour});
  }
  const IntervalTable table = fit_intervals(values, kWhole, {});
  EXPECT_LE(table.size(), 160);
  int impossible = 0, draws = 0;
  for (std::int32_t i = 0; i < table.size(); ++i) {
    for (int draw = 0; draw < 100; ++draw, ++draws) {
      impossible += static_cast<int>(drawn(table, i, (draw + 0.5) / 100)) % 100 >= 60;
    }
  }
  EXPECT_LT(impossible, draws / 200);
}

TEST(CodecIntervals, ALatticeOfCommonValuesIsKept) {
  std::vector<ValueCount> values;
  std::set<double> allowed;
  for (int i = 0; i < 500; ++i) {
    values.push_back({i * 17.0 + i % 3, 100 + i % 7});
    allowed.insert(values.back().value);
  }
  const IntervalTable table = fit_intervals(values, kWhole, {});
  EXPECT_EQ(table.size(), 500);
  for (std::int32_t i = 0; i < table.size(); ++i)
    EXPECT_TRUE(allowed.contains(drawn(table, i, 0.5)));
}

/// Random columns of every nature.
std::vector<double> random_column(int nature, std::int64_t n, base::PhiloxStream& random) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < n; ++i) {
    const double u = random.uniform();
    switch (nature) {
      case 0:
        values.push_back(std::floor(u * 20));
        break;  // few integers
      case 1:
        values.push_back(std::floor(std::exp(8 * u)));
        break;  // heavy tail
      case 2:
        values.push_back(u < 0.4 ? 0 : std::round(random.normal() * 1e4) / 100);
        break;  // spike, decimals
      case 3:
        values.push_back(random.normal());
        break;  // continuous
      case 4:
        values.push_back(u < 0.5 ? 1.5 : u < 0.6 ? -2.25 : random.normal());
        break;  // continuous, two spikes
      case 5:
        values.push_back(std::round(u * u * 300) * 5);
        break;  // multiples of 5
      default:
        values.push_back(1e12 + std::floor(u * 1e6));
        break;  // large integers
    }
  }
  return values;
}

class CodecIntervalsProperty : public testing::TestWithParam<int> {
 protected:
  static Grid grid(int nature) {
    return nature == 3 || nature == 4 ? Grid{}
           : nature == 2              ? Grid{1, 100}
           : nature == 5              ? Grid{5, 1}
                                      : kWhole;
  }
};

TEST_P(CodecIntervalsProperty, WhatIsDrawnFromAnIntervalLiesInIt) {
  base::PhiloxStream random(3, base::Purpose::kEvaluate, static_cast<std::uint64_t>(GetParam()));
  for (const std::int64_t n : {1, 2, 5, 30, 300, 20'000}) {
    for (const bool protect : {true, false}) {
      const auto values = counted(random_column(GetParam(), n, random));
      const IntervalTable table = fit_intervals(values, grid(GetParam()), {.protect = protect});
      ASSERT_GE(table.size(), 1);
      ASSERT_TRUE(std::is_sorted(table.edges.begin(), table.edges.end(), std::less_equal<>()) ||
                  table.size() == 1 ||
                  std::adjacent_find(table.edges.begin(), table.edges.end(),
                                     std::greater_equal<>()) == table.edges.end());
      for (std::int32_t i = 0; i < table.size(); ++i) {
        for (const double uniform : {1e-10, 0.1, 0.37, 0.5, 0.9, 1 - 1e-10}) {
          const double value = drawn(table, i, uniform);
          ASSERT_EQ(interval_of(table, value), i) << "value " << value << " of " << n << " rows";
          if (table.grid.exists()) {
            ASSERT_EQ(table.grid.value(table.grid.position(value)), value);
          }
        }
      }
    }
  }
}

TEST_P(CodecIntervalsProperty, NoIntervalStandsForFewerThanKRows) {
  base::PhiloxStream random(4, base::Purpose::kEvaluate, static_cast<std::uint64_t>(GetParam()));
  for (const std::int64_t n : {300, 900, 20'000}) {
    const auto values = counted(random_column(GetParam(), n, random));
    const IntervalOptions options;
    const IntervalTable table = fit_intervals(values, grid(GetParam()), options);
    for (const std::int64_t rows : rows_in_intervals(table, values))
      ASSERT_GE(rows, smallest_group(n, options)) << n;
    ASSERT_LE(table.knots.size(),
              static_cast<std::size_t>(table.size()) * (IntervalTable::kMostPieces + 1));
  }
}

TEST_P(CodecIntervalsProperty, DistributionIsKept) {
  base::PhiloxStream random(5, base::Purpose::kEvaluate, static_cast<std::uint64_t>(GetParam()));
  const std::vector<double> sample = random_column(GetParam(), 20'000, random);
  const IntervalTable table = fit_intervals(counted(sample), grid(GetParam()), {});
  std::vector<double> before = sample, after;
  for (const double value : sample)
    after.push_back(drawn(table, interval_of(table, value), random.uniform()));
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  double distance = 0;  // Kolmogorov-Smirnov, at all values of both
  for (const std::vector<double>* points : {&before, &after}) {
    for (const double x : *points) {
      const auto below = [x](const std::vector<double>& v) {
        return static_cast<double>(std::upper_bound(v.begin(), v.end(), x) - v.begin()) /
               static_cast<double>(v.size());
      };
      distance = std::max(distance, std::abs(below(before) - below(after)));
    }
  }
  EXPECT_LT(distance, 0.004);
}

INSTANTIATE_TEST_SUITE_P(Natures, CodecIntervalsProperty, testing::Range(0, 7));

}  // namespace
}  // namespace semblance::trainer
