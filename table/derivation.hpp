/// Columns that follow from others of their row: `derived: FORMULA` in the metadata.
///   A                         a copy, of any kind; a date that copies a datetime takes its day
///   A + B - 2*C + 0.5         numbers; c*A, A*c and A/c are terms, and so are these:
///   days(A, B)                time from date A to date B in days; hours, minutes and seconds too
///   nights(A, B)              midnights between them: days, as if both had no time of day
///   years(A, B)               birthdays between them: an age in whole years
///   floor(...), ceil(...), trunc(...), round(...), round_even(...)   around the whole: how the
///                             result is brought to the column's decimals; round when not said
/// A name that holds blanks or signs, or begins with a digit, is written between double quotes.
/// The result is missing where a column that it names is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "table/column.hpp"
#include "table/condition.hpp"

namespace semblance::table {

/// One formula, parsed for the columns of one schema: it names them by number.
struct Derivation {
  /// How a result between two values of the column is brought to one of them; kNearest takes ties
  /// away from zero, kEven to the even neighbour and rounds the double as numpy does.
  enum class Rounding { kNearest, kEven, kFloor, kCeil, kTruncate };
  /// What a term is made of; all but kColumn are the time from `column` to `other`.
  enum class Measure { kColumn, kDays, kHours, kMinutes, kSeconds, kNights, kYears };
  /// factor * measure
  struct Term {
    Measure measure = Measure::kColumn;  ///< of which columns
    int column = 0;                      ///< number in the schema
    int other = -1;                      ///< of two dates: the second
    double factor = 1;                   ///< finite
  };

  std::string text;                        ///< as it was written
  int column = 0;                          ///< the one that it says
  ColumnSpec spec;                         ///< of that column
  Rounding rounding = Rounding::kNearest;  ///< numbers only
  bool copy = false;                       ///< of terms[0].column, whatever its kind
  std::vector<Term> terms;                 ///< at least one
  double constant = 0;                     ///< added to the terms

  /// The columns that it names, each once.
  std::vector<int> operands() const;
  /// Fills the column from the others. \param rows  with the columns of the schema
  void compute(Table& rows) const;
  /// The sum of the terms and the constant, unrounded; NaN when missing. Not of a copied text.
  double value(const Table& rows, std::int64_t row) const;
  /// Whether the cell of the column is what the formula says. A number may be off by what doubles
  /// cannot tell: 1e-6 of its last digit, and either neighbour of a tie.
  bool holds(const Table& rows, std::int64_t row) const;
  /// The same where a tie must be rounded as the formula says, in decimals too.
  bool holds_with_ties(const Table& rows, std::int64_t row) const;
  /// What the formula says of a row, as text; "" when missing.
  std::string expected(const Table& rows, std::int64_t row) const;
  /// For a formula of a single column: the values of that column of which the result may be
  /// allowed, and perhaps a few more. Nothing for other formulas.
  std::optional<AllowedValues> before(const AllowedValues& allowed, const Schema& schema) const;
};

/// "floor", "round", ... as the grammar has them.
std::string rounding_name(Derivation::Rounding rounding);
/// "days", "years", ... as the grammar has them.
std::string measure_name(Derivation::Measure measure);
/// A name as formulas take it, between quotes where it must be.
std::string formula_name(const std::string& name);

/// The formula of a column of the schema.
/// \throws Error{kData} naming the column, the formula and what would be right: an unknown column
///         (with the nearest name), a column that is dropped or of a kind that the formula cannot
///         take, a text that is none of the grammar
Derivation parse_derivation(const Schema& schema, int column);

/// All formulas of the columns that are not dropped, each after those of the columns that it names.
/// \throws Error{kData} also for a circle
std::vector<Derivation> parse_derivations(const Schema& schema);

/// The column that a column is, over all copies, a copy of; its own name where it is none.
/// \throws as parse_derivations()
std::string copy_source(const Schema& schema, const std::string& name);

/// Every row of the table against every formula of its schema.
/// \param path  of the table, for messages
/// \throws Error{kData} naming file, column, row (from 1), formula, value found and expected
void check_derivations(const Table& rows, const Schema& schema, const std::string& path);

}  // namespace semblance::table
