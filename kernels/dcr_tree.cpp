#include "kernels/dcr_tree.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>

#include "base/parallel.hpp"

namespace semblance::kernels {
namespace {

constexpr std::int64_t kPairs = 32;  ///< pairs of rows from which a column's spread is estimated
constexpr int kMissing = 255;

struct Range {
  std::int64_t begin, end;
  std::int64_t size() const { return end - begin; }
};

/// The tree while it grows: nodes of one depth are split at a time.
class Grower {
 public:
  Grower(const std::vector<TreeColumn>& columns, std::uint32_t n_rows, int rows_per_leaf)
      : columns_(columns), rows_per_leaf_(rows_per_leaf), scratch_(n_rows) {
    tree_.order.resize(n_rows);
    std::iota(tree_.order.begin(), tree_.order.end(), 0u);
  }

  RowTree grow(int threads) {
    std::vector<Range> ranges{{0, static_cast<std::int64_t>(tree_.order.size())}};
    std::vector<std::int32_t> depth{0};
    tree_.nodes.resize(1);
    while (!depth.empty()) {
      std::vector<std::int64_t> cuts(depth.size(), -1);
      base::parallel_for(static_cast<std::int64_t>(depth.size()), threads, [&](std::int64_t i) {
        const auto node = static_cast<std::size_t>(depth[static_cast<std::size_t>(i)]);
        if (ranges[node].size() > rows_per_leaf_)
          cuts[static_cast<std::size_t>(i)] = split(tree_.nodes[node], ranges[node]);
      });
      std::vector<std::int32_t> next;
      for (std::size_t i = 0; i < depth.size(); ++i) {
        if (cuts[i] < 0) continue;
        const auto node = static_cast<std::size_t>(depth[i]);
        const auto left = static_cast<std::int32_t>(tree_.nodes.size());
        tree_.nodes[node].left = left;
        tree_.nodes[node].right = left + 1;
        tree_.nodes.resize(tree_.nodes.size() + 2);
        ranges.push_back({ranges[node].begin, cuts[i]});
        ranges.push_back({cuts[i], ranges[node].end});
        next.push_back(left);
        next.push_back(left + 1);
      }
      depth = std::move(next);
    }
    number_leaves(ranges);
    return std::move(tree_);
  }

 private:
  double spread(const TreeColumn& column, Range range) const {
    const std::int64_t half = range.size() / 2, n = std::min(kPairs, half);
    std::int64_t total = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(range.begin + i * half / n);
      const int a = column.bytes[tree_.order[at]],
                b = column.bytes[tree_.order[at + static_cast<std::size_t>(half)]];
      const bool whole = !column.numeric || a == kMissing || b == kMissing;
      total += a == b ? 0 : whole ? 254 : std::abs(a - b);
    }
    return static_cast<double>(total) * column.weight;
  }

