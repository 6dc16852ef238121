#include "kernels/contingency_cover.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

namespace semblance::kernels {
namespace {

/// Sets of `order` columns that no joint table covers yet.
class Uncovered {
 public:
  Uncovered(std::size_t n_columns, int order)
      : n_(n_columns), order_(order), open_(order == 2 ? n_ * n_ : n_ * n_ * n_, 1) {}

  bool has(std::span<const int> columns) const { return open_[index(columns)] != 0; }
  void close(std::span<const int> columns) { open_[index(columns)] = 0; }

  /// Sum of `worth` over the open sets of `added` and order - 1 of the columns.
  double gain(const std::vector<int>& columns, int added, const std::vector<double>& worth) const {
    const auto weight = [&](int c) { return worth[static_cast<std::size_t>(c)]; };
    double sum = 0;
    for (std::size_t a = 0; a < columns.size(); ++a) {
      if (order_ == 2) {
        sum += open(columns[a], added) ? weight(columns[a]) : 0;
        continue;
      }
      for (std::size_t b = a + 1; b < columns.size(); ++b)
        sum += open(columns[a], columns[b], added) ? weight(columns[a]) + weight(columns[b]) : 0;
    }
    return sum;
  }

 private:
  std::size_t index(std::span<const int> ascending) const {
    std::size_t at = 0;
    for (const int column : ascending) at = at * n_ + static_cast<std::size_t>(column);
    return at;
  }
  template <class... Columns>
  bool open(Columns... columns) const {
    std::array<int, sizeof...(columns)> sorted{columns...};
    std::sort(sorted.begin(), sorted.end());
    return has(sorted);
  }

  std::size_t n_;
  int order_;
  std::vector<std::uint8_t> open_;
};

/// Calls body(set) for every ascending set of `order` of the given ascending columns.
template <class Body>
void for_each_set(const std::vector<int>& columns, int order, const Body& body) {
  std::vector<int> set(static_cast<std::size_t>(order));
  const auto choose = [&](const auto& self, std::size_t from, std::size_t depth) -> void {
    if (depth == set.size()) {
      body(std::span<const int>(set));
      return;
    }
    for (std::size_t i = from; i < columns.size(); ++i) {
      set[depth] = columns[i];
      self(self, i + 1, depth + 1);
    }
  };
  choose(choose, 0, 0);
}

class Coverer {
 public:
  Coverer(const std::vector<int>& cardinalities, int order, std::size_t most_cells)
      : cardinalities_(cardinalities),
        order_(order),
        most_cells_(most_cells),
        uncovered_(cardinalities.size(), order) {
    for (const int k : cardinalities) worth_.push_back(std::log(k) + 1e-3);
  }

  /// The sets that leave the least room come first: each starts a joint table, to which columns are
  /// added as long as there is room, those first that cover most for the room they take.
  std::vector<JointTable> cover() {
    std::vector<int> all(cardinalities_.size());
    std::iota(all.begin(), all.end(), 0);
    std::vector<std::pair<std::size_t, std::vector<int>>> seeds;
    for_each_set(all, order_, [&](std::span<const int> set) {
      std::size_t cells = 1;
      for (const int column : set) cells *= cardinality(column);
      seeds.emplace_back(cells, std::vector<int>(set.begin(), set.end()));
    });
    std::stable_sort(seeds.begin(), seeds.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<JointTable> tables;
    for (const auto& [cells, set] : seeds) {
      if (uncovered_.has(set)) tables.push_back(grow(set, cells));
    }
    return tables;
  }

 private:
  std::size_t cardinality(int column) const {
    return static_cast<std::size_t>(cardinalities_[static_cast<std::size_t>(column)]);
  }

  JointTable grow(std::vector<int> columns, std::size_t cells) {
    while (columns.size() < kMostJointColumns) {
      int best = -1;
      double best_score = 0;
      for (int c = 0; c < static_cast<int>(cardinalities_.size()); ++c) {
        if (cells * cardinality(c) > most_cells_ ||
            std::find(columns.begin(), columns.end(), c) != columns.end()) {
          continue;
        }
        const double score = uncovered_.gain(columns, c, worth_);
        if (score > best_score ||
            (score == best_score && score > 0 && cardinality(c) > cardinality(best))) {
          best = c;
          best_score = score;
        }
      }
      if (best < 0) break;
      columns.push_back(best);
      cells *= cardinality(best);
    }
    return make_table(std::move(columns), cells);
  }

  JointTable make_table(std::vector<int> columns, std::size_t cells) {
    std::sort(columns.begin(), columns.end());
    JointTable table;
    for_each_set(columns, order_, [&](std::span<const int> set) {
      if (uncovered_.has(set)) table.targets.emplace_back(set.begin(), set.end());
      uncovered_.close(set);
    });
    // The largest column innermost, where sums over columns run along memory.
    if (columns.size() > static_cast<std::size_t>(order_)) {
      std::stable_sort(columns.begin(), columns.end(),
                       [&](int a, int b) { return cardinality(a) < cardinality(b); });
    }
    table.n_cells = cells;
    for (const int column : columns) {
      cells /= cardinality(column);
      table.strides.push_back(static_cast<std::uint32_t>(cells));
    }
    table.columns = std::move(columns);
    return table;
  }

  const std::vector<int>& cardinalities_;
  int order_;
  std::size_t most_cells_;
  Uncovered uncovered_;
  std::vector<double> worth_;
};

/// Sums of a joint table over some of its columns, each made from the smallest one at hand that has
/// one column more. A set of the table's columns is a bit mask.
class Marginals {
 public:
  Marginals(const std::vector<std::uint32_t>& sizes, std::span<const std::uint32_t> cells)
      : sizes_(sizes), full_((1u << sizes.size()) - 1), cells_(cells) {}

