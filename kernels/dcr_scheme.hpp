/// \file
/// How rows are read as bytes for *lower bounds* of their differences, the same for the queries and
/// all tables of reference rows that they are held against.
///
/// `units_per_level` units of gower_row.hpp make a level. A numeric cell x becomes the level
/// floor(clamp(x) * levels_per_range), a categorical one a byte of its own (the rarest share
/// bytes). If two numeric cells are L >= 1 levels apart, not counting the two levels they lie in,
/// their true difference is at least L * units_per_level: `bound_per_level` takes off what float
/// rounding may add.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "kernels/dcr_plan.hpp"
#include "kernels/dcr_scan.hpp"

namespace semblance::kernels {

/// From category codes to bytes.
class CategoryBytes {
 public:
  static constexpr int kUnseen = kUnseenCategory;  ///< of a code that no reference row has
  static constexpr std::uint8_t kMissing = 254;    ///< of missing cells, where there are any
  static constexpr int kOwnBytes = 254;            ///< bytes 0..253; rarer codes share them in turn

  /// \param tables  codes of the reference rows of each table; commoner codes get a byte of their
  ///                own first
  explicit CategoryBytes(const std::vector<std::span<const std::int32_t>>& tables);
  /// The byte of a code, kMissing or kUnseen. Codes that share a byte count as equal in lower
  /// bounds only.
  int byte(std::int32_t code) const {
    if (code < 0) return has_missing_ ? kMissing : kUnseen;
    if (static_cast<std::size_t>(code) < dense_.size())
      return dense_[static_cast<std::size_t>(code)];
    const auto found = sparse_.find(code);
    return found == sparse_.end() ? kUnseen : found->second;
  }
  int n_bytes() const { return n_bytes_; }   ///< all bytes are below it
  double spread() const { return spread_; }  ///< probability that two rows differ

 private:
  bool has_missing_ = false;
  int n_bytes_ = 0;
  double spread_ = 0;
  std::vector<std::int16_t> dense_;
  std::unordered_map<std::int32_t, std::uint8_t> sparse_;
};

/// Bytes, levels and layout of all columns. Its const members are thread-safe.
class GowerScheme {
 public:
  /// Settles the bytes of categories and the layout; levels and the order of scanning follow.
  /// \param references  one table or more, of the same columns
  GowerScheme(std::span<const GowerRows> references, GowerWeights weights);

  /// Levels as fine as 8-bit lanes allow for differences that the search will meet; where these are
  /// large, coarser levels and 16-bit lanes. \param usual  some of them, in units
  void choose_levels(std::vector<std::uint64_t> usual);
  /// \param spread  [numeric] how much the levels of two rows usually differ
  void choose_scan_order(const std::vector<double>& spread);

  int n_numeric() const { return n_numeric_; }          ///< columns of a table
  int n_categorical() const { return n_categorical_; }  ///< numbered after the numeric ones
  int n_columns() const { return n_numeric_ + n_categorical_; }  ///< of both kinds
  const GowerWeights& weights() const { return weights_; }       ///< [columns], as given
  /// Units that a difference of one level is worth at least.
  std::uint64_t bound_per_level() const { return bound_per_level_; }
  /// Numeric columns first, then categorical.
  const IndexColumn& column(int c) const { return columns_[static_cast<std::size_t>(c)]; }
  /// Columns in the order of scanning: those that most often differ first, categorical ones before.
  const std::vector<int>& scan_order() const { return scan_order_; }
  /// \param c  0 to n_categorical() - 1
  const CategoryBytes& category(int c) const { return categories_[static_cast<std::size_t>(c)]; }
  std::int64_t row_group_bytes() const { return row_group_bytes_; }  ///< of 64 rows
  std::int64_t box_group_bytes() const { return box_group_bytes_; }  ///< of 64 boxes
  /// The level of a numeric cell, or kMissingByte.
  std::uint8_t level_byte(int column, float value) const;

 private:
  void lay_out();

  int n_numeric_, n_categorical_;
  GowerWeights weights_;
  std::vector<CategoryBytes> categories_;
  std::vector<IndexColumn> columns_;  ///< [numeric then categorical]
  std::vector<int> scan_order_;
  std::uint64_t bound_per_level_ = 0;
  std::int64_t row_group_bytes_ = 0, box_group_bytes_ = 0;
};

/// The scan program of one query, reusable from query to query.
class QueryProgram {
 public:
  /// \param bytes  [categorical] as of GowerScheme::category(c).byte()
  void set(const GowerScheme& scheme, const float* numeric, const std::int16_t* bytes);
  /// Points into this object; valid until the next set().
  const ScanProgram& program() const { return program_; }

 private:
  ScanProgram program_;
  std::vector<EqualOp> equal_;
  std::vector<PresentOp> present_;
  std::vector<RangeOp> row_ranges_, row_missing_ranges_, box_ranges_, box_missing_ranges_;
};

}  // namespace semblance::kernels
