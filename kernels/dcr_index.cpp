#include "kernels/dcr_index.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "kernels/row_hash.hpp"

namespace semblance::kernels {
namespace {

constexpr double kTreeLevels = 254;

std::uint8_t tree_byte(float x) {
  return x != x ? kMissingByte : static_cast<std::uint8_t>(clamp_to_range(x) * kTreeLevels);
}

}  // namespace

GowerIndexes::GowerIndexes(std::span<const GowerRows> references, const GowerWeights& weights,
                           const GowerRows& sample, int threads)
    : scheme(references, weights) {
  std::vector<std::uint64_t> usual;
  for (const GowerRows& rows : references) {
    const std::vector<std::uint64_t> found =
        index.emplace_back(scheme, rows, threads).usual_differences(sample);
    usual.insert(usual.end(), found.begin(), found.end());
  }
  scheme.choose_levels(std::move(usual));
  for (GowerIndex& one : index) one.pack_leaves(threads);
  scheme.choose_scan_order(index[0].numeric_spread());
  for (GowerIndex& one : index) one.pack_boxes(threads);
}

GowerIndex::GowerIndex(const GowerScheme& scheme, const GowerRows& references, int threads)
    : scheme_(&scheme), n_numeric_(scheme.n_numeric()), n_categorical_(scheme.n_categorical()) {
  SEMBLANCE_EXPECT(references.n_rows < std::numeric_limits<std::int32_t>::max(), kUsage,
                   "nearest_rows: {} reference rows in one process; give each rank its part",
                   references.n_rows);
  grow_tree(references, find_distinct(references, threads), threads);
}

/// Smallest row numbers of the distinct rows, ascending; fills members_ in that order.
std::vector<std::int64_t> GowerIndex::find_distinct(const GowerRows& references, int threads) {
  CellRows rows{references.n_rows, {}};
  for (int c = 0; c < n_numeric_ + n_categorical_; ++c) {
    if (scheme_->weights().column[static_cast<std::size_t>(c)] == 0) continue;
    if (c < n_numeric_) {
      rows.columns.emplace_back(references.numeric[static_cast<std::size_t>(c)]);
    } else {
      rows.columns.emplace_back(references.categorical[static_cast<std::size_t>(c - n_numeric_)]);
    }
  }
  std::vector<std::int64_t> same;
  const CopyIndex copies(rows, threads, 0, 1, &same);
  std::vector<std::int64_t> distinct;
  for (std::int64_t row = 0; row < references.n_rows; ++row) {
    std::int64_t& group = same[static_cast<std::size_t>(row)];
    if (group == row) {
      group = static_cast<std::int64_t>(
          distinct.size());  // from here on: the number of the distinct row
      distinct.push_back(row);
      members_.push_back({row, -1, 1});
    } else {
      group = same[static_cast<std::size_t>(group)];
      Members& members = members_[static_cast<std::size_t>(group)];
      if (++members.count == 2) members.second = row;
    }
  }
  return distinct;
}

void GowerIndex::grow_tree(const GowerRows& references, const std::vector<std::int64_t>& distinct,
                           int threads) {
  std::vector<TreeColumn> columns(static_cast<std::size_t>(n_numeric_ + n_categorical_));
  base::parallel_for(n_numeric_ + n_categorical_, threads, [&](std::int64_t c) {
    TreeColumn& column = columns[static_cast<std::size_t>(c)];
    column.numeric = c < n_numeric_;
    column.weight = scheme_->weights().column[static_cast<std::size_t>(c)];
    column.bytes.resize(distinct.size());
    for (std::size_t i = 0; i < distinct.size(); ++i) {
      const auto row = static_cast<std::size_t>(distinct[i]);
      if (column.numeric) {
        const float x = references.numeric[static_cast<std::size_t>(c)][row];
        column.bytes[i] = tree_byte(x);
      } else {
        const auto category = static_cast<std::size_t>(c - n_numeric_);
        column.bytes[i] = static_cast<std::uint8_t>(
            scheme_->category(c - n_numeric_).byte(references.categorical[category][row]));
      }
    }
  });
  tree_ = grow_row_tree(columns, static_cast<std::uint32_t>(distinct.size()), kLanes, threads);
  std::vector<std::int64_t> rows(distinct.size());
  std::vector<Members> members(distinct.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = distinct[tree_.order[i]];
    members[i] = members_[tree_.order[i]];
  }
  members_ = std::move(members);
  tree_.order = {};
  cells_.emplace(references, &rows, threads);
}

std::int64_t GowerIndex::route(const GowerRows& rows, std::int64_t row,
                               const std::int16_t* bytes) const {
  std::size_t at = 0;
  while (tree_.nodes[at].left >= 0) {
    const TreeNode& node = tree_.nodes[at];
    const std::uint8_t byte = node.column < n_numeric_
                                  ? tree_byte(rows.numeric[static_cast<std::size_t>(node.column)]
                                                          [static_cast<std::size_t>(row)])
                                  : static_cast<std::uint8_t>(bytes[node.column - n_numeric_]);
    at = static_cast<std::size_t>(node.goes_left(byte) ? node.left : node.right);
  }
  return tree_.nodes[at].leaf;
}

std::vector<std::uint64_t> GowerIndex::usual_differences(const GowerRows& sample) const {
  constexpr std::int64_t kSample = 64;
  std::vector<std::uint64_t> found;
  const std::int64_t n = std::min(kSample, sample.n_rows);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::vector<std::int64_t> row{i * sample.n_rows / n};
    const RowCells query(sample, &row);
    std::vector<std::int16_t> bytes;
    for (int c = 0; c < n_categorical_; ++c) {
      bytes.push_back(static_cast<std::int16_t>(scheme_->category(c).byte(query.codes(0)[c])));
    }
    const std::int64_t leaf = route(sample, row[0], bytes.data());
    NearestUnits best;
    for (std::int64_t id = leaf_first(leaf); id < leaf_first(leaf + 1); ++id) {
      offer(best,
            row_units(query.numeric(0), cells().numeric(id), n_numeric_, query.codes(0),
                      cells().codes(id), n_categorical_, scheme_->weights().column.data()),
            id);
    }
    found.push_back(best.second == kNoUnits ? best.first : best.second);
  }
  return found;
}

