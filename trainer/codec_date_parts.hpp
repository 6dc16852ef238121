/// What the token columns of a date tell: days, weeks, weekdays, intervals, parts of the time.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "table/column.hpp"
#include "trainer/codec_calendar.hpp"
#include "trainer/codec_number.hpp"

namespace semblance::trainer {

/// About 270,000 years: keeps microseconds in an int64.
constexpr std::int64_t kLatestDay = 100'000'000;

/// What a token column of a date tells. The numbers are kept in model files.
enum class DatePartKind : std::int32_t {
  kDay = 0,           ///< days since 1970
  kWeek = 1,          ///< weeks since 1970
  kWeekday = 2,       ///< 0 Monday .. 6 Sunday
  kInterval = 3,      ///< days after the base date
  kIntervalWeek = 4,  ///< weeks after the base date's week
  kDuration = 5,      ///< units after the base date and time
  kTime = 6,          ///< units since midnight
  kHour = 7,
  kMinute = 8,
  kRest = 9,  ///< units since the full minute
};
/// As they stand in the names of token columns, by DatePartKind.
constexpr std::array<const char*, 10> kDatePartNames = {
    "day",      "week", "weekday", "interval", "interval-week",
    "duration", "time", "hour",    "minute",   "second"};

/// When a part says something; otherwise it is missing.
enum class DatePartWhen : std::int32_t { kAlways = 0, kBasePresent = 1, kBaseMissing = 2 };

/// Whether a part says something in a row with or without a base date.
inline bool applies(DatePartWhen when, bool has_base) {
  return when == DatePartWhen::kAlways || (when == DatePartWhen::kBasePresent) == has_base;
}

/// One or two token columns of a date.
struct DatePart {
  DatePartKind kind = DatePartKind::kDay;     ///< what it counts
  DatePartWhen when = DatePartWhen::kAlways;  ///< rows in which it says something
  NumberCoder coder;                          ///< of its values, which are whole numbers
};

/// Values of the parts of one row, as far as they are there.
struct DateRowParts {
  std::array<double, kDatePartNames.size()> value;  ///< by DatePartKind; NaN: says nothing
  DateRowParts() { value.fill(std::nan("")); }
  double operator[](DatePartKind kind) const { return value[static_cast<std::size_t>(kind)]; }
  double& operator[](DatePartKind kind) { return value[static_cast<std::size_t>(kind)]; }
  /// Whether the row has a part of this kind.
  bool has(DatePartKind kind) const { return !std::isnan((*this)[kind]); }
  /// The part's value; 0 where there is none.
  std::int64_t whole(DatePartKind kind) const {
    return has(kind) ? std::llround((*this)[kind]) : 0;
  }
};

/// True when the column, or one of a pair, can be used in this row. `time` is floored to the unit
/// and not before the base date.
bool read_date_row(const table::Column& column, const table::Column* base, std::int64_t row,
                   std::int64_t unit, DayTime& time, DayTime& base_time, bool& has_base);

/// Values of one part for rows [first, last); NaN where the part says nothing.
std::vector<double> date_part_values(DatePartKind kind, DatePartWhen when,
                                     const table::Column& column, const table::Column* base,
                                     std::int64_t unit, std::int64_t first, std::int64_t last);

}  // namespace semblance::trainer
