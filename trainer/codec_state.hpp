/// The inside of the codec: a coder for each column, in the order in which they decode.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "table/derivation.hpp"
#include "trainer/codec.hpp"
#include "trainer/codec_column.hpp"
#include "trainer/codec_impute.hpp"

namespace semblance::trainer {

/// A column, or the columns of a fixed combination, with what codes it.
struct CodecUnit {
  std::vector<int> columns;              ///< of the schema, ascending
  int base = -1;                         ///< column that a date is relative to
  std::unique_ptr<ColumnCoder> coder;    ///< null for an identifier, and for what is derived
  int derivation = -1;                   ///< of Codec::State::derivations; -1: not derived
  std::optional<Imputation> imputation;  ///< fills missing cells before they are coded
  std::int64_t ids_after = 0;            ///< row from which an identifier's numbers are free
  int first_token = 0;                   ///< token column; the coder's others follow

  /// Computed from other columns: no coder.
  bool is_derived() const { return derivation >= 0; }
  /// Of a fixed combination.
  bool is_combination() const { return columns.size() > 1; }
  /// The first one, whose number names the unit in the file.
  std::size_t column() const { return static_cast<std::size_t>(columns.front()); }
};

/// Everything that Codec knows.
struct Codec::State {
  table::Schema schema;          ///< without dropped columns
  std::vector<CodecUnit> units;  ///< in the order of their first columns
  /// Formulas, each after those of the columns that it names.
  std::vector<table::Derivation> derivations;
  std::vector<std::size_t> order;   ///< units, each after those that it is computed from
  std::vector<TokenColumn> tokens;  ///< of all units, one after the other

  /// Formulas of the schema's columns, and units.
  void list_units();
  /// Bases of the units.
  void find_bases();
  /// `order` from the bases. \throws Error{kData} for a circle
  void find_order();
  /// `tokens` from the coders.
  void list_tokens();
  /// "A", or "A+B" of a combination.
  std::string unit_name(const CodecUnit& unit) const;
  /// What the unit's coder reads of a table; `own` holds it where it is not a column of
  /// the table: the joined columns of a combination, a column with its gaps filled.
  const table::Column& source(const CodecUnit& unit, const table::Table& rows,
                              table::Column& own) const;
  /// The column of `rows` that the unit is relative to, or null.
  const table::Column* base(const CodecUnit& unit, const table::Table& rows) const;
  /// Fills the unit's columns of `rows`.
  /// \param begins  as Codec::decode
  void decode_unit(const CodecUnit& unit, const TokenMatrix& matrix, std::int64_t first_row,
                   std::uint64_t seed, const char* begins, table::Table& rows) const;
  /// True for the date that an entity's rows are in order of.
  bool is_entity_time(const CodecUnit& unit) const {
    return !schema.entity_time.empty() && schema.columns[unit.column()].name == schema.entity_time;
  }
};

}  // namespace semblance::trainer
