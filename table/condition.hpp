/// Conditions on single columns, as of `generate --where`:
///   A = x    A != x    A < x    A <= x    A > x    A >= x    A IN (x, y)    A NOT IN (x, y)
///   A IS MISSING    A IS NOT MISSING
/// A name or value that holds blanks, signs or commas is written between double quotes. Dates are
/// written 2150-01-31 or "2150-01-31 12:30"; a day of a column with times means the whole day. As
/// in SQL, a missing value meets none but IS MISSING.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::table {

/// The values of one column that meet all conditions on it.
struct AllowedValues {
  /// Numbers, ends included; of dates days, of datetimes microseconds since 1970.
  struct Range {
    double low = -std::numeric_limits<double>::infinity();  ///< at most high
    double high = std::numeric_limits<double>::infinity();  ///< infinite: open on this side
  };

  int column = 0;                         ///< of the schema
  std::string text;                       ///< the conditions, for messages
  bool missing = true;                    ///< a missing value is allowed
  bool present = true;                    ///< false: only a missing one is
  std::vector<Range> ranges = {Range{}};  ///< numbers and dates: ascending, apart
  bool listed = false;                    ///< categories: only `levels` are allowed
  std::vector<std::string> levels;        ///< categories: allowed ones, when `listed`
  std::vector<std::string> excluded;      ///< categories: not these

  /// A present number or date.
  bool allows(double value) const;
  /// A present level.
  bool allows_level(const std::string& level) const;
  /// \param cells  the column
  bool holds(const Column& cells, std::int64_t row) const;
};

/// The conditions by column, in the order of the schema.
/// \throws Error{kData} naming the condition and what would be right: a text that is none, an
///         unknown column (with the nearest name), an identifier, a comparison of a category, a
///         value that is no number or date, conditions that no value meets
std::vector<AllowedValues> parse_conditions(const std::vector<std::string>& texts,
                                            const Schema& schema);

}  // namespace semblance::table
