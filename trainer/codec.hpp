/// The codec: a mixed-type row becomes small integer tokens, and tokens become a row again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <hdf5.h>

#include "base/communicator.hpp"
#include "base/settings.hpp"
#include "kernels/sample_given.hpp"
#include "table/column.hpp"
#include "table/condition.hpp"
#include "table/derivation.hpp"

namespace semblance::trainer {

/// What is kept of the values. The first three decide what the model can tell of single people
/// (docs/TOKENS.md, docs/PRIVACY.md).
struct CodecOptions {
  int numeric_bins =
      128;  ///< quantile bins of a numeric column with more distinct values than this
  int rare_min_count = 10;  ///< levels seen fewer times become RARE; less in columns of
                            ///< fewer than 500 values (docs/TOKENS.md)
  bool protect_extremes =
      true;                  ///< clip to the k-th smallest and largest value, k = rare_min_count
  bool text_numbers = true;  ///< rare numbers among the texts of a category are coded in bins
  int digit_base = 4096;     ///< columns with more tokens than this are split into two digits
};
/// The settings above, as part of those of `train`.
void add_settings(base::SettingList& list, CodecOptions& options);

/// One column of tokens; a table column makes one or more of them (digits, weekday, time of day).
struct TokenColumn {
  std::string name;       ///< for messages, for example "ADMITTIME/weekday"
  int source_column = 0;  ///< index in the schema of the codec
  int cardinality = 1;    ///< tokens are 0 .. cardinality - 1
  int ordered = 0;        ///< tokens 0 .. ordered - 1 follow the order of the values; 0: no order
};

/// Tokens of many rows, column-major: token (row, t) is at [t * n_rows + row].
struct TokenMatrix {
  std::int64_t n_rows = 0;            ///< 0 is allowed
  int n_columns = 0;                  ///< token columns, not columns of the table
  std::vector<std::uint16_t> tokens;  ///< [n_columns, n_rows], rows innermost
  /// [n_rows], into `tokens`.
  const std::uint16_t* column(int t) const { return tokens.data() + t * n_rows; }
  std::uint16_t* column(int t) { return tokens.data() + t * n_rows; }
};

/// What a table's columns are made of, learned once and kept in the model file.
class Codec {
 public:
  /// Learns bins, levels and formats from the rows of all ranks; every rank gets the same codec,
  /// and it does not depend on how the rows are spread over ranks.
  /// \param entities  rows to learn entity_constants and kEntityRows from, one an entity, so that
  ///                  nobody counts more often for having more rows; null: `rows`
  static Codec fit(const table::Table& rows, const table::Schema& schema,
                   const CodecOptions& options, base::Communicator& communicator,
                   const table::Table* entities = nullptr);
  /// The codec that save() wrote.
  /// \throws Error{kData} when its parts do not fit together (the file is not trusted)
  static Codec load(hid_t group);
  /// \param group  an empty group of an HDF5 file. Holds levels, intervals and formats, no rows
  void save(hid_t group) const;

  Codec(Codec&&) noexcept;
  Codec& operator=(Codec&&) noexcept;
  ~Codec();

  /// In the order of the columns of schema().
  const std::vector<TokenColumn>& token_columns() const;
  /// The schema of the tables that decode() makes, with constraints and entity.
  const table::Schema& schema() const;

  /// Tokens of a table that has the codec's columns (by name).
  /// Levels that the codec does not know become RARE (or the commonest level where it has no RARE
  /// token); a missing cell where nothing was missing becomes the commonest value. Both are counted
  /// in `unseen` when not null. \throws Error{kData} for an absent column or one of another kind
  TokenMatrix encode(const table::Table& rows, std::int64_t* unseen = nullptr) const;

  /// Rows from tokens. Within a bin the value is drawn from Philox(seed, kDecode, global row).
  /// \param first_row  global number of the first row: decides the random draws and issued ids
  /// \param replace    called with each column of the schema when it is decoded, a column before
  ///                   those that are relative to it or derived from it: may put other values in
  ///                   its place
  /// \param begins     [n_rows] 1 in the first row of an entity, when rows belong to entities and
  ///                   there is an entity_time; else null
  table::Table decode(const TokenMatrix& tokens, std::int64_t first_row, std::uint64_t seed,
                      const std::function<void(int, table::Column&)>& replace = {},
                      const char* begins = nullptr) const;
  /// Computes derived columns of decoded rows again, after a change of others.
  /// \param replace  as in decode()
  void derive(table::Table& rows,
              const std::function<void(int, table::Column&)>& replace = {}) const;
  /// The formulas of derived columns, each after those of the columns that it names.
  const std::vector<table::Derivation>& derivations() const;
  /// One column alone, which is relative to no other.
  table::Column decode_column(int column, const TokenMatrix& tokens, std::int64_t first_row,
                              std::uint64_t seed) const;

  // Conditions on values as conditions on tokens (codec_conditions.cpp).

  /// Token columns [first, last) of a column of the schema; the same for all columns of a fixed
  /// combination, and none for an identifier or a derived column.
  std::pair<int, int> tokens_of(int column) const;
  /// What tokens conditions on a column allow. Rows that keep to them may still have to be checked:
  /// see ColumnCoder::restrict. Nothing for a derived column.
  /// \throws Error{kData} when the model has no such value, saying what it has
  std::vector<kernels::TokenMask> restrict(const table::AllowedValues& allowed) const;
  /// What an entity's first row, or a later one, says of the date that its rows are in order of.
  /// None where that is not certain.
  std::vector<kernels::TokenMask> entity_time_masks(bool first_row) const;
  /// Draws decoded numbers that are not allowed again, within their tokens.
  void narrow(const table::AllowedValues& allowed, const TokenMatrix& tokens,
              std::int64_t first_row, std::uint64_t seed, table::Table& rows) const;
  /// Token columns with a token that stands for withheld values and is not to be drawn, and that
  /// token: see ColumnCoder::withheld_token.
  std::vector<std::pair<int, int>> withheld_tokens() const;
  /// False for a level of a category that the model does not keep, nor codes as a number.
  bool knows_level(int column, const std::string& level) const;
  /// The date that a column is relative to, or -1.
  int base_of(int column) const;

 private:
  struct State;
  const struct CodecUnit& unit_of(int column) const;
  explicit Codec(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace semblance::trainer
