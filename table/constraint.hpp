/// Rules between the columns of a row, in NHSSynth's grammar:
///   A > B, A >= 3, A < B, A <= B     ends: a column, a number, a date such as 2020-01-31
///   A in (lo, hi], A in [B, C)       ( and ) leave the end out, [ and ] take it in
///   A positive                       or nonnegative, negative, nonpositive
///   fixcombo c1 c2 ...               only combinations that occur in the training table
/// A name that holds blanks or signs is written between double quotes. A missing value meets every
/// rule.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::table {

/// One rule, parsed for the columns of one schema: it names them by number.
struct Constraint {
  /// kFixedCombination holds `columns`, kComparisons holds `comparisons`.
  enum class Type { kComparisons, kFixedCombination };

  /// One side of a comparison: a column, or a constant (dates: microseconds since 1970).
  struct Operand {
    int column = -1;      ///< number in the schema; -1: the constant
    double constant = 0;  ///< may be infinite: an open end
  };
  /// left < right, or left <= right.
  struct Comparison {
    Operand left, right;    ///< dates as microseconds since 1970, whatever their kind
    bool or_equal = false;  ///< left <= right
  };

  std::string text;                     ///< as it was written
  Type type = Type::kComparisons;       ///< which of the lists below is filled
  std::vector<Comparison> comparisons;  ///< all must hold
  std::vector<int> columns;             ///< kFixedCombination: columns of the schema

  /// True when the row meets the rule. A fixed combination cannot be checked here and counts as
  /// met. \param rows  a table with the columns of the schema that the constraint was parsed for
  bool holds(const Table& rows, std::int64_t row) const;
  /// The columns that it names, in any order.
  std::vector<int> all_columns() const;
};

/// The rule as comparisons, or as a list of columns (fixcombo).
/// \throws Error{kData} naming the constraint and what would be right, for an unknown column (with
///         the nearest name), a column that is neither number nor date in a comparison, a date
///         compared with a number, or a text that is none of the grammar
Constraint parse_constraint(const std::string& text, const Schema& schema);

/// All constraints of a schema.
std::vector<Constraint> parse_constraints(const Schema& schema);

}  // namespace semblance::table