  /// Rows [begin, cut) and [cut, end) after the split.
  std::int64_t split(TreeNode& node, Range range) {
    std::vector<std::pair<double, int>> candidates;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].weight > 0)
        candidates.emplace_back(-spread(columns_[c], range), static_cast<int>(c));
    }
    std::sort(candidates.begin(), candidates.end());
    for (const auto& [negative, c] : candidates) {
      const TreeColumn& column = columns_[static_cast<std::size_t>(c)];
      std::array<std::int64_t, 256> counts{};
      for (std::int64_t i = range.begin; i < range.end; ++i)
        ++counts[column.bytes[tree_.order[static_cast<std::size_t>(i)]]];
      if (*std::max_element(counts.begin(), counts.end()) == range.size()) continue;
      node.column = c;
      node.numeric = column.numeric;
      const std::int64_t of_most = column.numeric ? cut_numeric(node, counts, range.size())
                                                  : cut_categories(node, counts, range.size());
      return partition(node, column, range, of_most);
    }
    node.column = 0;  // rows that differ only within bytes: any halves will do
    node.most = 255;
    return range.begin + half_of(range.size());
  }

  std::int64_t half_of(std::int64_t n) const {
    const std::int64_t leaves = (n + rows_per_leaf_ - 1) / rows_per_leaf_;
    return (leaves + 1) / 2 * rows_per_leaf_;
  }

  /// Chooses node.most; of the rows with that very byte, the first ones returned go left (all: -1).
  std::int64_t cut_numeric(TreeNode& node, const std::array<std::int64_t, 256>& counts,
                           std::int64_t n) const {
    const std::int64_t target = half_of(n);
    std::int64_t below = 0;
    int byte = 0;
    while (below + counts[static_cast<std::size_t>(byte)] < target)
      below += counts[static_cast<std::size_t>(byte++)];
    const std::int64_t own = counts[static_cast<std::size_t>(byte)];
    node.most = static_cast<std::uint8_t>(byte);
    if (own <= n / 8 && target < n) return target - below;
    // A heavy byte: cut cleanly beside it, at the side nearer to the middle.
    if (below > 0 && (below + own == n || target - below < below + own - target)) --node.most;
    return -1;
  }

  static std::int64_t cut_categories(TreeNode& node, const std::array<std::int64_t, 256>& counts,
                                     std::int64_t n) {
    std::vector<int> by_count;
    const auto count = [&](int byte) { return counts[static_cast<std::size_t>(byte)]; };
    for (int byte = 0; byte < 256; ++byte) {
      if (count(byte) > 0) by_count.push_back(byte);
    }
    std::stable_sort(by_count.begin(), by_count.end(),
                     [&](int a, int b) { return count(a) > count(b); });
    std::int64_t left = 0;
    for (const int byte : by_count) {
      if (left > 0 && left + count(byte) > n / 2) continue;
      left += count(byte);
      node.left_set[byte >> 6] |= std::uint64_t{1} << (byte & 63);
    }
    return -1;
  }

  std::int64_t partition(const TreeNode& node, const TreeColumn& column, Range range,
                         std::int64_t of_most) {
    std::int64_t left = range.begin, right = 0;
    for (std::int64_t i = range.begin; i < range.end; ++i) {
      const std::uint32_t row = tree_.order[static_cast<std::size_t>(i)];
      const std::uint8_t byte = column.bytes[row];
      bool goes_left = node.goes_left(byte);
      if (goes_left && of_most >= 0 && byte == node.most)
        goes_left = of_most-- > 0 ? true : (of_most = 0, false);
      if (goes_left) {
        tree_.order[static_cast<std::size_t>(left++)] = row;
      } else {
        scratch_[static_cast<std::size_t>(range.begin + right++)] = row;
      }
    }
    std::copy_n(scratch_.begin() + range.begin, right, tree_.order.begin() + left);
    return left;
  }

  void number_leaves(const std::vector<Range>& ranges) {
    std::vector<std::int32_t> stack{0};
    while (!stack.empty()) {
      const auto node = static_cast<std::size_t>(stack.back());
      stack.pop_back();
      if (tree_.nodes[node].left < 0) {
        tree_.nodes[node].leaf = static_cast<std::int32_t>(tree_.leaf_first.size());
        tree_.leaf_first.push_back(ranges[node].begin);
      } else {
        stack.push_back(tree_.nodes[node].right);
        stack.push_back(tree_.nodes[node].left);
      }
    }
    tree_.leaf_first.push_back(static_cast<std::int64_t>(tree_.order.size()));
  }

  const std::vector<TreeColumn>& columns_;
  int rows_per_leaf_;
  RowTree tree_;
  std::vector<std::uint32_t> scratch_;
};

}  // namespace

RowTree grow_row_tree(const std::vector<TreeColumn>& columns, std::uint32_t n_rows,
                      int rows_per_leaf, int threads) {
  return Grower(columns, n_rows, rows_per_leaf).grow(threads);
}

}  // namespace semblance::kernels
