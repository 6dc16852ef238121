/// How the heads of columns are multiplied together on a device: columns of like sizes in a group,
/// each padded to the largest of the group, so that a group is one batched product.
#pragma once

#include <cstdint>
#include <vector>

namespace semblance::trainer {

/// Columns of one batched product.
struct HeadGroup {
  std::int64_t first = 0;   ///< place of its first column
  std::int64_t many = 0;    ///< columns
  std::int64_t padded = 0;  ///< tokens of each, padded
  std::int64_t rows = 0;    ///< rows of the padded heads before this group's
};

/// All columns in groups.
struct HeadGroups {
  /// Columns of at least a quarter of the largest's tokens share its group, small ones always one.
  explicit HeadGroups(const std::vector<int>& cardinalities);

  std::vector<HeadGroup> groups;     ///< from large heads to small ones
  std::vector<std::int32_t> place;   ///< [C] of each column, group after group
  std::vector<std::int32_t> padded;  ///< [C] tokens of each column's group
  std::vector<std::int64_t> token;   ///< [P] the token in each padded row; padding has token 0
  std::vector<std::int64_t> row;     ///< [T] the padded row of each token
  std::vector<std::int64_t> logits;  ///< [C] padded tokens of the places before each column's
  std::int64_t rows() const { return static_cast<std::int64_t>(token.size()); }  ///< P
};

}  // namespace semblance::trainer
