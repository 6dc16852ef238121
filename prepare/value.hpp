/// One cell while a recipe runs: small, by value, texts as views.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "table/schema.hpp"

namespace semblance::prepare {

/// What kind of value a cell or an expression has.
enum class CellKind : std::uint8_t {
  kMissing,  ///< no value; as the kind of an expression: it never has one
  kText,
  kInteger,
  kReal,
  kBoolean,
  kDate,      ///< days since 1970-01-01
  kDatetime,  ///< microseconds since 1970-01-01 00:00, no zone
};
std::string_view cell_kind_name(
    CellKind kind);                     ///< "text", "integer", "float", "boolean", "date", ...
table::Kind table_kind(CellKind kind);  ///< text becomes a category

/// A cell: 32 bytes, copied freely; `kind` says which member counts.
struct Value {
  CellKind kind = CellKind::kMissing;  ///< kMissing: the other members mean nothing
  union {
    std::int64_t integer = 0;  ///< kInteger, kBoolean, kDate, kDatetime
    double real;               ///< kReal
  };
  std::string_view text;  ///< kText; somebody else owns the characters

  bool missing() const { return kind == CellKind::kMissing; }  ///< no value
  /// Of a number or boolean.
  double number() const { return kind == CellKind::kReal ? real : static_cast<double>(integer); }
  /// Of a date or datetime.
  std::int64_t microseconds() const;
  std::int64_t days() const;  ///< since 1970-01-01, of a date or datetime

  static Value of_text(std::string_view text);  ///< the characters must outlive the value
  /// \param kind  kInteger, kBoolean, kDate or kDatetime
  static Value of_integer(std::int64_t value, CellKind kind = CellKind::kInteger);
  static Value of_real(double value);  ///< NaN is a value here, not missing
};

inline constexpr std::int64_t kMicrosecondsPerDay = 86'400'000'000;  ///< no leap seconds

/// -1, 0 or 1; both present and of comparable kinds (numbers, texts, dates or datetimes, booleans).
int compare(const Value& a, const Value& b);

/// The value as people write it: "12", "0.25", "2101-03-09 17:05:00", "true"; "" when missing.
void append_text(std::string& out, const Value& value);

}  // namespace semblance::prepare
