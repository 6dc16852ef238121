/// Values as text, the same in every writer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "table/civil_date.hpp"
#include "table/column.hpp"

namespace semblance::table {

/// Writes the values of one column as text; made once a column because date patterns are compiled.
class ValueFormatter {
 public:
  /// \throws Error{kData} for a date format that DatePattern refuses
  explicit ValueFormatter(const ColumnSpec& spec);
  /// Appends the value of a row as a CSV would hold it, without quoting; nothing when missing.
  /// Floats: `decimals` digits without closing zeros beyond `min_decimals`, or the shortest text
  /// that reads back to the same double. Dates: by the column's format, or ISO 8601.
  void append(std::string& out, const Column& column, std::int64_t row) const;

 private:
  Kind kind_;
  int decimals_, min_decimals_;
  std::optional<DatePattern> pattern_;
};

/// The same for a single value; slow for dates.
void append_value(std::string& out, const Column& column, std::int64_t row);

/// Appends a number: see ValueFormatter. \param decimals  -1: shortest exact form
void append_real(std::string& out, double value, int decimals, int min_decimals);
/// Appends a whole number with `min_decimals` zeros after a point (1: "160.0").
void append_integer(std::string& out, std::int64_t value, int min_decimals = 0);

/// The pattern by which a date column is written: its format or, without one, ISO 8601.
std::string date_format(const ColumnSpec& spec);

}  // namespace semblance::table
