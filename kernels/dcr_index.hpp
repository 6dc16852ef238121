/// \file
/// Reference rows made ready for the CPU search: distinct rows in the leaves of a tree, 64 to a
/// leaf, as bytes in columns (dcr_scan.hpp); above them boxes, 64 to a group, up to a single group.
/// All of it serves *lower bounds*; the exact difference of a row is always computed from its own
/// cells.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/dcr_scheme.hpp"
#include "kernels/dcr_tree.hpp"

namespace semblance::kernels {

/// One level of groups of boxes.
struct BoxLevel {
  std::vector<std::uint8_t> bytes;         ///< [groups][GowerScheme::box_group_bytes]
  std::vector<std::int64_t> smallest_row;  ///< [entries] smallest reference row within
  std::int64_t n_entries = 0;              ///< boxes in all groups; the last group may not be full
};

/// The index of one set of reference rows. Its const members are thread-safe.
class GowerIndex {
 public:
  /// Grows the tree. \param scheme  must outlive the index
  GowerIndex(const GowerScheme& scheme, const GowerRows& references, int threads);

  /// Differences of a few queries to the second-nearest row of their leaf, in units.
  std::vector<std::uint64_t> usual_differences(const GowerRows& sample) const;
  /// Writes the rows' bytes, once the scheme has its levels.
  void pack_leaves(int threads);
  /// [numeric] how much the levels of rows in different leaves differ, in total over a few.
  std::vector<double> numeric_spread() const;
  /// Writes the boxes, once the leaves are packed.
  void pack_boxes(int threads);

  const GowerScheme& scheme() const { return *scheme_; }  ///< as given
  /// At least 1.
  std::int64_t n_leaves() const { return static_cast<std::int64_t>(tree_.leaf_first.size()) - 1; }
  int n_levels() const {
    return static_cast<int>(boxes_.size());
  }  ///< of boxes; the last is one group

  /// [columns][64] bytes for the scan; lanes beyond leaf_size() mean nothing.
  const std::uint8_t* leaf_bytes(std::int64_t leaf) const {
    return bytes_.data() + leaf * scheme_->row_group_bytes();
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
    return boxes(level).bytes.data() + group * scheme_->box_group_bytes();
  }
  /// Distinct row i in leaf order.
  const Members& members(std::int64_t i) const { return members_[static_cast<std::size_t>(i)]; }
  /// Of the distinct rows, in leaf order: for exact differences.
  const RowCells& cells() const { return *cells_; }

  /// The tree's leaf for a row of a table. \param bytes  [categorical] as of
  /// GowerScheme::category(c).byte()
  std::int64_t route(const GowerRows& rows, std::int64_t row, const std::int16_t* bytes) const;

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
  /// Writes one lane of a group of boxes; returns the smallest reference row within.
  std::int64_t box_of_leaf(std::int64_t leaf, std::uint8_t* group, int lane) const;
  std::int64_t box_of_boxes(std::int64_t below, std::uint8_t* group, int lane) const;

  const GowerScheme* scheme_;
  int n_numeric_, n_categorical_;
  std::vector<Members> members_;   ///< [distinct rows] in leaf order
  std::optional<RowCells> cells_;  ///< of the distinct rows, in leaf order
  RowTree tree_;
  std::vector<std::uint8_t> bytes_;  ///< [leaves][columns][64]
  std::vector<BoxLevel> boxes_;
};

/// The indexes of one table or more, held against the same queries.
struct GowerIndexes {
  /// \param references  1 or more tables of the same columns, of 1 or more rows each
  /// \param sample      queries from which the scale of the levels is chosen (any number)
  /// \throws Error{kUsage} for 2^31 - 1 rows or more in one table
  GowerIndexes(std::span<const GowerRows> references, const GowerWeights& weights,
               const GowerRows& sample, int threads);
  GowerIndexes(const GowerIndexes&) = delete;  // the indexes point to the scheme
  GowerIndexes& operator=(const GowerIndexes&) = delete;

  GowerScheme scheme;             ///< of all of them
  std::vector<GowerIndex> index;  ///< [tables]
};

}  // namespace semblance::kernels
