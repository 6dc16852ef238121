/// Calendar dates of any year, and texts of dates by pattern; no time zone data base, no locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace semblance::table {

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;  ///< datetimes count microseconds
inline constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;  ///< no leap seconds

/// Dates from files lie within this many days of 1970, so that microseconds fit an int64 and may be
/// computed with.
inline constexpr std::int64_t kMostDays = 100'000'000;
/// Whether days since 1970-01-01 lie within kMostDays of it.
constexpr bool is_possible_day(std::int64_t days) {
  return days >= -kMostDays && days <= kMostDays;
}
/// The same for microseconds since 1970-01-01 00:00.
constexpr bool is_possible_moment(std::int64_t micros) {
  return micros >= -kMostDays * kMicrosPerDay && micros <= kMostDays * kMicrosPerDay;
}

/// Days since 1970-01-01 of a day of the proleptic Gregorian calendar; neither argument is checked.
/// \param month  1..12
/// \param day    1..31
/// Source: H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
constexpr std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

/// A day of the proleptic Gregorian calendar. Not checked: 30 February can be held.
struct CivilDay {
  std::int64_t year = 1970;  ///< astronomical: 0 is 1 BC
  int month = 1, day = 1;    ///< from 1
  bool operator==(const CivilDay&) const = default;
};

/// The inverse of days_from_civil (same source, civil_from_days).
constexpr CivilDay civil_from_days(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t m = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(m < 10 ? m + 3 : m - 9);
  return {year_of_era + era * 400 + (month <= 2), month,
          static_cast<int>(day_of_year - (153 * m + 2) / 5 + 1)};
}

/// Gregorian rule, for any year.
constexpr bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
/// \param month  1..12, not checked
constexpr int days_in_month(std::int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

/// Day of the week, 0 is Monday.
constexpr int weekday(std::int64_t days) { return static_cast<int>(((days + 3) % 7 + 7) % 7); }

/// Days and the rest of a number of microseconds; the rest is never negative.
constexpr std::int64_t day_of_micros(std::int64_t micros) {
  return (micros >= 0 ? micros : micros - (kMicrosPerDay - 1)) / kMicrosPerDay;
}

/// A day and a time of day as read from a text.
struct CivilTime {
  CivilDay day;                                      ///< as written, before any zone is taken off
  int hour = 0, minute = 0, second = 0, micros = 0;  ///< 0..23, 0..59, 0..59, 0..999,999
  int offset_minutes = 0;    ///< of the zone, east is positive; 0 without one
  int fraction_digits = 0;   ///< digits after the seconds' point
  bool short_field = false;  ///< day, month or hour was written with one digit

  /// Since 1970-01-01, of `day`: the zone does not count.
  std::int64_t days() const { return days_from_civil(day.year, day.month, day.day); }
  /// Microseconds since 1970-01-01 00:00 of the zone's UTC.
  std::int64_t total_micros() const;
};

/// A compiled date pattern in the style of strftime:
/// %Y four-digit year, %y two-digit year (69-99: 19xx, 00-68: 20xx), %m month, %d day, %H hour,
/// %I hour 1-12 with %p AM/PM, %M minute, %S second, %f fraction of six digits, %3f of three,
/// %b month name (Jan), %^b (JAN), %z zone (Z, +01:00, +0100), %% a percent sign; all else stands
/// for itself. %-d, %-m, %-H, %-I are written without a leading zero. In reading, one or two
/// digits are taken wherever a non-digit follows, and a fraction with the point before it may be
/// absent. So may what stands in [ ] at the end of a pattern: "%Y-%m-%d[ %H:%M]" also reads days
/// without a time, as midnight.
class DatePattern {
 public:
  /// \throws Error{kData} for an unknown % sequence, a [ ] that does not end the pattern, or a
  /// pattern without year, month and day
  explicit DatePattern(std::string_view pattern);

  /// False when the whole text is not a valid date of this pattern.
  bool parse(std::string_view text, CivilTime& out) const;
  /// Appends the day and time of `micros` since 1970-01-01 00:00.
  void append(std::string& out, std::int64_t micros) const;

  /// Whether it has hours: without them append() writes the day alone.
  bool has_time() const { return has_time_; }
  const std::string& text() const { return text_; }  ///< as given to the constructor

 private:
  struct Item {
    char what;  // conversion letter, or 0 for a literal
    bool plain_width = false, upper = false;
    int digits = 0;
    std::string literal;
  };
  void add_literal(char c);
  bool parse_items(std::string_view text, CivilTime& out) const;
  static bool parse_field(char what, std::size_t least_digits, std::string_view& text,
                          CivilTime& out);

  std::string text_;
  std::vector<Item> items_;
  std::size_t optional_from_ = static_cast<std::size_t>(-1);  // item at which a text may end
  bool has_time_ = false;
};

}  // namespace semblance::table
