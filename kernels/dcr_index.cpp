#include "kernels/dcr_index.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "kernels/row_hash.hpp"

namespace semblance::kernels {
namespace {

constexpr std::int32_t kMostDense = 1 << 20;  ///< codes below this are looked up in an array
constexpr double kTreeLevels = 254;

constexpr std::uint64_t kRoundingUnits =
    40;  ///< more than float32 rounding can take off a difference
constexpr int kWideLevels = 63;
constexpr int kLeastNarrowLevels = 40;

std::uint8_t tree_byte(float x) {
  return x != x ? kMissingByte : static_cast<std::uint8_t>(clamp_to_range(x) * kTreeLevels);
}

}  // namespace

CategoryBytes::CategoryBytes(std::span<const std::int32_t> codes) {
  std::int32_t largest = -1;
  std::int64_t missing = 0;
  for (const std::int32_t code : codes) {
    largest = std::max(largest, code);
    missing += code < 0;
  }
  std::vector<std::pair<std::int64_t, std::int32_t>> counts;  // of distinct codes
  if (largest < kMostDense) {
    std::vector<std::int64_t> dense(static_cast<std::size_t>(largest + 1), 0);
    for (const std::int32_t code : codes) {
      if (code >= 0) ++dense[static_cast<std::size_t>(code)];
    }
    for (std::int32_t code = 0; code <= largest; ++code) {
      if (dense[static_cast<std::size_t>(code)] > 0)
        counts.emplace_back(dense[static_cast<std::size_t>(code)], code);
    }
    dense_.assign(dense.size(), kUnseen);
  } else {
    std::unordered_map<std::int32_t, std::int64_t> sparse;
    for (const std::int32_t code : codes) {
      if (code >= 0) ++sparse[code];
    }
    for (const auto& [code, count] : sparse) counts.emplace_back(count, code);
  }
  std::sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  const double n = static_cast<double>(std::max<std::size_t>(1, codes.size()));
  double same = std::pow(static_cast<double>(missing) / n, 2);
  for (std::size_t rank = 0; rank < counts.size(); ++rank) {
    same += std::pow(static_cast<double>(counts[rank].first) / n, 2);
    const auto byte = static_cast<std::uint8_t>(rank % kOwnBytes);
    if (dense_.empty()) {
      sparse_.emplace(counts[rank].second, byte);
    } else {
      dense_[static_cast<std::size_t>(counts[rank].second)] = byte;
    }
  }
  spread_ = 1 - same;
  has_missing_ = missing > 0;
  n_bytes_ = has_missing_ ? kMissing + 1
                          : static_cast<int>(std::min<std::size_t>(counts.size(), kOwnBytes));
}

GowerIndex::GowerIndex(const GowerRows& references, const GowerWeights& weights,
                       const GowerRows& sample, int threads)
    : n_numeric_(static_cast<int>(references.numeric.size())),
      n_categorical_(static_cast<int>(references.categorical.size())),
      weights_(weights) {
  SEMBLANCE_EXPECT(references.n_rows < std::numeric_limits<std::int32_t>::max(), kUsage,
                   "nearest_rows: {} reference rows in one process; give each rank its part",
                   references.n_rows);
  for (const auto& column : references.categorical) categories_.emplace_back(column);
  for (const auto& column : references.numeric) {
    IndexColumn& numeric = columns_.emplace_back();
    numeric.has_missing = std::any_of(column.begin(), column.end(), [](float x) { return x != x; });
  }
  for (int c = 0; c < n_categorical_; ++c) columns_.emplace_back().numeric = false;
  grow_tree(references, find_distinct(references, threads), threads);
  choose_scale(sample);
  pack_leaves(threads);
  pack_boxes(threads);
}

/// Smallest row numbers of the distinct rows, ascending; fills members_ in that order.
std::vector<std::int64_t> GowerIndex::find_distinct(const GowerRows& references, int threads) {
  CellRows rows{references.n_rows, {}};
  for (int c = 0; c < n_numeric_ + n_categorical_; ++c) {
    if (weights_.column[static_cast<std::size_t>(c)] == 0) continue;
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
    column.weight = weights_.column[static_cast<std::size_t>(c)];
    column.bytes.resize(distinct.size());
    for (std::size_t i = 0; i < distinct.size(); ++i) {
      const auto row = static_cast<std::size_t>(distinct[i]);
      if (column.numeric) {
        const float x = references.numeric[static_cast<std::size_t>(c)][row];
        column.bytes[i] = tree_byte(x);
      } else {
        const auto category = static_cast<std::size_t>(c - n_numeric_);
        column.bytes[i] = static_cast<std::uint8_t>(
            categories_[category].byte(references.categorical[category][row]));
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

/// Levels as fine as 8-bit lanes allow for the differences that the search will meet: those of a
/// few queries to the rows of the leaf they belong to. Where they are large, coarser levels and
/// 16-bit lanes.
void GowerIndex::choose_scale(const GowerRows& sample) {
  constexpr std::int64_t kSample = 64;
  const std::uint64_t largest =
      weights_.column.empty()
          ? 1
          : std::max(1u, *std::max_element(weights_.column.begin(), weights_.column.end()));
  const std::uint64_t unit = largest * kUnitsPerColumn;
  std::vector<std::uint64_t> found;
  const std::int64_t n = std::min(kSample, sample.n_rows);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::vector<std::int64_t> row{i * sample.n_rows / n};
    const RowCells query(sample, &row);
    std::vector<std::int16_t> bytes;
    for (int c = 0; c < n_categorical_; ++c) {
      bytes.push_back(static_cast<std::int16_t>(category(c).byte(query.codes(0)[c])));
    }
    const std::int64_t leaf = route(sample, row[0], bytes.data());
    NearestUnits best;
    for (std::int64_t id = leaf_first(leaf); id < leaf_first(leaf + 1); ++id) {
      offer(best,
            row_units(query.numeric(0), cells().numeric(id), n_numeric_, query.codes(0),
                      cells().codes(id), n_categorical_, weights_.column.data()),
            id);
    }
    found.push_back(best.second == kNoUnits ? best.first : best.second);
  }
  std::sort(found.begin(), found.end());
  const double usual = found.empty() ? 1 : static_cast<double>(found[found.size() * 9 / 10]);
  const bool all_same = std::all_of(weights_.column.begin(), weights_.column.end(),
                                    [&](std::uint32_t w) { return w == largest || w == 0; });
  double levels =
      std::clamp(kMostNarrow / (1.2 * usual / static_cast<double>(unit) + 1e-3), 1.0, 254.0);
  if (n_numeric_ == 0 && all_same) {
    levels = 1;  // counts of differing columns are exact
  } else if (levels < kLeastNarrowLevels) {
    levels = std::min<double>(
        kWideLevels,
        kMostWide / (static_cast<double>(weights_.sum) / static_cast<double>(largest) + 1));
    levels = std::max(1.0, levels);
  }
  units_per_level_ = static_cast<std::uint64_t>(std::ceil(static_cast<double>(unit) / levels));
  bound_per_level_ = units_per_level_ - (n_numeric_ > 0 ? kRoundingUnits * largest : 0);
  for (int c = 0; c < n_numeric_ + n_categorical_; ++c) {
    const double range =
        static_cast<double>(weights_.column[static_cast<std::size_t>(c)]) * kUnitsPerColumnFloat;
    const double of_range = range / static_cast<double>(units_per_level_);
    columns_[static_cast<std::size_t>(c)].cost = static_cast<std::uint32_t>(of_range);
    columns_[static_cast<std::size_t>(c)].levels_per_range = of_range;
  }
}

std::uint8_t GowerIndex::level_byte(int column, float value) const {
  if (value != value) return kMissingByte;
  return static_cast<std::uint8_t>(clamp_to_range(value) * this->column(column).levels_per_range);
}

void GowerIndex::pack_leaves(int threads) {
  const int n_columns = n_numeric_ + n_categorical_;
  row_group_bytes_ = std::int64_t{n_columns} * kLanes;
  bytes_.assign(static_cast<std::size_t>(n_leaves() * row_group_bytes_), 0);
  base::parallel_for((n_leaves() + 63) / 64, threads, [&](std::int64_t batch) {
    for (std::int64_t leaf = batch * 64; leaf < std::min(n_leaves(), batch * 64 + 64); ++leaf) {
      std::uint8_t* group = bytes_.data() + leaf * row_group_bytes_;
      for (int lane = 0; lane < leaf_size(leaf); ++lane) {
        const float* numeric = cells().numeric(leaf_first(leaf) + lane);
        const std::int32_t* codes = cells().codes(leaf_first(leaf) + lane);
        for (int c = 0; c < n_numeric_; ++c) group[c * kLanes + lane] = level_byte(c, numeric[c]);
        for (int c = 0; c < n_categorical_; ++c) {
          group[(n_numeric_ + c) * kLanes + lane] =
              static_cast<std::uint8_t>(categories_[static_cast<std::size_t>(c)].byte(codes[c]));
        }
      }
    }
  });
  choose_scan_order();
}

void GowerIndex::choose_scan_order() {
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
  for (int c = 0; c < n_categorical_; ++c)
    spread.push_back(category(c).spread() * column(n_numeric_ + c).cost);
  scan_order_.resize(spread.size());
  std::iota(scan_order_.begin(), scan_order_.end(), 0);
  std::stable_sort(scan_order_.begin(), scan_order_.end(), [&](int a, int b) {
    if (column(a).numeric != column(b).numeric) return column(b).numeric;
    return spread[static_cast<std::size_t>(a)] > spread[static_cast<std::size_t>(b)];
  });
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
  std::uint32_t offset = 0;
  for (int c = 0; c < n_numeric_ + n_categorical_; ++c) {
    IndexColumn& column = columns_[static_cast<std::size_t>(c)];
    column.row_offset = static_cast<std::uint32_t>(c * kLanes);
    column.box_offset = offset;
    if (c < n_numeric_) {
      column.missing_offset = offset + 2 * kLanes;
      offset += 2 * kLanes + 8;
    } else {
      offset += static_cast<std::uint32_t>(category(c - n_numeric_).n_bytes()) * 8;
    }
  }
  box_group_bytes_ = std::int64_t{(offset + 63) / 64} * 64;

  for (std::int64_t n_below = n_leaves(); boxes_.empty() || n_below > 1;) {
    const std::int64_t n_groups = (n_below + kLanes - 1) / kLanes;
    BoxLevel level;
    level.n_entries = n_below;
    level.smallest_row.resize(static_cast<std::size_t>(n_below));
    level.bytes.assign(static_cast<std::size_t>(n_groups * box_group_bytes_), 0);
    base::parallel_for(n_groups, threads, [&](std::int64_t g) {
      std::uint8_t* group = level.bytes.data() + g * box_group_bytes_;
      for (int c = 0; c < n_numeric_; ++c)
        std::fill_n(group + column(c).box_offset, kLanes, std::uint8_t{255});
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
    std::uint8_t* low = group + column(c).box_offset;
    for (int i = 0; i < n; ++i) {
      const std::uint8_t byte = rows[c * kLanes + i];
      if (byte == kMissingByte) {
        set_bit(group + column(c).missing_offset, 0, lane);
      } else {
        low[lane] = std::min(low[lane], byte);
        low[kLanes + lane] = std::max(low[kLanes + lane], byte);
      }
    }
  }
  for (int c = n_numeric_; c < n_numeric_ + n_categorical_; ++c) {
    for (int i = 0; i < n; ++i) set_bit(group + column(c).box_offset, rows[c * kLanes + i], lane);
  }
  std::int64_t smallest = members(leaf_first(leaf)).first;
  for (int i = 1; i < n; ++i) smallest = std::min(smallest, members(leaf_first(leaf) + i).first);
  return smallest;
}

std::int64_t GowerIndex::box_of_boxes(std::int64_t below, std::uint8_t* group, int lane) const {
  const int level = n_levels() - 1;
  const std::uint8_t* boxes_below = box_bytes(level, below);
  for (int c = 0; c < n_numeric_; ++c) {
    const std::uint32_t offset = column(c).box_offset;
    const std::uint8_t* low = boxes_below + offset;
    group[offset + static_cast<std::uint32_t>(lane)] = *std::min_element(low, low + kLanes);
    group[offset + kLanes + static_cast<std::uint32_t>(lane)] =
        *std::max_element(low + kLanes, low + 2 * kLanes);
    const std::uint32_t missing = column(c).missing_offset;
    if (any_bit(boxes_below + missing, 0)) set_bit(group + missing, 0, lane);
  }
  for (int c = 0; c < n_categorical_; ++c) {
    const std::uint32_t offset = column(n_numeric_ + c).box_offset;
    for (int byte = 0; byte < categories_[static_cast<std::size_t>(c)].n_bytes(); ++byte) {
      if (any_bit(boxes_below + offset, byte)) set_bit(group + offset, byte, lane);
    }
  }
  const auto& rows = boxes(level).smallest_row;
  const auto first = rows.begin() + below * kLanes;
  return *std::min_element(
      first, rows.begin() + std::min<std::int64_t>((below + 1) * kLanes, boxes(level).n_entries));
}

void QueryProgram::set(const GowerIndex& index, const float* numeric, const std::int16_t* bytes) {
  equal_.clear();
  present_.clear();
  row_ranges_.clear();
  row_missing_ranges_.clear();
  box_ranges_.clear();
  box_missing_ranges_.clear();
  std::uint32_t base = 0, largest = 1;
  for (const int c : index.scan_order()) {
    const IndexColumn& column = index.column(c);
    if (column.cost == 0) continue;
    const int category = c - index.n_numeric();
    const ColumnOp op =
        column.numeric ? numeric_op(column, numeric[c]) : category_op(column, bytes[category]);
    const Splat cost = splat_of(column.cost), above = splat_of(op.above),
                below = splat_of(op.below);
    if (op.kind == OpKind::kConstant) {
      base += column.cost;
      continue;
    }
    largest = std::max(largest, column.cost);
    if (op.kind == OpKind::kEqual) {
      equal_.push_back({column.row_offset, above, cost});
      present_.push_back({op.box_offset, cost});
    } else {
      (column.has_missing ? row_missing_ranges_ : row_ranges_)
          .push_back({column.row_offset, above, below, cost});
      (column.has_missing ? box_missing_ranges_ : box_ranges_)
          .push_back({op.box_offset, above, below, cost});
    }
  }
  program_.base = base;
  program_.narrow_columns = static_cast<int>(std::max(1u, 255u / largest));
  const auto list = [](const auto& ops) {
    return OpList<std::decay_t<decltype(ops[0])>>{ops.data(), ops.data() + ops.size()};
  };
  program_.equal = list(equal_);
  program_.present = list(present_);
  program_.row_ranges = list(row_ranges_);
  program_.row_missing_ranges = list(row_missing_ranges_);
  program_.box_ranges = list(box_ranges_);
  program_.box_missing_ranges = list(box_missing_ranges_);
}

}  // namespace semblance::kernels
