#include "table/derive_columns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "table/civil_date.hpp"

namespace semblance::table {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

/// Columns of random numbers and what follows from them.
class DeriveColumns : public testing::Test {
 protected:
  static constexpr int kRows = 400;

  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  std::vector<std::int64_t> any(int least, int n) {
    std::vector<std::int64_t> out(kRows);
    for (std::int64_t& value : out) value = least + below(n);
    return out;
  }
  const std::vector<std::int64_t>& integers(const std::string& name,
                                            std::vector<std::int64_t> values,
                                            Kind kind = Kind::kInteger) {
    table_.columns.push_back({.spec = {.name = name, .kind = kind}, .ints = std::move(values)});
    return table_.columns.back().ints;
  }
  void reals(const std::string& name, int decimals, const std::function<double(int)>& value) {
    Column column{.spec = {.name = name, .kind = Kind::kFloat, .decimals = decimals}};
    const double scale = std::pow(10, decimals);
    for (int row = 0; row < kRows; ++row)
      column.reals.push_back(std::nearbyint(value(row) * scale) / scale);
    table_.columns.push_back(std::move(column));
  }
  std::vector<std::pair<std::string, std::string>> found(
      const std::vector<std::string>& kept = {}) {
    schema_ = table_.schema();
    return derive_columns(table_, schema_, kept);
  }

