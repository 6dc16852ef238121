#include "trainer/codec_date_parts.hpp"

#include <cstdlib>

namespace semblance::trainer {
namespace {

double date_part_value(DatePartKind kind, const DayTime& time, const DayTime& base,
                       std::int64_t unit) {
  switch (kind) {
    case DatePartKind::kDay:
      return static_cast<double>(time.day);
    case DatePartKind::kWeek:
      return static_cast<double>(time.week());
    case DatePartKind::kWeekday:
      return static_cast<double>(time.weekday());
    case DatePartKind::kInterval:
      return static_cast<double>(time.day - base.day);
    case DatePartKind::kIntervalWeek:
      return static_cast<double>(time.week() - base.week());
    case DatePartKind::kDuration:
      return static_cast<double>(floor_div(time.total() - base.total(), unit));
    case DatePartKind::kTime:
      return static_cast<double>(time.micros / unit);
    case DatePartKind::kHour:
      return static_cast<double>(time.micros / kMicrosHour);
    case DatePartKind::kMinute:
      return static_cast<double>(time.micros % kMicrosHour / kMicrosMinute);
    case DatePartKind::kRest:
      break;
  }
  return static_cast<double>(time.micros % kMicrosMinute / unit);
}

}  // namespace

bool read_date_row(const table::Column& column, const table::Column* base, std::int64_t row,
                   std::int64_t unit, DayTime& time, DayTime& base_time, bool& has_base) {
  has_base = base != nullptr && !base->is_missing(row);
  if (column.is_missing(row)) return false;
  time = day_time(column, row);
  time.micros -= time.micros % unit;
  if (std::abs(time.day) > kLatestDay) return false;
  if (has_base) {
    base_time = day_time(*base, row);
    if (time.total() < base_time.total()) time = base_time;
  }
  return true;
}

std::vector<double> date_part_values(DatePartKind kind, DatePartWhen when,
                                     const table::Column& column, const table::Column* base,
                                     std::int64_t unit, std::int64_t first, std::int64_t last) {
  std::vector<double> values(static_cast<std::size_t>(last - first), std::nan(""));
  for (std::int64_t row = first; row < last; ++row) {
    DayTime time, base_time;
    bool has_base;
    if (!read_date_row(column, base, row, unit, time, base_time, has_base) ||
        !applies(when, has_base))
      continue;
    values[static_cast<std::size_t>(row - first)] = date_part_value(kind, time, base_time, unit);
  }
  return values;
}

}  // namespace semblance::trainer