  std::span<const std::uint32_t> of(unsigned mask) {
    if (mask == full_) return cells_;
    const auto found = made_.find(mask);
    if (found != made_.end()) return found->second;
    std::size_t left_out = sizes_.size();  // the smallest column that the mask leaves out
    for (std::size_t c = 0; c < sizes_.size(); ++c) {
      const bool out = (mask >> c & 1) == 0;
      if (out && (left_out == sizes_.size() || sizes_[c] < sizes_[left_out])) left_out = c;
    }
    return made_.emplace(mask, sum_over(left_out, mask | 1u << left_out)).first->second;
  }

 private:
  std::vector<std::uint32_t> sum_over(std::size_t column, unsigned mask) {
    const std::span<const std::uint32_t> from = of(mask);
    std::size_t inner = 1;
    for (std::size_t c = column + 1; c < sizes_.size(); ++c)
      inner *= (mask >> c & 1) != 0 ? sizes_[c] : 1;
    const std::size_t n = sizes_[column], outer = from.size() / (n * inner);
    std::vector<std::uint32_t> sums(outer * inner, 0);
    for (std::size_t o = 0; o < outer; ++o) {
      const std::uint32_t* block = from.data() + o * n * inner;
      std::uint32_t* sum = sums.data() + o * inner;
      if (inner == 1) {
        *sum = std::accumulate(block, block + n, 0u);
        continue;
      }
      for (std::size_t k = 0; k < n; ++k) {
        for (std::size_t i = 0; i < inner; ++i) sum[i] += block[k * inner + i];
      }
    }
    return sums;
  }

  const std::vector<std::uint32_t>& sizes_;
  unsigned full_;
  std::span<const std::uint32_t> cells_;
  std::map<unsigned, std::vector<std::uint32_t>> made_;
};

/// Adds a marginal whose columns are `from`, in this order, to the table of the same columns in
/// ascending order.
void add_in_order(std::span<const std::uint32_t> marginal, const std::vector<int>& from,
                  const std::vector<int>& cardinalities, std::int64_t* counts) {
  const auto cardinality = [&](int c) {
    return static_cast<std::size_t>(cardinalities[static_cast<std::size_t>(c)]);
  };
  std::vector<std::size_t> offsets{0};  // of the cells of the marginal, column by column
  for (const int column : from) {
    std::size_t stride = 1;
    for (const int other : from) stride *= other > column ? cardinality(other) : 1;
    std::vector<std::size_t> longer;
    longer.reserve(offsets.size() * cardinality(column));
    for (const std::size_t offset : offsets) {
      for (std::size_t code = 0; code < cardinality(column); ++code)
        longer.push_back(offset + code * stride);
    }
    offsets = std::move(longer);
  }
  for (std::size_t cell = 0; cell < marginal.size(); ++cell)
    counts[offsets[cell]] += marginal[cell];
}

}  // namespace

std::vector<JointTable> cover_columns(const std::vector<int>& cardinalities, int order,
                                      std::size_t most_cells) {
  return Coverer(cardinalities, order, most_cells).cover();
}

void add_to_targets(const JointTable& table, const std::vector<int>& cardinalities,
                    std::span<const std::uint32_t> cells, const FindTable& find_table) {
  std::vector<std::uint32_t> sizes;
  for (const int c : table.columns)
    sizes.push_back(static_cast<std::uint32_t>(cardinalities[static_cast<std::size_t>(c)]));
  Marginals marginals(sizes, cells);
  for (const std::vector<int>& target : table.targets) {
    unsigned mask = 0;
    std::vector<int> in_order;
    for (std::size_t m = 0; m < table.columns.size(); ++m) {
      if (std::find(target.begin(), target.end(), table.columns[m]) == target.end()) continue;
      mask |= 1u << m;
      in_order.push_back(table.columns[m]);
    }
    add_in_order(marginals.of(mask), in_order, cardinalities, find_table(target));
  }
}

}  // namespace semblance::kernels
