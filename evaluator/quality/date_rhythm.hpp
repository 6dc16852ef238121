/// The weekly, yearly and daily rhythm of dates.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "table/schema.hpp"

namespace semblance::evaluator {

/// Dates per weekday (Monday first), month and hour of the day.
struct Rhythm {
  std::vector<std::int64_t> weekday, month, hour;  ///< [7], [12], [24]; hour is all 0 for kDate
};

/// The same of every row, -1 where missing: Monday 0, January 0.
struct RhythmCodes {
  std::vector<std::int32_t> weekday, month, hour;  ///< [values]
};
/// \param values, kind  as rhythm_of()
RhythmCodes rhythm_codes(std::span<const double> values, table::Kind kind);

/// \param values  days since 1970 (kDate) or microseconds since 1970 (kDatetime); NaN is missing
Rhythm rhythm_of(std::span<const double> values, table::Kind kind);

}  // namespace semblance::evaluator
