/// \file
/// Reference rows made ready for the CPU search: distinct rows in the leaves of a tree, 64 to a
/// leaf, as bytes in columns (dcr_scan.hpp); above them boxes, 64 to a group, up to a single group.
/// All of it serves *lower bounds*; the exact difference of a row is always computed from its own
/// cells.
///
/// Bytes. `units_per_level` units of gower_row.hpp make a level. A numeric cell x becomes the level
/// floor(clamp(x) * levels_per_range), a categorical one a byte of its own (the rarest share
/// bytes). If two numeric cells are L >= 1 levels apart, not counting the two levels they lie in,
/// their true difference is at least L * units_per_level: `bound_per_level` takes off what float
/// rounding may add.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kernels/dcr_plan.hpp"
#include "kernels/dcr_scan.hpp"
#include "kernels/dcr_tree.hpp"

namespace semblance::kernels {

/// From category codes to bytes.
class CategoryBytes {
 public:
  static constexpr int kUnseen = kUnseenCategory;  ///< of a code that no reference row has
  static constexpr std::uint8_t kMissing = 254;    ///< of missing cells, where there are any
  static constexpr int kOwnBytes = 254;            ///< bytes 0..253; rarer codes share them in turn

  /// \param codes  of the reference rows; commoner codes get a byte of their own first
  explicit CategoryBytes(std::span<const std::int32_t> codes);
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

/// One level of groups of boxes.
struct BoxLevel {
  std::vector<std::uint8_t> bytes;         ///< [groups][GowerIndex::box_group_bytes]
  std::vector<std::int64_t> smallest_row;  ///< [entries] smallest reference row within
  std::int64_t n_entries = 0;              ///< boxes in all groups; the last group may not be full
};

/// The index of one set of reference rows. Its const members are thread-safe.
class GowerIndex {
 public:
  /// \param sample  queries from which the scale of the levels is chosen (any number)
  GowerIndex(const GowerRows& references, const GowerWeights& weights, const GowerRows& sample,
             int threads);

  int n_numeric() const { return n_numeric_; }              ///< of the reference rows
  int n_categorical() const { return n_categorical_; }      ///< numbered after the numeric ones
  const GowerWeights& weights() const { return weights_; }  ///< [columns], as given
  /// At least 1.
  std::int64_t n_leaves() const { return static_cast<std::int64_t>(tree_.leaf_first.size()) - 1; }
  int n_levels() const {
    return static_cast<int>(boxes_.size());
  }  ///< of boxes; the last is one group

  /// [columns][64] bytes for the scan; lanes beyond leaf_size() mean nothing.
  const std::uint8_t* leaf_bytes(std::int64_t leaf) const {
    return bytes_.data() + leaf * row_group_bytes_;
  }
  /// The first of the leaf's distinct rows, in leaf order; leaf = n_leaves() gives their number.
  std::int64_t leaf_first(std::int64_t leaf) const {
    return tree_.leaf_first[static_cast<std::size_t>(leaf)];
  }
  /// Distinct rows of a leaf, 1 to 64.
  int leaf_size(std::int64_t leaf) const {
    return static_cast<int>(leaf_first(leaf + 1) - leaf_first(leaf));
  }
  /// Level 0: a box a leaf; each entry above: a box a group of 64 below.
  const BoxLevel& boxes(int level) const { return boxes_[static_cast<std::size_t>(level)]; }
  /// One group of 64 boxes for the scan.
  const std::uint8_t* box_bytes(int level, std::int64_t group) const {
    return boxes(level).bytes.data() + group * box_group_bytes_;
  }
  /// Distinct row i in leaf order.
  const Members& members(std::int64_t i) const { return members_[static_cast<std::size_t>(i)]; }
  /// Of the distinct rows, in leaf order: for exact differences.
  const RowCells& cells() const { return *cells_; }

  /// The tree's leaf for a row of a table. \param bytes  [categorical] as of category(c).byte()
  std::int64_t route(const GowerRows& rows, std::int64_t row, const std::int16_t* bytes) const;

  /// Units that a difference of one level is worth at least.
  std::uint64_t bound_per_level() const { return bound_per_level_; }

  /// Numeric columns first, then categorical.
  const IndexColumn& column(int c) const { return columns_[static_cast<std::size_t>(c)]; }
  /// Columns in the order of scanning: those that most often differ first, categorical ones before.
  const std::vector<int>& scan_order() const { return scan_order_; }
  /// \param c  0 to n_categorical() - 1
  const CategoryBytes& category(int c) const { return categories_[static_cast<std::size_t>(c)]; }
  std::int64_t row_group_bytes() const { return row_group_bytes_; }  ///< stride of leaf_bytes()
  std::int64_t box_group_bytes() const { return box_group_bytes_; }  ///< stride of box_bytes()
  /// The bytes of all leaves, for a copy on a device.
  std::span<const std::uint8_t> all_leaf_bytes() const { return {bytes_.data(), bytes_.size()}; }
  /// [leaves + 1], for a copy on a device.
  std::span<const std::int64_t> all_leaf_first() const {
    return {tree_.leaf_first.data(), tree_.leaf_first.size()};
  }
  /// [distinct rows], for a copy on a device.
  std::span<const Members> all_members() const { return {members_.data(), members_.size()}; }
  /// Reference rows, equal ones counted once.
  std::int64_t n_distinct() const { return static_cast<std::int64_t>(members_.size()); }

 private:
  std::vector<std::int64_t> find_distinct(const GowerRows& references, int threads);
  void grow_tree(const GowerRows& references, const std::vector<std::int64_t>& distinct,
                 int threads);
  void choose_scale(const GowerRows& sample);
  void pack_leaves(int threads);
  void choose_scan_order();
  void pack_boxes(int threads);
  /// Writes one lane of a group of boxes; returns the smallest reference row within.
  std::int64_t box_of_leaf(std::int64_t leaf, std::uint8_t* group, int lane) const;
  std::int64_t box_of_boxes(std::int64_t below, std::uint8_t* group, int lane) const;
  std::uint8_t level_byte(int column, float value) const;

  int n_numeric_, n_categorical_;
  GowerWeights weights_;
  std::vector<CategoryBytes> categories_;
  std::vector<Members> members_;   ///< [distinct rows] in leaf order
  std::optional<RowCells> cells_;  ///< of the distinct rows, in leaf order
  RowTree tree_;

  std::uint64_t units_per_level_ = 0, bound_per_level_ = 0;
  std::vector<IndexColumn> columns_;  ///< [numeric then categorical]
  std::vector<int> scan_order_;
  std::int64_t row_group_bytes_ = 0, box_group_bytes_ = 0;
  std::vector<std::uint8_t> bytes_;  ///< [leaves][columns][64]
  std::vector<BoxLevel> boxes_;
};

/// The scan program of one query, reusable from query to query.
class QueryProgram {
 public:
  /// \param bytes  [categorical] as of GowerIndex::category(c).byte()
  void set(const GowerIndex& index, const float* numeric, const std::int16_t* bytes);
  /// Points into this object; valid until the next set().
  const ScanProgram& program() const { return program_; }

 private:
  ScanProgram program_;
  std::vector<EqualOp> equal_;
  std::vector<PresentOp> present_;
  std::vector<RangeOp> row_ranges_, row_missing_ranges_, box_ranges_, box_missing_ranges_;
};

}  // namespace semblance::kernels
