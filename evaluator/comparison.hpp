/// The tables under comparison in one coding: the same column numbers, the same level codes, the
/// same scale. Every metric works on these columns; nothing below knows files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::evaluator {

/// One column of one table.
struct Feature {
  std::vector<double>
      numbers;  ///< numeric columns: NaN is missing; dates as days, datetimes as microseconds
  std::vector<std::int32_t>
      codes;  ///< categorical columns: index into ColumnInfo::levels; negative is missing

  /// Rows.
  std::int64_t size() const {
    return static_cast<std::int64_t>(numbers.empty() ? codes.size() : numbers.size());
  }
};

/// What the tables share of a column.
struct ColumnInfo {
  table::ColumnSpec spec;           ///< of the real table
  bool numeric = false;             ///< numbers hold the values, otherwise codes
  std::vector<std::string> levels;  ///< of all tables; those of the real one first
  double low = 0, high = 0;         ///< range of the real values; NaN when all are missing

  const std::string& name() const { return spec.name; }  ///< as in the files
  /// 0 of a numeric column; levels that only another table has count too.
  int n_levels() const { return static_cast<int>(levels.size()); }
  /// Dates and datetimes are numeric, in days and microseconds since 1970.
  bool is_date() const {
    return spec.kind == table::Kind::kDate || spec.kind == table::Kind::kDatetime;
  }
};

/// One table's rows. features[j] belongs to Comparison::columns[j].
struct Rows {
  std::int64_t n_rows = 0;           ///< kept apart from features, of which there may be none
  std::vector<Feature> features;     ///< [columns], each of n_rows
  std::vector<std::int64_t> entity;  ///< [n_rows] number of the person whose row it is, negative
                                     ///< when missing; empty when the metadata name no entity
};

/// What every metric works on; made by compare_tables() and not changed afterwards.
struct Comparison {
  std::vector<ColumnInfo> columns;  ///< those compared, in the order of the real table
  Rows real, synthetic,
      holdout;  ///< holdout: real rows that the model never saw; 0 rows when there are none
  int entity_time = -1;            ///< date by which a person's rows are in order; -1: none
  std::vector<std::string> notes;  ///< what was left out and why, for the reader of the report

  /// Without one, most references and all membership attacks are missing.
  bool has_holdout() const { return holdout.n_rows > 0; }
  int n_columns() const { return static_cast<int>(columns.size()); }  ///< at least 1
  int find(const std::string& name) const;                            ///< -1 when there is none
};

/// Puts tables into one coding. Columns of kind id and dropped columns are left out with a note.
/// \param real  at least one row; its columns decide which are compared
/// \throws Error{kData} when another table lacks a column or holds it in another kind, or when no
///         column is left
Comparison compare_tables(table::Table real, table::Table synthetic,
                          std::optional<table::Table> holdout);

/// The given rows, in the given order.
Rows take(const Rows& rows, const std::vector<std::int64_t>& chosen);
/// The given columns, in the given order.
Rows select(const Rows& rows, const std::vector<int>& columns);

/// A cell as the text a person would read; "" when missing.
std::string cell_text(const ColumnInfo& column, const Feature& feature, std::int64_t row);
/// A negative code or NaN.
bool cell_missing(const Feature& feature, std::int64_t row);

}  // namespace semblance::evaluator
