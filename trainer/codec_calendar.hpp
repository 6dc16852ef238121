/// Dates and datetimes as a calendar day and the time within it.
#pragma once

#include <cstdint>

#include "table/column.hpp"

namespace semblance::trainer {

inline constexpr std::int64_t kMicrosSecond = 1'000'000;           ///< microseconds in one second
inline constexpr std::int64_t kMicrosMinute = 60 * kMicrosSecond;  ///< in one minute
inline constexpr std::int64_t kMicrosHour = 60 * kMicrosMinute;    ///< in one hour
/// In one day; there are no leap seconds.
inline constexpr std::int64_t kMicrosDay = 24 * kMicrosHour;

/// The quotient rounded down, for b > 0: -1 / 7 is -1.
inline std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}
/// The rest that belongs to floor_div(), 0 to b - 1.
inline std::int64_t floor_mod(std::int64_t a, std::int64_t b) { return a - floor_div(a, b) * b; }

/// A point in time: days since 1970-01-01 and microseconds since midnight.
struct DayTime {
  std::int64_t day = 0;     ///< may be negative
  std::int64_t micros = 0;  ///< 0 to kMicrosDay - 1

  std::int64_t week() const { return floor_div(day + 3, 7); }     ///< weeks begin on Monday
  std::int64_t weekday() const { return floor_mod(day + 3, 7); }  ///< 0 is Monday
  /// Microseconds since 1970-01-01 00:00.
  std::int64_t total() const { return day * kMicrosDay + micros; }
  /// The inverse of total().
  static DayTime from_total(std::int64_t total) {
    return {floor_div(total, kMicrosDay), floor_mod(total, kMicrosDay)};
  }
};

/// \param row  a present value of a kDate or kDatetime column
inline DayTime day_time(const table::Column& column, std::int64_t row) {
  const std::int64_t value = column.ints[static_cast<std::size_t>(row)];
  return column.spec.kind == table::Kind::kDate ? DayTime{value, 0} : DayTime::from_total(value);
}

/// What a column of this kind stores: days or microseconds since 1970. \param kind  kDate or
/// kDatetime
inline std::int64_t date_value(const DayTime& time, table::Kind kind) {
  return kind == table::Kind::kDate ? time.day : time.total();
}

}  // namespace semblance::trainer
