#include "evaluator/quality/date_rhythm.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "evaluator/quality/column_shape.hpp"

namespace semblance::evaluator {

RhythmCodes rhythm_codes(std::span<const double> values, table::Kind kind) {
  constexpr double kMicrosecondsPerDay = 86400e6;
  RhythmCodes out;
  for (const double value : values) {
    std::int32_t weekday = -1, month = -1, hour = -1;
    const double days =
        kind == table::Kind::kDate ? std::floor(value) : std::floor(value / kMicrosecondsPerDay);
    if (std::abs(days) <= 3e6) {  // the calendar's range is about 8,000 years; false for NaN
      const std::chrono::sys_days day{std::chrono::days{static_cast<int>(days)}};
      weekday = static_cast<std::int32_t>(std::chrono::weekday{day}.iso_encoding()) - 1;
      month = static_cast<std::int32_t>(
                  static_cast<unsigned>(std::chrono::year_month_day{day}.month())) -
              1;
      if (kind == table::Kind::kDatetime) {
        const double rest = value - days * kMicrosecondsPerDay;
        hour = static_cast<std::int32_t>(std::min(std::floor(rest / 3600e6), 23.0));
      }
    }
    out.weekday.push_back(weekday);
    out.month.push_back(month);
    out.hour.push_back(hour);
  }
  return out;
}

Rhythm rhythm_of(std::span<const double> values, table::Kind kind) {
  const RhythmCodes codes = rhythm_codes(values, kind);
  return {code_counts(codes.weekday, 7), code_counts(codes.month, 12), code_counts(codes.hour, 24)};
}

}  // namespace semblance::evaluator
