/// What every column type of the codec offers. One coder turns one table column into tokens and
/// back.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "table/column.hpp"
#include "table/condition.hpp"
#include "trainer/codec.hpp"
#include "trainer/codec_intervals.hpp"

namespace semblance::trainer {

/// Token columns that a coder writes, and how many cells had no token that fits.
struct EncodeTarget {
  std::vector<std::uint16_t*> tokens;  ///< [n_tokens()], each [n_rows]
  std::int64_t unseen = 0;             ///< added to by encode()
};

/// Token columns that a coder reads, and where the random draws come from.
struct DecodeSource {
  std::vector<const std::uint16_t*> tokens;  ///< [n_tokens()], each [n_rows]
  std::int64_t n_rows = 0;                   ///< of every token column
  std::int64_t first_row = 0;                ///< global number
  std::uint64_t seed = 0;                    ///< of the draws within intervals
  std::uint32_t stream = 0;  ///< the coder may use stream .. stream + n_tokens() - 1
  /// [n_rows] 1 in the first row of an entity: a date is relative to the last one of its own column
  /// within the entity, and to the base column only before there is one. Null: to the base column.
  const char* begins = nullptr;
};

/// The tokens of one token column of a coder that conditions on its values allow.
struct PartMask {
  int part = 0;                ///< which token column of the coder
  int given = -1;              ///< an earlier token column, whose token picks the weights; -1
  std::vector<float> weights;  ///< [K] or [K_given, K] share of the token's values that is allowed
};

/// Made by fit_*_column() from the rows of all ranks, or by load_*_column(). Its const members are
/// thread-safe.
class ColumnCoder {
 public:
  virtual ~ColumnCoder() = default;
  virtual int n_tokens() const = 0;          ///< token columns, at least 1
  virtual int cardinality(int t) const = 0;  ///< tokens of column t are 0 to this - 1
  /// How many tokens, from 0 on, follow the order of the values; 0 for none.
  virtual int ordered(int t) const = 0;
  /// What token column t tells, "" when there is only one.
  virtual std::string part_name(int t) const = 0;
  /// \param base  the column that this one is relative to, or null
  virtual void encode(const table::Column& column, const table::Column* base,
                      EncodeTarget& target) const = 0;
  /// Fills the values of `column`, whose spec is set.
  virtual void decode(const DecodeSource& source, const table::Column* base,
                      table::Column& column) const = 0;
  /// Into an empty group; the function load_*_column() of the kind reads it.
  virtual void save(hid_t group) const = 0;

  /// The tokens that may become an allowed value. Where a token may become other values too and its
  /// weight is below 1, narrow() draws those again; where it is 1, the rows must be checked.
  /// \param kind  of the column
  virtual std::vector<PartMask> restrict(const table::AllowedValues& allowed,
                                         table::Kind kind) const = 0;
  /// What is known of which parts say something when it is known whether there is a base date. None
  /// where cells can be missing.
  virtual std::vector<PartMask> presence(bool /*has_base*/) const { return {}; }
  /// Draws decoded values that are not allowed again, from the allowed part of their token.
  virtual void narrow(const table::AllowedValues&, const DecodeSource&, table::Column&) const {}
  /// The token of the first column that stands for withheld values, and is not to be drawn: values
  /// that may be told are drawn in its place, as they go with the rest of the row. -1: none.
  virtual int withheld_token() const { return -1; }
  /// The levels that it keeps; null for numbers and dates.
  virtual const std::vector<std::string>* levels() const { return nullptr; }
  /// True for a text that is coded as a number, though no level of its own.
  virtual bool knows_number(const std::string& /*text*/) const { return false; }
  /// What there is to choose from, for messages: "levels F, M", "numbers from 17 to 90".
  virtual std::string choices(table::Kind kind) const = 0;
};

/// Integers and decimals.
std::unique_ptr<ColumnCoder> fit_number_column(const table::Column& column,
                                               const CodecOptions& options,
                                               base::Communicator& communicator);
/// \throws Error{kData} when what was saved does not fit together
std::unique_ptr<ColumnCoder> load_number_column(hid_t group);

/// Categories and booleans.
std::unique_ptr<ColumnCoder> fit_category_column(const table::Column& column,
                                                 const CodecOptions& options,
                                                 base::Communicator& communicator);
/// \throws Error{kData} when what was saved does not fit together
std::unique_ptr<ColumnCoder> load_category_column(hid_t group);

/// The joined columns of a fixed combination; a rare one becomes one of those kept. Read back by
/// load_category_column.
/// \throws Error{kData} when no combination is common enough to be kept
std::unique_ptr<ColumnCoder> fit_combination_column(const table::Column& joined,
                                                    const CodecOptions& options,
                                                    base::Communicator& communicator);

/// Dates and datetimes; `base` is the earlier date that the column is relative to, or null.
std::unique_ptr<ColumnCoder> fit_date_column(const table::Column& column, const table::Column* base,
                                             const CodecOptions& options,
                                             base::Communicator& communicator);
/// \throws Error{kData} when what was saved does not fit together
std::unique_ptr<ColumnCoder> load_date_column(hid_t group);

/// The interval settings that the codec's options mean.
IntervalOptions interval_options(const CodecOptions& options);

/// A stream that no token column uses, for draws beside those of stream `stream`.
inline std::uint32_t side_stream(std::uint32_t stream) { return stream + 0x40000000u; }

}  // namespace semblance::trainer
