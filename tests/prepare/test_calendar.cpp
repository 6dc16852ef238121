#include "prepare/calendar.hpp"

#include <gtest/gtest.h>

namespace semblance::prepare {
namespace {

TEST(Calendar, KnowsTheEpochAndFarDates) {
  EXPECT_EQ(days_from_civil(1970, 1, 1), 0);
  EXPECT_EQ(days_from_civil(2000, 3, 1), 11017);
  EXPECT_EQ(days_from_civil(1800, 1, 1), -62091);  // Python: (date(1800,1,1)-date(1970,1,1)).days
  EXPECT_EQ(days_from_civil(2400, 2, 29), 157113);
}

TEST(Calendar, DaysAndDatesAreInverse) {
  for (std::int64_t day = -200000; day < 200000; day += 17) {
    const table::CivilDay date = civil_from_days(day);
    EXPECT_EQ(days_from_civil(date.year, date.month, date.day), day);
  }
}

TEST(Calendar, TwentyNinthOfFebruaryBecomesTheTwentyEighthInACommonYear) {
  EXPECT_EQ(add_years(days_from_civil(2020, 2, 29), 1), days_from_civil(2021, 2, 28));
  EXPECT_EQ(add_years(days_from_civil(2020, 2, 29), -4), days_from_civil(2016, 2, 29));
}

TEST(Calendar, AgeGrowsOnTheBirthday) {
  const std::int64_t birth = days_from_civil(1950, 6, 15);
  EXPECT_EQ(whole_years_between(birth, days_from_civil(2000, 6, 14)), 49);
  EXPECT_EQ(whole_years_between(birth, days_from_civil(2000, 6, 15)), 50);
}

TEST(Calendar, WritesDatesBeforeAndAfterTheRangeOfNanoseconds) {
  std::string text;
  append_datetime(text, days_from_civil(1845, 12, 31) * kSecondsPerDay + 86399);
  EXPECT_EQ(text, "1845-12-31 23:59:59");
  text.clear();
  append_date(text, days_from_civil(2262, 4, 12));
  EXPECT_EQ(text, "2262-04-12");
}

TEST(Calendar, MondayIsTheFirstDayOfTheWeek) {
  EXPECT_EQ(iso_weekday(0), 4);  // 1970-01-01 was a Thursday
  EXPECT_EQ(iso_weekday(days_from_civil(1900, 1, 1)), 1);
}

}  // namespace
}  // namespace semblance::prepare
