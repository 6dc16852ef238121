#include "table/civil_date.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <random>

#include "tests/table/files.hpp"

namespace semblance::table {
namespace {

TEST(CivilDate, KnowsSomeDays) {
  EXPECT_EQ(days_from_civil(1970, 1, 1), 0);
  EXPECT_EQ(days_from_civil(2000, 2, 29), 11016);
  EXPECT_EQ(days_from_civil(1850, 1, 1), -43829);
  EXPECT_EQ(days_from_civil(2400, 12, 31), 157419);
  EXPECT_EQ(weekday(0), 3) << "1970-01-01 was a Thursday";
  EXPECT_EQ(weekday(days_from_civil(2026, 11, 24)), 1);
  EXPECT_EQ(weekday(-1), 2);
}

TEST(CivilDate, GoesThereAndBackOverSixThousandYears) {
  int year = -1000, month = 1, day = 1;
  for (std::int64_t days = days_from_civil(-1000, 1, 1); days < days_from_civil(5000, 1, 1);
       ++days) {
    ASSERT_EQ(civil_from_days(days), (CivilDay{year, month, day}));
    ASSERT_EQ(days_from_civil(year, month, day), days);
    if (++day <= days_in_month(year, month)) continue;
    day = 1;
    if (++month > 12) month = 1, ++year;
  }
}

TEST(CivilDate, AgreesWithTheSystemsCalendar) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const auto seconds = static_cast<std::time_t>(random() % 40'000'000'000u) - 10'000'000'000;
    std::tm tm{};
    gmtime_r(&seconds, &tm);
    char wanted[64];
    std::strftime(wanted, sizeof wanted, "%d/%m/%Y %H:%M:%S", &tm);
    std::string made;
    DatePattern("%d/%m/%Y %H:%M:%S").append(made, seconds * kMicrosPerSecond);
    ASSERT_EQ(made, wanted);
  }
}

TEST(DatePattern, ReadsWhatItWrites) {
  std::mt19937_64 random(2);
  for (const char* text :
       {"%Y-%m-%d %H:%M:%S.%f", "%d/%m/%Y %H:%M:%S.%f", "%-m/%-d/%Y %-I:%M:%S.%f %p",
        "%Y%m%d%H%M%S%f", "%d-%b-%Y %H:%M:%S.%f", "%d-%^b-%Y %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%fZ",
        "%Y-%m-%dT%H:%M:%S.%f%z"}) {
    const DatePattern pattern(text);
    for (int i = 0; i < 2000; ++i) {
      const auto micros =
          static_cast<std::int64_t>(random() % 40'000'000'000'000'000u) - 10'000'000'000'000'000;
      std::string written;
      pattern.append(written, micros);
      CivilTime time;
      ASSERT_TRUE(pattern.parse(written, time)) << written;
      ASSERT_EQ(time.total_micros(), micros) << written;
    }
  }
}

TEST(DatePattern, TakesOneOrTwoDigitsAndAnAbsentFraction) {
  CivilTime time;
  EXPECT_TRUE(DatePattern("%d/%m/%Y").parse("1/2/2003", time));
  EXPECT_EQ(time.day, (CivilDay{2003, 2, 1}));
  EXPECT_TRUE(time.short_field);
  EXPECT_TRUE(DatePattern("%Y-%m-%d %H:%M:%S.%f").parse("2003-02-01 10:20:30", time));
  EXPECT_TRUE(DatePattern("%Y-%m-%d %H:%M:%S.%f").parse("2003-02-01 10:20:30.25", time));
  EXPECT_EQ(time.micros, 250000);
}

TEST(DatePattern, KnowsZonesAndHalfDays) {
  CivilTime time;
  EXPECT_TRUE(DatePattern("%Y-%m-%dT%H:%M:%S%z").parse("2003-02-01T00:30:00+01:00", time));
  EXPECT_EQ(time.total_micros(),
            (days_from_civil(2003, 1, 31) * 86400 + 23 * 3600 + 1800) * kMicrosPerSecond);
  EXPECT_TRUE(DatePattern("%m/%d/%Y %I:%M %p").parse("02/01/2003 12:05 AM", time));
  EXPECT_EQ(time.hour, 0);
  EXPECT_TRUE(DatePattern("%m/%d/%Y %I:%M %p").parse("02/01/2003 12:05 pm", time));
  EXPECT_EQ(time.hour, 12);
}

TEST(DatePattern, TwoDigitYearsTurnAt69) {
  CivilTime time;
  EXPECT_TRUE(DatePattern("%d/%m/%y").parse("01/02/68", time));
  EXPECT_EQ(time.day.year, 2068);
  EXPECT_TRUE(DatePattern("%d/%m/%y").parse("01/02/69", time));
  EXPECT_EQ(time.day.year, 1969);
}

TEST(DatePattern, RefusesWhatIsNoDate) {
  CivilTime time;
  const DatePattern day("%Y-%m-%d"), moment("%Y-%m-%d %H:%M:%S");
  for (const char* text :
       {"", "2003", "2003-02-29", "2003-13-01", "2003-00-10", "2003-01-32", "2003-01-01 ",
        "03-01-01", "2003-1-", "2003/01/01", "x2003-01-01", "2003-01-011"}) {
    EXPECT_FALSE(day.parse(text, time)) << text;
  }
  for (const char* text : {"2003-01-01", "2003-01-01 24:00:00", "2003-01-01 10:60:00",
                           "2003-01-01 10:00:60", "2003-01-01 1:2:3"}) {
    EXPECT_FALSE(moment.parse(text, time)) << text;
  }
}

TEST(DatePattern, RefusesUnknownAndIncompletePatterns) {
  EXPECT_THAT(error_of([] { DatePattern("%Y-%m-%q"); }).second, testing::HasSubstr("%q"));
  EXPECT_THAT(error_of([] { DatePattern("%Y-%m"); }).second, testing::HasSubstr("a day"));
  EXPECT_THAT(error_of([] { DatePattern("%Y-%m-%d %"); }).second, testing::HasSubstr("not known"));
}

}  // namespace
}  // namespace semblance::table
