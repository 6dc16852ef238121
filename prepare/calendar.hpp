/// Calendar arithmetic beyond table/civil_date.hpp: whole years, texts. Plain whole numbers, no
/// time zone, no bounds within +-10,000 years, so dates before 1900 and after 2262 are ordinary.
#pragma once

#include <cstdint>
#include <string>

#include "table/civil_date.hpp"

namespace semblance::prepare {

using table::civil_from_days;
using table::days_from_civil;
using table::days_in_month;

inline constexpr std::int64_t kSecondsPerDay = 86400;  ///< no leap seconds

/// Quotient rounded towards minus infinity; divisor > 0.
constexpr std::int64_t floor_div(std::int64_t value, std::int64_t divisor) {
  return value / divisor - (value % divisor < 0);
}

/// 1 (Monday) to 7 (Sunday).
constexpr int iso_weekday(std::int64_t days) { return table::weekday(days) + 1; }

/// The same day of another year; 29 February becomes 28 February where there is none.
constexpr std::int64_t add_years(std::int64_t days, std::int64_t years) {
  const table::CivilDay date = civil_from_days(days);
  const std::int64_t year = date.year + years;
  const int last = days_in_month(year, date.month);
  return days_from_civil(year, date.month, date.day < last ? date.day : last);
}

/// Completed years between two days (a birthday on 29 February falls on 1 March elsewhere).
constexpr std::int64_t whole_years_between(std::int64_t from_days, std::int64_t to_days) {
  const table::CivilDay from = civil_from_days(from_days), to = civil_from_days(to_days);
  const bool before_birthday =
      to.month < from.month || (to.month == from.month && to.day < from.day);
  return to.year - from.year - before_birthday;
}

/// Appends "2101-03-09".
void append_date(std::string& out, std::int64_t days);
/// Appends "2101-03-09 17:05:00".
void append_datetime(std::string& out, std::int64_t seconds);

}  // namespace semblance::prepare
