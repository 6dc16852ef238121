/// Days and seconds of the proleptic Gregorian calendar as plain whole numbers: no time zone, no
/// bounds within +-10,000 years, so dates before 1900 and after 2262 are ordinary.
#pragma once

#include <cstdint>
#include <string>

namespace semblance::prepare {

inline constexpr std::int64_t kSecondsPerDay = 86400;

struct CivilDate {
  std::int64_t year = 1970;
  int month = 1;  ///< 1..12
  int day = 1;    ///< 1..31
};

/// Days since 1970-01-01. Source: H. Hinnant, "chrono-compatible low-level date algorithms".
constexpr std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

constexpr CivilDate civil_from_days(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted_month = static_cast<int>((5 * day_of_year + 2) / 153);
  const int day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {year_of_era + era * 400 + (month <= 2), month, day};
}

constexpr bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int days_in_month(std::int64_t year, int month) {
  constexpr int kDays[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

/// Quotient rounded towards minus infinity; divisor > 0.
constexpr std::int64_t floor_div(std::int64_t value, std::int64_t divisor) {
  return value / divisor - (value % divisor < 0);
}

/// 1 (Monday) to 7 (Sunday).
constexpr int iso_weekday(std::int64_t days) {
  return static_cast<int>((days + 3) - 7 * floor_div(days + 3, 7)) + 1;
}

/// The same day of another year; 29 February becomes 28 February where there is none.
constexpr std::int64_t add_years(std::int64_t days, std::int64_t years) {
  const CivilDate date = civil_from_days(days);
  const std::int64_t year = date.year + years;
  const int last = days_in_month(year, date.month);
  return days_from_civil(year, date.month, date.day < last ? date.day : last);
}

/// Completed years between two days (a birthday on 29 February falls on 1 March elsewhere).
constexpr std::int64_t whole_years_between(std::int64_t from_days, std::int64_t to_days) {
  const CivilDate from = civil_from_days(from_days), to = civil_from_days(to_days);
  const bool before_birthday =
      to.month < from.month || (to.month == from.month && to.day < from.day);
  return to.year - from.year - before_birthday;
}

/// Appends "2101-03-09".
void append_date(std::string& out, std::int64_t days);
/// Appends "2101-03-09 17:05:00".
void append_datetime(std::string& out, std::int64_t seconds);

}  // namespace semblance::prepare