  std::mt19937 random_{7};
  Table table_;
  Schema schema_;
};

template <class F>
std::vector<std::int64_t> rows_of(F value) {
  std::vector<std::int64_t> out;
  for (std::size_t row = 0; row < 400; ++row) out.push_back(value(row));
  return out;
}

TEST_F(DeriveColumns, FindsASumWhereverItStands) {
  const auto a = any(0, 9), b = any(0, 30), c = any(1, 5);
  integers("a", a), integers("total", rows_of([&](auto i) { return a[i] + b[i] + c[i]; }));
  integers("b", b), integers("c", c), integers("noise", any(0, 40));
  EXPECT_THAT(found(), ElementsAre(Pair("total", "a + b + c")));
  EXPECT_EQ(schema_.columns[1].derived, "a + b + c");
}

TEST_F(DeriveColumns, WritesADifferenceAsASumSoThatNothingTurnsNegative) {
  const auto low = any(50, 40), width = any(20, 60);
  integers("low", low), integers("high", rows_of([&](auto i) { return low[i] + width[i]; }));
  integers("width", width);
  EXPECT_THAT(found(), ElementsAre(Pair("high", "low + width")));
}

TEST_F(DeriveColumns, LeavesAloneWhatHoldsInNearlyAllRows) {
  const auto a = any(0, 9), b = any(0, 30);
  auto total = rows_of([&](auto i) { return a[i] + b[i]; });
  total[217] += 1;
  integers("a", a), integers("b", b), integers("total", total);
  auto copy = a;
  copy[3] += 1;
  integers("copy", copy);
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(DeriveColumns, AGapMustComeFromAGap) {
  auto a = any(0, 9);
  const auto b = any(0, 30);
  const auto total = rows_of([&](auto i) { return a[i] + b[i]; });
  a[100] = kMissingInt;
  integers("a", a), integers("b", b), integers("total", total);
  EXPECT_THAT(found(), IsEmpty());
  table_.columns[2].ints[100] = kMissingInt;
  EXPECT_THAT(found(), ElementsAre(Pair("total", "a + b")));
}

TEST_F(DeriveColumns, FindsTheTimeBetweenDatesInAnyUnitAndRounding) {
  const auto minutes = any(0, 5'000'000), stay = any(1, 20'000);
  const std::int64_t minute = 60 * kMicrosPerSecond;
  integers("in", rows_of([&](auto i) { return minutes[i] * minute; }), Kind::kDatetime);
  integers("out", rows_of([&](auto i) { return (minutes[i] + stay[i]) * minute; }),
           Kind::kDatetime);
  integers("days", rows_of([&](auto i) { return stay[i] / 1440; }));
  integers("nights",
           rows_of([&](auto i) { return (minutes[i] + stay[i]) / 1440 - minutes[i] / 1440; }));
  reals("los", 3,
        [&](int i) { return static_cast<double>(stay[static_cast<std::size_t>(i)]) / 1440; });
  EXPECT_THAT(found(),
              ElementsAre(Pair("days", "floor(days(in, out))"), Pair("nights", "nights(in, out)"),
                          Pair("los", testing::HasSubstr("days(in, out)"))));
}

TEST_F(DeriveColumns, FindsAnAge) {
  const auto born = any(-20'000, 20'000), seen = any(17'000, 2'000);
  integers("born", born, Kind::kDate), integers("seen", seen, Kind::kDate);
  integers("age", rows_of([&](auto i) {
             const CivilDay a = civil_from_days(born[i]), b = civil_from_days(seen[i]);
             return b.year - a.year - (std::pair(b.month, b.day) < std::pair(a.month, a.day));
           }));
  EXPECT_THAT(found(), ElementsAre(Pair("age", "years(born, seen)")));
}

TEST_F(DeriveColumns, FindsAnotherUnit) {
  std::vector<double> celsius, kilos;
  for (int i = 0; i < kRows; ++i)
    celsius.push_back(35 + below(60) / 10.0), kilos.push_back(40 + below(700) / 10.0);
  reals("fahrenheit", 1, [&](int i) { return celsius[static_cast<std::size_t>(i)] * 1.8 + 32; });
  reals("celsius", 1, [&](int i) { return celsius[static_cast<std::size_t>(i)]; });
  reals("weight kg", 1, [&](int i) { return kilos[static_cast<std::size_t>(i)]; });
  integers("grams", rows_of([&](auto i) { return std::llround(kilos[i] * 1000); }));
  EXPECT_THAT(found(), ElementsAre(Pair("grams", "1000*\"weight kg\""),
                                   Pair("fahrenheit", "1.8*celsius + 32")));
}

TEST_F(DeriveColumns, FindsCopiesAndTheDayOfAMoment) {
  const auto a = any(0, 50), moments = any(0, 1'000'000'000);
  integers("a", a), integers("b", a);
  integers("at", rows_of([&](auto i) { return moments[i] * 1000 * kMicrosPerSecond; }),
           Kind::kDatetime);
  integers("day",
           rows_of([&](auto i) { return day_of_micros(moments[i] * 1000 * kMicrosPerSecond); }),
           Kind::kDate);
  EXPECT_THAT(found(), ElementsAre(Pair("b", "a"), Pair("day", "at")));
  EXPECT_THAT(found({"b", "day"}), ElementsAre(Pair("a", "b")));  // kept ones are learned
}

TEST_F(DeriveColumns, NeedsEnoughRowsThatTell) {
  auto a = any(0, 1), b = any(0, 9);  // a is 0 but for a few rows
  for (const std::size_t row : {3u, 70u, 200u}) a[row] = 1;
  integers("a", a), integers("b", a), integers("c", b);
  EXPECT_THAT(found(), IsEmpty());
  table_ = slice_rows(table_, 0, 30);
  table_.columns[1].ints = table_.columns[2].ints;
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(DeriveColumns, AFormulaIsNeverTakenForTheNameOfAColumn) {
  const auto male = any(0, 90), female = any(0, 90);
  integers("male", male), integers("female", female);
  integers("male + female", rows_of([&](auto i) { return male[i] + female[i]; }));
  EXPECT_THAT(found(), ElementsAre(Pair("male + female", "round(male + female)")));
  integers("round(male + female)", any(0, 7));
  EXPECT_THAT(found(), ElementsAre(Pair("male + female", "round(male + female) ")));
}

TEST_F(DeriveColumns, ATimeIsNeverTakenForTheNameOfAColumn) {
  const auto in = any(0, 5'000), stay = any(1, 200);
  integers("in", in, Kind::kDate);
  integers("out", rows_of([&](auto i) { return in[i] + stay[i]; }), Kind::kDate);
  integers("days(in, out)", stay);
  EXPECT_THAT(found(), ElementsAre(Pair("days(in, out)", "round(days(in, out))")));
}

TEST_F(DeriveColumns, NamesThatLookLikeQuotedOnesAreToldApart) {
  const auto a = any(0, 50);
  integers("odd name", a), integers("\"odd name\"", any(0, 50));
  integers("copy", a);
  EXPECT_THAT(found(), ElementsAre(Pair("copy", "\"odd name\" ")));
}

TEST_F(DeriveColumns, SeesTheLastDigitOfLargeWholeNumbers) {
  // Times as YYYYMMDDhhmmss, the end up to 20 after the start.
  const auto minutes = any(0, 60 * 24), days = any(1, 28), gap = any(0, 21);
  const auto start = rows_of([&](auto i) {
    return 20'240'100'000'000 + days[i] * 1'000'000 + minutes[i] / 60 * 10'000 +
           minutes[i] % 60 * 100;
  });
  integers("start", start), integers("end", rows_of([&](auto i) { return start[i] + gap[i]; }));
  EXPECT_THAT(found(), IsEmpty());
  integers("copy and 3", rows_of([&](auto i) { return start[i] + 3; }));
  EXPECT_THAT(found(), ElementsAre(Pair("copy and 3", "start + 3")));
}

TEST_F(DeriveColumns, AFewRowsOffTheLineAreSeenInALargeTable) {
  auto a = any(0, 1000), b = rows_of([&](auto i) { return 3 * a[i] + 7; });
  b[1] += 4, b[3] -= 4;  // every second row is in the sample
  integers("a", a), integers("b", b);
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(DeriveColumns, ChainsButNeverInACircle) {
  const auto a = any(1, 40), b = any(1, 90);
  const auto sum = rows_of([&](auto i) { return a[i] + b[i]; });
  integers("a", a), integers("b", b), integers("sum", sum);
  integers("again", sum);
  reals("tenth", 0,
        [&](int i) { return static_cast<double>(sum[static_cast<std::size_t>(i)]) / 10; });
  for (const auto& [column, formula] : found()) {
    EXPECT_NE(column, "a");
    EXPECT_NE(column, "b");
  }
  EXPECT_EQ(schema_.columns[2].derived, "a + b");
  EXPECT_EQ(schema_.columns[3].derived, "sum");
  EXPECT_NE(schema_.columns[4].derived, "");
}

}  // namespace
}  // namespace semblance::table
