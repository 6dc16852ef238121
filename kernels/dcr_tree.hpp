/// A binary tree that puts rows of bytes next to their like: 64 rows to a leaf at most. It only
/// decides an order, so nothing in it has to be exact.
#pragma once

#include <cstdint>
#include <vector>

namespace semblance::kernels {

/// A split of rows by one column, or a leaf.
struct TreeNode {
  int column = -1;                     ///< -1: a leaf
  bool numeric = true;                 ///< of the column: which of the two rules below counts
  std::uint8_t most = 0;               ///< numeric: bytes up to this go left
  std::uint64_t left_set[4] = {};      ///< categorical: these bytes go left
  std::int32_t left = -1, right = -1;  ///< positions in RowTree::nodes; -1 of a leaf
  std::int32_t leaf = -1;              ///< number of the leaf; -1 of a split
  /// Whether a row with this byte in `column` belongs to `left`.
  bool goes_left(std::uint8_t byte) const {
    return numeric ? byte <= most : (left_set[byte >> 6] >> (byte & 63) & 1) != 0;
  }
};

/// The tree over rows 0 to n - 1.
struct RowTree {
  std::vector<TreeNode> nodes;       ///< nodes[0] is the root
  std::vector<std::uint32_t> order;  ///< [rows] row numbers, leaf by leaf, ascending in each leaf
  std::vector<std::int64_t> leaf_first;  ///< [leaves + 1] into order
};

/// One column of bytes; weight 0 is left out.
struct TreeColumn {
  std::vector<std::uint8_t> bytes;  ///< [rows]; numeric: 0..254 over the range, 255 missing
  bool numeric = true;              ///< else the bytes have no order
  double weight = 1;                ///< of the column's differences in the choice of splits
};

/// Splits at each node by the column in which rows of the node differ most, into halves of a whole
/// number of leaves where values allow it. The result does not depend on threads.
RowTree grow_row_tree(const std::vector<TreeColumn>& columns, std::uint32_t n_rows,
                      int rows_per_leaf, int threads);

}  // namespace semblance::kernels
