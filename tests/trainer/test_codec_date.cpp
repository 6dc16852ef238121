#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "tests/trainer/codec_tables.hpp"
#include "trainer/codec_calendar.hpp"

namespace semblance::trainer {
namespace {

std::vector<std::string> token_names(const Codec& codec) {
  std::vector<std::string> names;
  for (const TokenColumn& column : codec.token_columns()) names.push_back(column.name);
  return names;
}

/// Tokens of every column put in another order of rows, each its own: what a bad model would make.
TokenMatrix scrambled(TokenMatrix tokens, std::uint64_t seed) {
  for (int t = 0; t < tokens.n_columns; ++t) {
    base::PhiloxStream random(seed, base::Purpose::kEvaluate, static_cast<std::uint64_t>(t));
    for (std::int64_t i = tokens.n_rows - 1; i > 0; --i) {
      std::swap(tokens.column(t)[i],
                tokens.column(t)[random.below(static_cast<std::uint64_t>(i) + 1)]);
    }
  }
  return tokens;
}

TEST(CodecCalendar, WeeksBeginOnMonday) {
  EXPECT_EQ((DayTime{4, 0}.weekday()), 0);  // 1970-01-05
  EXPECT_EQ((DayTime{3, 0}.weekday()), 6);
  EXPECT_EQ((DayTime{-1, 0}.weekday()), 2);  // 1969-12-31, a Wednesday
  EXPECT_EQ((DayTime{4, 0}.week()), 1);
  EXPECT_EQ((DayTime{3, 0}.week()), 0);
  EXPECT_EQ(DayTime::from_total(-1).day, -1);
  EXPECT_EQ(DayTime::from_total(-1).micros, kMicrosDay - 1);
}

TEST(CodecDate, FewDistinctDaysAreExact) {
  std::vector<std::int64_t> days;
  for (int i = 0; i < 1200; ++i) days.push_back(18'000 + 31 * (i % 60));
  days.insert(days.end(), 20, table::kMissingInt);
  const table::Table rows = table_of({dates("month", days)});
  EXPECT_THAT(token_names(fit(rows)), testing::ElementsAre("month"));
  expect_same_cells(rows, round_trip(rows));
}

TEST(CodecDate, WorkingDaysStayWorkingDays) {
  base::PhiloxStream random(1, base::Purpose::kEvaluate, 0);
  std::vector<std::int64_t> days;
  while (days.size() < 20'000) {
    const auto day = static_cast<std::int64_t>(15'000 + random.below(3000));
    if (floor_mod(day + 3, 7) < 5) days.push_back(day);
  }
  const table::Table rows = table_of({dates("clinic", days)});
  EXPECT_THAT(token_names(fit(rows)), testing::ElementsAre("clinic/week", "clinic/weekday"));
  const table::Table back = round_trip(rows);
  for (std::size_t i = 0; i < days.size(); ++i) {
    ASSERT_EQ(floor_mod(back.columns[0].ints[i] + 3, 7), floor_mod(days[i] + 3, 7));
    ASSERT_LE(std::abs(back.columns[0].ints[i] - days[i]), 7 * 8);  // within its bin of weeks
  }
}

TEST(CodecDate, DaysBeyondTheKthEarliestAndLatestAreNotEmitted) {
  std::vector<std::int64_t> days = {-30'000};
  for (int i = 0; i < 20'000; ++i) days.push_back(15'000 + i % 1000);
  days.push_back(60'000);
  const table::Table back = round_trip(table_of({dates("d", days)}));
  for (const std::int64_t day : back.columns[0].ints) {
    ASSERT_GE(day, 15'000);
    ASSERT_LE(day, 16'000);
  }
}

std::vector<std::int64_t> stamps_by(std::int64_t n, std::int64_t span_days, const auto& micros_of) {
  base::PhiloxStream random(2, base::Purpose::kEvaluate, 0);
  std::vector<std::int64_t> stamps;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t day =
        15'000 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(span_days)));
    stamps.push_back(day * kMicrosDay + micros_of(random));
  }
  return stamps;
}

TEST(CodecDate, AFiveMinuteGridAndItsHoursAreKept) {
  const auto stamps = stamps_by(20'000, 2000, [](base::PhiloxStream& random) {
    const std::int64_t hour = 8 + static_cast<std::int64_t>(random.below(10));
    return hour * kMicrosHour + static_cast<std::int64_t>(random.below(12)) * 5 * kMicrosMinute;
  });
  const table::Table back = round_trip(table_of({datetimes("t", stamps)}));
  std::map<std::int64_t, int> before, after;
  for (std::size_t i = 0; i < stamps.size(); ++i) {
    const std::int64_t micros = floor_mod(back.columns[0].ints[i], kMicrosDay);
    ASSERT_EQ(micros % (5 * kMicrosMinute), 0);
    ++before[floor_mod(stamps[i], kMicrosDay) / kMicrosHour], ++after[micros / kMicrosHour];
  }
  EXPECT_EQ(before, after);
}

TEST(CodecDate, ASpikeAtMidnightAndMinutesOfTheHourAreKept) {
  const auto stamps = stamps_by(20'000, 2000, [](base::PhiloxStream& random) {
    if (random.uniform() < 0.3) return std::int64_t{0};
    const bool full = random.uniform() < 0.5;
    return static_cast<std::int64_t>(random.below(24)) * kMicrosHour +
           (full ? 0 : static_cast<std::int64_t>(random.below(3600)) * kMicrosSecond);
  });
  const table::Table rows = table_of({datetimes("t", stamps)});
  EXPECT_THAT(token_names(fit(rows)), testing::Contains("t/minute"));
  const table::Table back = round_trip(rows);
  int full_before = 0, full_after = 0;
  for (std::size_t i = 0; i < stamps.size(); ++i) {
    ASSERT_EQ(floor_mod(back.columns[0].ints[i], kMicrosSecond), 0);
    full_before += floor_mod(stamps[i], kMicrosHour) == 0,
        full_after += floor_mod(back.columns[0].ints[i], kMicrosHour) == 0;
  }
  EXPECT_NEAR(full_before, full_after, 60);
}

TEST(CodecDate, AnEvenTimeOfDayNeedsNoMinutes) {
  const auto stamps = stamps_by(20'000, 2000, [](base::PhiloxStream& random) {
    return static_cast<std::int64_t>(random.below(86'400)) * kMicrosSecond;
  });
  EXPECT_THAT(token_names(fit(table_of({datetimes("t", stamps)}))),
              testing::ElementsAre("t/week", "t/weekday", "t/hour"));
}

TEST(CodecDate, MetadataUnitRoundsTimesDown) {
  const auto stamps = stamps_by(5000, 2000, [](base::PhiloxStream& random) {
    return static_cast<std::int64_t>(random.below(86'400)) * kMicrosSecond + 123'456;
  });
  table::Table rows = table_of({datetimes("t", stamps)});
  rows.columns[0].spec.unit = "minute";
  const table::Table back = round_trip(rows);
  for (const std::int64_t stamp : back.columns[0].ints)
    ASSERT_EQ(floor_mod(stamp, kMicrosMinute), 0);
}

/// Admissions and discharges, some hours to some weeks later at afternoon hours; a tenth has no
/// discharge, a twentieth no admission.
table::Table stays(std::int64_t n) {
  base::PhiloxStream random(3, base::Purpose::kEvaluate, 0);
  std::vector<std::int64_t> in, out;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t start =
        (15'000 + static_cast<std::int64_t>(random.below(2000))) * kMicrosDay +
        static_cast<std::int64_t>(random.below(1440)) * kMicrosMinute;
    const auto nights = static_cast<std::int64_t>(-4 * std::log(1 - random.uniform()));
    std::int64_t end = floor_div(start, kMicrosDay) * kMicrosDay + nights * kMicrosDay +
                       (13 + static_cast<std::int64_t>(random.below(5))) * kMicrosHour;
    if (end < start) end = start + static_cast<std::int64_t>(random.below(5) + 1) * kMicrosHour;
    const double u = random.uniform();
    in.push_back(u < 0.05 ? table::kMissingInt : start);
    out.push_back(u > 0.9 ? table::kMissingInt : end);
  }
  table::Table rows = table_of({datetimes("out", out), datetimes("in", in)});
  rows.columns[0].spec.relative_to = "in";
  return rows;
}

TEST(CodecDate, ARelativeDateIsNeverBeforeItsBaseWhateverTheTokens) {
  const table::Table rows = stays(5000);
  const Codec codec = fit(rows);
  for (const std::uint64_t seed : {1, 2, 3}) {
    const table::Table back = codec.decode(scrambled(codec.encode(rows), seed), 0, seed);
    for (std::int64_t row = 0; row < back.n_rows(); ++row) {
      if (back.columns[0].is_missing(row) || back.columns[1].is_missing(row)) continue;
      ASSERT_GE(back.columns[0].ints[static_cast<std::size_t>(row)],
                back.columns[1].ints[static_cast<std::size_t>(row)]);
    }
  }
}

TEST(CodecDate, IntervalsAndHoursOfARelativeDateAreKept) {
  const table::Table rows = stays(20'000), back = round_trip(rows);
  std::map<std::int64_t, double> nights_before, nights_after, hours_before, hours_after;
  std::int64_t missing = 0;
  for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
    ASSERT_EQ(rows.columns[0].is_missing(row), back.columns[0].is_missing(row));
    missing += rows.columns[1].is_missing(row) && !rows.columns[0].is_missing(row);
    if (rows.columns[0].is_missing(row) || rows.columns[1].is_missing(row)) continue;
    const DayTime out = day_time(rows.columns[0], row), in = day_time(rows.columns[1], row);
    const DayTime new_out = day_time(back.columns[0], row), new_in = day_time(back.columns[1], row);
    ++nights_before[out.day - in.day], ++nights_after[new_out.day - new_in.day];
    ++hours_before[out.micros / kMicrosHour], ++hours_after[new_out.micros / kMicrosHour];
  }
  EXPECT_GT(missing,
            500);  // discharges without an admission survive, see the check of missing cells
  for (int nights = 1; nights < 10; ++nights)
    EXPECT_NEAR(nights_before[nights], nights_after[nights], 0.1 * nights_before[nights] + 30);
  for (int hour = 13; hour < 18; ++hour)
    EXPECT_NEAR(hours_before[hour], hours_after[hour], 0.1 * hours_before[hour]);
}

TEST(CodecDate, ShortIntervalsAreModelledToTheMinute) {
  base::PhiloxStream random(4, base::Purpose::kEvaluate, 0);
  std::vector<std::int64_t> seen, stored;
  for (int i = 0; i < 5000; ++i) {
    seen.push_back((20'000 * 1440 + static_cast<std::int64_t>(random.below(1'000'000))) *
                   kMicrosMinute);
    stored.push_back(seen.back() + static_cast<std::int64_t>(random.below(45)) * kMicrosMinute);
  }
  table::Table rows = table_of({datetimes("seen", seen), datetimes("stored", stored)});
  rows.columns[1].spec.relative_to = "seen";
  const Codec codec = fit(rows);
  EXPECT_THAT(token_names(codec), testing::Contains("stored"));
  const table::Table back = codec.decode(codec.encode(rows), 0, 1);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    ASSERT_EQ(back.columns[1].ints[i] - back.columns[0].ints[i], stored[i] - seen[i]);
  }
}

TEST(CodecDate, ADateMayBeRelativeToADatetimeAndTheOtherWayRound) {
  base::PhiloxStream random(5, base::Purpose::kEvaluate, 0);
  std::vector<std::int64_t> born, admitted, died;
  for (int i = 0; i < 5000; ++i) {
    born.push_back(static_cast<std::int64_t>(random.below(20'000)));
    admitted.push_back((born.back() + static_cast<std::int64_t>(random.below(10'000))) *
                           kMicrosDay +
                       static_cast<std::int64_t>(random.below(1440)) * kMicrosMinute);
    died.push_back(floor_div(admitted.back(), kMicrosDay) +
                   static_cast<std::int64_t>(random.below(400)));
  }
  table::Table rows =
      table_of({dates("died", died), datetimes("admitted", admitted), dates("born", born)});
  rows.columns[0].spec.relative_to = "admitted";
  rows.columns[1].spec.relative_to = "born";
  const Codec codec = fit(rows);
  const table::Table back = codec.decode(scrambled(codec.encode(rows), 1), 0, 1);
  for (std::size_t i = 0; i < born.size(); ++i) {
    ASSERT_GE(back.columns[1].ints[i], back.columns[2].ints[i] * kMicrosDay);
    ASSERT_GE(back.columns[0].ints[i], floor_div(back.columns[1].ints[i], kMicrosDay));
  }
}

TEST(CodecDate, RefusesACircleAndForgetsABaseThatIsNotThere) {
  table::Table rows = table_of({dates("a", {1, 2}), dates("b", {1, 2})});
  rows.columns[0].spec.relative_to = "b";
  rows.columns[1].spec.relative_to = "a";
  EXPECT_THAT([&] { fit(rows); },
              testing::ThrowsMessage<base::Error>(testing::HasSubstr("circle")));
  rows.columns[0].spec.relative_to = "gone";
  rows.columns[1].spec.relative_to = "";
  EXPECT_EQ(fit(rows).schema().columns[0].relative_to, "");
  rows.columns[0].spec.relative_to = "a";
  EXPECT_THROW(fit(rows), base::Error);
}

}  // namespace
}  // namespace semblance::trainer
