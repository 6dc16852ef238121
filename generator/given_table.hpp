/// The rows of `generate --like TABLE`: some columns, perhaps with gaps, of which the rest is to be
/// made.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/sample_given.hpp"
#include "table/column.hpp"
#include "trainer/codec.hpp"

namespace semblance::generator {

/// Its const members are thread-safe.
class GivenTable {
 public:
  /// Reads the table. Columns of the model have the model's kinds; others are carried along.
  /// \param impute  missing cells of the columns that are there are filled too; else they stay
  /// \param seed    of what given cells leave open, such as the day of birth of an age
  /// \throws Error{kIo}, Error{kData}: unreadable, a value of another kind, no column of the model
  GivenTable(const std::string& path, bool impute, const trainer::Codec& codec, int threads,
             std::uint64_t seed);
  /// The same of a table in memory. \param name  for messages
  GivenTable(table::Table rows, const std::string& name, bool impute, const trainer::Codec& codec,
             std::uint64_t seed);

  /// At least 1.
  std::int64_t n_rows() const { return given_.n_rows(); }
  /// Columns of the model in its order, written as the given ones are, then those carried along.
  const table::Schema& schema() const { return schema_; }

  /// Of a model of entities: [entities + 1] first row of each; else empty. Rows of one stand
  /// together.
  const std::vector<std::int64_t>& entities() const { return entities_; }

  /// Given tokens of output rows, [C, rows]; row i is given row i mod n_rows().
  std::vector<std::uint16_t> fixed(std::span<const std::int64_t> rows) const;
  /// Masks of output rows beside `fixed`: cells to be filled are not missing, combinations agree
  /// with the column that is given of them.
  std::vector<kernels::TokenMask> masks(std::span<const std::int64_t> rows) const;
  /// Puts the given cells of a column of the model in the place of the generated ones.
  void overlay(std::int64_t first, int column, table::Column& made) const;
  /// Puts the columns that the model does not know behind those that it does.
  void carry(std::int64_t first, table::Table& rows) const;
  /// Whether a cell of an output row is given and not missing, or follows from such cells.
  bool gives(int column, std::int64_t output_row) const;

  /// Cells whose level the model does not know, by column of the model's schema; they count as not
  /// given.
  const std::vector<std::int64_t>& unknown() const { return unknown_; }
  /// Given cells of derived columns, by column of the model's schema, whose parts are made without
  /// regard to them.
  const std::vector<std::int64_t>& unheeded() const { return unheeded_; }
  std::int64_t filled_cells() const { return filled_; }  ///< that were missing in the table

 private:
  void match_columns(const trainer::Codec& codec);
  bool needs_base(const trainer::Codec& codec, int column, std::int64_t row) const;
  void fix_tokens(const trainer::Codec& codec);
  void fix_unit(const trainer::Codec& codec, const trainer::TokenMatrix& tokens,
                const std::vector<int>& columns);
  void add_mask(const trainer::Codec& codec, const table::AllowedValues& allowed, std::int64_t row);
  bool is_free(int column, std::int64_t row) const;
  bool is_given(const trainer::Codec& codec, int column, std::int64_t row) const;

  std::string name_;
  bool impute_;
  table::Table given_;
  std::vector<std::int64_t> entities_;
  std::vector<int> source_;  ///< [columns of the model] column of given_, or -1
  std::vector<int> carried_;
  std::vector<std::vector<int>> operands_;  ///< [columns of the model] of derived ones
  table::Schema schema_;
  int n_tokens_ = 0;
  std::vector<std::uint16_t> fixed_;       ///< [C, n_rows]
  std::vector<kernels::TokenMask> masks_;  ///< of all given rows
  std::vector<std::string> mask_keys_;     ///< what each mask is for
  std::vector<std::int64_t> unknown_, unheeded_;
  std::vector<std::string> added_;  ///< columns computed back from derived ones, in part
  std::int64_t filled_ = 0;
};

}  // namespace semblance::generator
