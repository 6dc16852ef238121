/// Typed columns in memory: the form in which every part of the program passes tables around.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "table/schema.hpp"

namespace semblance::table {

/// In Column::ints; a file's value of -2^63 reads as missing.
inline constexpr std::int64_t kMissingInt = std::numeric_limits<std::int64_t>::min();
/// In Column::codes; any negative code counts as missing.
inline constexpr std::int32_t kMissingCode = -1;

/// One column. Which vector holds the values follows from spec.kind (see Schema); the others are
/// empty.
struct Column {
  /// Name, kind and how values are written; the kind decides which vector is used.
  ColumnSpec spec;
  std::vector<double> reals;  ///< kFloat: NaN is missing
  std::vector<std::int64_t>
      ints;  ///< kInteger, kDate (days since 1970-01-01), kDatetime
             ///< (microseconds since 1970-01-01 00:00, no zone): kMissingInt is missing
  std::vector<std::int32_t>
      codes;  ///< kBoolean, kCategory, kId: index into levels, kMissingCode is missing
  std::vector<std::string> levels;  ///< distinct texts of a kBoolean, kCategory or kId column

  std::int64_t size() const;  ///< rows
  /// \param row  0 to size() - 1, not checked
  bool is_missing(std::int64_t row) const;
  /// The value as a number: reals, ints (days, microseconds) or codes; NaN when missing.
  double as_double(std::int64_t row) const;
  /// The value as the text that a CSV holds; "" when missing.
  std::string as_text(std::int64_t row) const;
  std::int64_t missing_count() const;  ///< counted anew at each call, O(rows)
};

/// Columns of equal length.
struct Table {
  std::vector<Column> columns;  ///< names differ; all of one length

  /// 0 without columns.
  std::int64_t n_rows() const { return columns.empty() ? 0 : columns.front().size(); }
  /// Columns that the metadata drop are counted: only the codec leaves them out.
  int n_columns() const { return static_cast<int>(columns.size()); }
  Schema schema() const;  ///< the specs of the columns; constraints and entity are not kept here
  /// \throws Error{kData} naming the nearest name when there is no such column
  const Column& column(const std::string& name) const;
  int find(const std::string& name) const;  ///< -1 when there is none
};

/// An empty table with the columns of a schema.
Table empty_table(const Schema& schema);

/// The given rows of a table, in the given order; levels are kept whole.
Table take_rows(const Table& table, const std::vector<std::int64_t>& rows);
/// Rows [first, last).
Table slice_rows(const Table& table, std::int64_t first, std::int64_t last);

}  // namespace semblance::table
