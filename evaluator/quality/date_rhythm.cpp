#include "evaluator/quality/date_rhythm.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace semblance::evaluator {

Rhythm rhythm_of(std::span<const double> values, table::Kind kind) {
  constexpr double kMicrosecondsPerDay = 86400e6;
  Rhythm out{std::vector<std::int64_t>(7), std::vector<std::int64_t>(12),
             std::vector<std::int64_t>(24)};
  for (const double value : values) {
    if (std::isnan(value)) continue;
    const double days =
        kind == table::Kind::kDate ? std::floor(value) : std::floor(value / kMicrosecondsPerDay);
    if (std::abs(days) > 3e6) continue;  // beyond the calendar's range of about 8,000 years
    const std::chrono::sys_days day{std::chrono::days{static_cast<int>(days)}};
    ++out.weekday[std::chrono::weekday{day}.iso_encoding() - 1];
    ++out.month[static_cast<unsigned>(std::chrono::year_month_day{day}.month()) - 1];
    if (kind == table::Kind::kDatetime) {
      const double rest = value - days * kMicrosecondsPerDay;
      ++out.hour[static_cast<std::size_t>(std::min(std::floor(rest / 3600e6), 23.0))];
    }
  }
  return out;
}

}  // namespace semblance::evaluator