void GowerIndex::pack_leaves(int threads) {
  const std::int64_t row_group_bytes = scheme_->row_group_bytes();
  bytes_.assign(static_cast<std::size_t>(n_leaves() * row_group_bytes), 0);
  base::parallel_for((n_leaves() + 63) / 64, threads, [&](std::int64_t batch) {
    for (std::int64_t leaf = batch * 64; leaf < std::min(n_leaves(), batch * 64 + 64); ++leaf) {
      std::uint8_t* group = bytes_.data() + leaf * row_group_bytes;
      for (int lane = 0; lane < leaf_size(leaf); ++lane) {
        const float* numeric = cells().numeric(leaf_first(leaf) + lane);
        const std::int32_t* codes = cells().codes(leaf_first(leaf) + lane);
        for (int c = 0; c < n_numeric_; ++c)
          group[c * kLanes + lane] = scheme_->level_byte(c, numeric[c]);
        for (int c = 0; c < n_categorical_; ++c) {
          group[(n_numeric_ + c) * kLanes + lane] =
              static_cast<std::uint8_t>(scheme_->category(c).byte(codes[c]));
        }
      }
    }
  });
}

std::vector<double> GowerIndex::numeric_spread() const {
  std::vector<double> spread;
  for (int c = 0; c < n_numeric_; ++c) {
    double total = 0;  // one row of each of a few leaves
    const std::int64_t n = std::min<std::int64_t>(n_leaves(), 64);
    for (std::int64_t i = 0; i + 1 < n; ++i) {
      const int a = leaf_bytes(i * n_leaves() / n)[c * kLanes];
      const int b = leaf_bytes((i + 1) * n_leaves() / n)[c * kLanes];
      total += std::abs(a - b);
    }
    spread.push_back(total);
  }
  return spread;
}

namespace {

void set_bit(std::uint8_t* masks, int which, int lane) {
  masks[which * 8 + lane / 8] |= static_cast<std::uint8_t>(1 << lane % 8);
}

bool any_bit(const std::uint8_t* masks, int which) {
  std::uint64_t mask;
  std::memcpy(&mask, masks + which * 8, sizeof mask);
  return mask != 0;
}

}  // namespace

