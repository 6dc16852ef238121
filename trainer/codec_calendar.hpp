/// Dates and datetimes as a calendar day and the time within it.
#pragma once

#include <cstdint>

#include "table/column.hpp"

namespace semblance::trainer {

inline constexpr std::int64_t kMicrosSecond = 1'000'000;
inline constexpr std::int64_t kMicrosMinute = 60 * kMicrosSecond;
inline constexpr std::int64_t kMicrosHour = 60 * kMicrosMinute;
inline constexpr std::int64_t kMicrosDay = 24 * kMicrosHour;

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}
inline std::int64_t floor_mod(std::int64_t a, std::int64_t b) { return a - floor_div(a, b) * b; }

/// A point in time: days since 1970-01-01 and microseconds since midnight.
struct DayTime {
  std::int64_t day = 0;
  std::int64_t micros = 0;

  std::int64_t week() const { return floor_div(day + 3, 7); }     ///< weeks begin on Monday
  std::int64_t weekday() const { return floor_mod(day + 3, 7); }  ///< 0 is Monday
  std::int64_t total() const { return day * kMicrosDay + micros; }
  static DayTime from_total(std::int64_t total) {
    return {floor_div(total, kMicrosDay), floor_mod(total, kMicrosDay)};
  }
};

/// \param row  a present value of a kDate or kDatetime column
inline DayTime day_time(const table::Column& column, std::int64_t row) {
  const std::int64_t value = column.ints[static_cast<std::size_t>(row)];
  return column.spec.kind == table::Kind::kDate ? DayTime{value, 0} : DayTime::from_total(value);
}

inline std::int64_t date_value(const DayTime& time, table::Kind kind) {
  return kind == table::Kind::kDate ? time.day : time.total();
}

}  // namespace semblance::trainer