void GowerIndex::pack_boxes(int threads) {
  const std::int64_t box_group_bytes = scheme_->box_group_bytes();
  for (std::int64_t n_below = n_leaves(); boxes_.empty() || n_below > 1;) {
    const std::int64_t n_groups = (n_below + kLanes - 1) / kLanes;
    BoxLevel level;
    level.n_entries = n_below;
    level.smallest_row.resize(static_cast<std::size_t>(n_below));
    level.bytes.assign(static_cast<std::size_t>(n_groups * box_group_bytes), 0);
    base::parallel_for(n_groups, threads, [&](std::int64_t g) {
      std::uint8_t* group = level.bytes.data() + g * box_group_bytes;
      for (int c = 0; c < n_numeric_; ++c)
        std::fill_n(group + scheme_->column(c).box_offset, kLanes, std::uint8_t{255});
      for (std::int64_t entry = g * kLanes; entry < std::min(n_below, (g + 1) * kLanes); ++entry) {
        const int lane = static_cast<int>(entry % kLanes);
        level.smallest_row[static_cast<std::size_t>(entry)] =
            boxes_.empty() ? box_of_leaf(entry, group, lane) : box_of_boxes(entry, group, lane);
      }
    });
    boxes_.push_back(std::move(level));
    n_below = n_groups;
  }
}

std::int64_t GowerIndex::box_of_leaf(std::int64_t leaf, std::uint8_t* group, int lane) const {
  const std::uint8_t* rows = leaf_bytes(leaf);
  const int n = leaf_size(leaf);
  for (int c = 0; c < n_numeric_; ++c) {
    std::uint8_t* low = group + scheme_->column(c).box_offset;
    for (int i = 0; i < n; ++i) {
      const std::uint8_t byte = rows[c * kLanes + i];
      if (byte == kMissingByte) {
        set_bit(group + scheme_->column(c).missing_offset, 0, lane);
      } else {
        low[lane] = std::min(low[lane], byte);
        low[kLanes + lane] = std::max(low[kLanes + lane], byte);
      }
    }
  }
  for (int c = n_numeric_; c < n_numeric_ + n_categorical_; ++c) {
    for (int i = 0; i < n; ++i)
      set_bit(group + scheme_->column(c).box_offset, rows[c * kLanes + i], lane);
  }
  std::int64_t smallest = members(leaf_first(leaf)).first;
  for (int i = 1; i < n; ++i) smallest = std::min(smallest, members(leaf_first(leaf) + i).first);
  return smallest;
}

std::int64_t GowerIndex::box_of_boxes(std::int64_t below, std::uint8_t* group, int lane) const {
  const int level = n_levels() - 1;
  const std::uint8_t* boxes_below = box_bytes(level, below);
  for (int c = 0; c < n_numeric_; ++c) {
    const std::uint32_t offset = scheme_->column(c).box_offset;
    const std::uint8_t* low = boxes_below + offset;
    group[offset + static_cast<std::uint32_t>(lane)] = *std::min_element(low, low + kLanes);
    group[offset + kLanes + static_cast<std::uint32_t>(lane)] =
        *std::max_element(low + kLanes, low + 2 * kLanes);
    const std::uint32_t missing = scheme_->column(c).missing_offset;
    if (any_bit(boxes_below + missing, 0)) set_bit(group + missing, 0, lane);
  }
  for (int c = 0; c < n_categorical_; ++c) {
    const std::uint32_t offset = scheme_->column(n_numeric_ + c).box_offset;
    for (int byte = 0; byte < scheme_->category(c).n_bytes(); ++byte) {
      if (any_bit(boxes_below + offset, byte)) set_bit(group + offset, byte, lane);
    }
  }
  const auto& rows = boxes(level).smallest_row;
  const auto first = rows.begin() + below * kLanes;
  return *std::min_element(
      first, rows.begin() + std::min<std::int64_t>((below + 1) * kLanes, boxes(level).n_entries));
}

}  // namespace semblance::kernels
