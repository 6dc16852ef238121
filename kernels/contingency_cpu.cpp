#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "kernels/contingency_groups.hpp"

// Loops that vectorise are compiled for wider vectors too; the machine picks when the program
// starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SEMBLANCE_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define SEMBLANCE_CLONES
#endif

namespace semblance::kernels {
namespace {

/// Rows whose joint codes are kept at a time. Triples have larger tables to sum up after each such
/// piece.
constexpr std::int64_t kRowsAtOnce[] = {1 << 19, 1 << 20};
constexpr std::int64_t kRowsPerPass = 1 << 13;  ///< counted before going on to the next groups
constexpr int kPartners = 4;                    ///< tables counted together: independent increments
constexpr std::size_t kNarrowCells = 1 << 16;   ///< cells that 16 bits can number
constexpr std::size_t kFourCopies = 1 << 14;    ///< cells of a table that is worth copies
constexpr std::size_t kAlwaysSmall =
    1 << 16;  ///< cells that are worth a joint table for any number of rows

using Codes = std::vector<std::uint16_t>;

/// One table that a joint table is summed into.
struct Target {
  std::int64_t* counts;
  std::array<std::vector<std::uint32_t>, 3> offsets;  ///< [group][joint code] to add up
};

/// The tables that one set of groups is responsible for: sets of columns within these groups. A set
/// of columns in fewer groups belongs to the one set of groups that the smallest other groups make
/// full.
class TargetMaker {
 public:
  TargetMaker(const std::vector<CodeGroup>& all, std::vector<std::size_t> numbers,
              const std::vector<int>& cardinalities, int order, const FindTable& find_table)
      : numbers_(std::move(numbers)),
        cardinalities_(cardinalities),
        order_(order),
        find_table_(find_table) {
    for (std::size_t g = 0; g < numbers_.size(); ++g) {
      groups_.push_back(&all[numbers_[g]]);
      for (std::size_t m = 0; m < groups_[g]->columns.size(); ++m) members_.push_back({g, m});
    }
  }

  std::vector<Target> make() {
    choose(0);
    return std::move(targets_);
  }

 private:
  struct Member {
    std::size_t group, place;
  };

  void choose(std::size_t next) {
    if (static_cast<int>(chosen_.size()) == order_) {
      add_target();
      return;
    }
    for (std::size_t i = next; i < members_.size(); ++i) {
      chosen_.push_back(members_[i]);
      choose(i + 1);
      chosen_.pop_back();
    }
  }

  void add_target() {
    if (!responsible()) return;
    std::vector<int> columns;
    for (const Member& m : chosen_) columns.push_back(groups_[m.group]->columns[m.place]);
    std::sort(columns.begin(), columns.end());
    Target target{find_table_(columns), {}};
    for (std::size_t g = 0; g < groups_.size(); ++g)
      target.offsets[g].assign(groups_[g]->n_codes, 0);
    for (const Member& m : chosen_) {
      const int column = groups_[m.group]->columns[m.place];
      std::uint32_t stride = 1;
      for (const int other : columns) stride *= other > column ? cardinality(other) : 1;
      for (std::uint32_t code = 0; code < groups_[m.group]->n_codes; ++code) {
        target.offsets[m.group][code] +=
            code / groups_[m.group]->strides[m.place] % cardinality(column) * stride;
      }
    }
    targets_.push_back(std::move(target));
  }

  bool responsible() const {
    std::array<bool, 3> used{};
    for (const Member& m : chosen_) used[m.group] = true;
    std::size_t smallest = 0;  // of the groups that hold no chosen column
    for (std::size_t g = 0; g < numbers_.size(); ++g) {
      if (used[g]) continue;
      for (std::size_t h = 0; h < numbers_.size(); ++h)
        smallest += used[h] && numbers_[h] == smallest;
      if (numbers_[g] != smallest++) return false;
    }
    return true;
  }

  std::uint32_t cardinality(int column) const {
    return static_cast<std::uint32_t>(cardinalities_[static_cast<std::size_t>(column)]);
  }

  std::vector<std::size_t> numbers_;  ///< ascending
  std::vector<const CodeGroup*> groups_;
  const std::vector<int>& cardinalities_;
  int order_;
  const FindTable& find_table_;
  std::vector<Member> members_, chosen_;
  std::vector<Target> targets_;
};

/// The last group of a joint table, which several tables that share the other groups differ in.
struct Partner {
  std::uint32_t n_codes;
  const std::uint16_t* codes;
  std::size_t n_cells, n_copies;
  std::vector<std::uint32_t> table;  ///< [copies][joint code of the others][n_codes]

  /// Sums the copies into the first.
  void gather() {
    for (std::size_t copy = 1; copy < n_copies; ++copy) {
      for (std::size_t cell = 0; cell < n_cells; ++cell)
        table[cell] += table[copy * n_cells + cell];
    }
  }
};

/// Adds one to a cell for each of n rows. The rows are cut in four and each quarter counts in its
/// own copy of the table, where there are so many: common cells would wait for their last
/// increment.
template <class Index>
void increment(Partner& partner, const Index* at, std::int64_t n) {
  const std::int64_t quarter = n / 4;
  std::uint32_t* tables[4];
  for (std::size_t q = 0; q < 4; ++q)
    tables[q] = partner.table.data() + q % partner.n_copies * partner.n_cells;
  std::uint32_t *a = tables[0], *b = tables[1], *c = tables[2], *d = tables[3];
  const Index *at_b = at + quarter, *at_c = at_b + quarter, *at_d = at_c + quarter;
  for (std::int64_t row = 0; row < quarter; ++row) {
    ++a[at[row]];
    ++b[at_b[row]];
    ++c[at_c[row]];
    ++d[at_d[row]];
  }
  for (std::int64_t row = 4 * quarter; row < n; ++row) ++a[at[row]];
}

/// Cells of n rows in a table [base codes][partner codes].
SEMBLANCE_CLONES void cells_of(const std::uint16_t* base, const std::uint16_t* codes,
                               std::uint32_t n_codes, std::uint16_t* at, std::int64_t n) {
  const auto stride = static_cast<std::uint16_t>(n_codes);
  for (std::int64_t row = 0; row < n; ++row)
    at[row] = static_cast<std::uint16_t>(base[row] * stride + codes[row]);
}
SEMBLANCE_CLONES void cells_of(const std::uint32_t* base, const std::uint16_t* codes,
                               std::uint32_t n_codes, std::uint32_t* at, std::int64_t n) {
  for (std::int64_t row = 0; row < n; ++row) at[row] = base[row] * n_codes + codes[row];
}

/// Joint codes of rows: the first member, then the others added.
SEMBLANCE_CLONES void set_codes(const std::uint8_t* cells, std::uint16_t* joint, std::int64_t n) {
  for (std::int64_t row = 0; row < n; ++row) joint[row] = cells[row];
}
SEMBLANCE_CLONES void set_codes(const std::uint16_t* cells, std::uint16_t* joint, std::int64_t n) {
  for (std::int64_t row = 0; row < n; ++row) joint[row] = cells[row];
}
SEMBLANCE_CLONES void add_codes(const std::uint8_t* cells, std::uint16_t stride,
                                std::uint16_t* joint, std::int64_t n) {
  for (std::int64_t row = 0; row < n; ++row)
    joint[row] = static_cast<std::uint16_t>(joint[row] + cells[row] * stride);
}
SEMBLANCE_CLONES void add_codes(const std::uint16_t* cells, std::uint16_t stride,
                                std::uint16_t* joint, std::int64_t n) {
  for (std::int64_t row = 0; row < n; ++row)
    joint[row] = static_cast<std::uint16_t>(joint[row] + cells[row] * stride);
}

/// Counts rows [first, first + n) into the tables of all partners.
template <class Index>
void count_rows(const Index* base, std::vector<Partner>& partners, std::int64_t first,
                std::int64_t n) {
  std::array<Index, kRowsPerPass> at;
  for (Partner& partner : partners) {
    cells_of(base, partner.codes + first, partner.n_codes, at.data(), n);
    increment(partner, at.data(), n);
  }
}

/// Sums a joint table [base codes][partner codes] into a target. base_offsets: [base codes].
void fold(const std::vector<std::uint32_t>& table, const std::vector<std::uint32_t>& base_offsets,
          const std::vector<std::uint32_t>& partner_offsets, std::int64_t* counts) {
  const std::size_t n = partner_offsets.size();
  for (std::size_t x = 0; x < base_offsets.size(); ++x) {
    std::int64_t* out = counts + base_offsets[x];
    const std::uint32_t* cells = table.data() + x * n;
    for (std::size_t y = 0; y < n; ++y) out[partner_offsets[y]] += cells[y];
  }
}

/// Offsets of the joint code of up to two groups.
std::vector<std::uint32_t> joint_offsets(const Target& target, std::size_t n_groups) {
  if (n_groups == 0) return {0};
  if (n_groups == 1) return target.offsets[0];
  std::vector<std::uint32_t> joint;
  for (const std::uint32_t a : target.offsets[0]) {
    for (const std::uint32_t b : target.offsets[1]) joint.push_back(a + b);
  }
  return joint;
}

/// Groups whose joint codes are counted together: those of `base` and, in turn, each of `partners`.
struct Item {
  std::vector<std::size_t> base;      ///< 0 to 2 groups
  std::vector<std::size_t> partners;  ///< 1 to kPartners groups
};

/// All sets of `order` groups (of all groups where there are fewer), cut into items.
std::vector<Item> make_items(std::size_t n_groups, int order) {
  std::vector<Item> items;
  const auto add = [&](const std::vector<std::size_t>& base, std::size_t first) {
    for (std::size_t p = first; p < n_groups; p += kPartners) {
      Item item{base, {}};
      for (std::size_t q = p; q < std::min(n_groups, p + kPartners); ++q)
        item.partners.push_back(q);
      items.push_back(std::move(item));
    }
  };
  const std::size_t together = std::min(n_groups, static_cast<std::size_t>(order));
  if (together == 1) add({}, 0);
  for (std::size_t g = 0; g < n_groups; ++g) {
    if (together == 2) add({g}, g + 1);
    for (std::size_t h = g + 1; together == 3 && h < n_groups; ++h) add({g, h}, h + 1);
  }
  return items;
}

std::size_t copies_for(std::size_t cells) {
  return cells <= kFourCopies ? 4 : cells <= 2 * kFourCopies ? 2 : 1;
}

/// Counting one item over the rows whose joint codes are at hand.
class ItemCounter {
 public:
  /// \param device  counts instead of this processor when not null
  ItemCounter(const std::vector<CodeGroup>& groups, const JointCodes& codes, std::int64_t n_rows,
              const std::vector<int>& cardinalities, int order, const FindTable& find_table,
              const JointCounter* device)
      : groups_(groups),
        codes_(codes),
        n_rows_(n_rows),
        cardinalities_(cardinalities),
        order_(order),
        find_table_(find_table),
        device_(device) {}

  void count(const Item& item) const {
    std::size_t n_base = 1;
    for (const std::size_t g : item.base) n_base *= groups_[g].n_codes;
    std::vector<Partner> partners;
    std::vector<std::vector<Target>> targets;
    for (const std::size_t p : item.partners) {
      std::vector<std::size_t> members = item.base;
      members.push_back(p);
      std::vector<Target> found =
          TargetMaker(groups_, std::move(members), cardinalities_, order_, find_table_).make();
      if (found.empty()) continue;
      const std::size_t cells = n_base * groups_[p].n_codes;
      if (cells > std::max(kAlwaysSmall, 2 * static_cast<std::size_t>(n_rows_))) {
        for (const Target& target : found) count_directly(item, p, target);
        continue;
      }
      const std::size_t copies = device_ != nullptr ? 1 : copies_for(cells);
      partners.push_back({groups_[p].n_codes, codes_[p].data(), cells, copies,
                          std::vector<std::uint32_t>(cells * copies, 0)});
      if (device_ != nullptr) count_on_device(item, p, partners.back().table);
      targets.push_back(std::move(found));
    }
    if (partners.empty()) return;
    if (device_ == nullptr) count_partners(item, partners);
    for (std::size_t p = 0; p < partners.size(); ++p) {
      partners[p].gather();
      for (const Target& target : targets[p]) {
        fold(partners[p].table, joint_offsets(target, item.base.size()),
             target.offsets[item.base.size()], target.counts);
      }
    }
  }

 private:
  void count_partners(const Item& item, std::vector<Partner>& partners) const {
    const bool narrow = std::all_of(partners.begin(), partners.end(),
                                    [](const Partner& p) { return p.n_cells <= kNarrowCells; });
    for (std::int64_t first = 0; first < n_rows_; first += kRowsPerPass) {
      const std::int64_t n = std::min(kRowsPerPass, n_rows_ - first);
      narrow ? count_pass<std::uint16_t>(item, partners, first, n)
             : count_pass<std::uint32_t>(item, partners, first, n);
    }
  }

  template <class Index>
  void count_pass(const Item& item, std::vector<Partner>& partners, std::int64_t first,
                  std::int64_t n) const {
    const auto codes = [&](std::size_t g) { return codes_[item.base[g]].data() + first; };
    if constexpr (sizeof(Index) == sizeof(std::uint16_t)) {
      if (item.base.size() == 1) return count_rows(codes(0), partners, first, n);
    }
    std::array<Index, kRowsPerPass> base;
    if (item.base.empty()) {
      std::fill_n(base.begin(), n, Index{0});
    } else {
      std::copy_n(codes(0), n, base.begin());
    }
    if (item.base.size() == 2) {
      cells_of(base.data(), codes(1), groups_[item.base[1]].n_codes, base.data(), n);
    }
    count_rows(base.data(), partners, first, n);
  }

  void count_on_device(const Item& item, std::size_t partner,
                       std::vector<std::uint32_t>& table) const {
    std::vector<std::size_t> all = item.base;
    all.push_back(partner);
    std::vector<std::uint32_t> n_codes;
    for (const std::size_t g : all) n_codes.push_back(groups_[g].n_codes);
    device_->count(all, n_codes, table);
  }

  /// For tables of more cells than there are rows: no joint table.
  void count_directly(const Item& item, std::size_t partner, const Target& target) const {
    std::vector<std::size_t> all = item.base;
    all.push_back(partner);
    for (std::size_t row = 0; row < static_cast<std::size_t>(n_rows_); ++row) {
      std::size_t at = 0;
      for (std::size_t g = 0; g < all.size(); ++g) at += target.offsets[g][codes_[all[g]][row]];
      ++target.counts[at];
    }
  }

  const std::vector<CodeGroup>& groups_;
  const JointCodes& codes_;
  std::int64_t n_rows_;
  const std::vector<int>& cardinalities_;
  int order_;
  const FindTable& find_table_;
  const JointCounter* device_;
};

void joint_codes(std::span<const CodeColumn> columns, const CodeGroup& group, std::int64_t first,
                 std::int64_t n, Codes& joint) {
  joint.resize(static_cast<std::size_t>(n));
  for (std::size_t m = 0; m < group.columns.size(); ++m) {
    std::visit(
        [&](const auto& all) {
          const auto* cells = all.data() + first;
          m == 0 ? set_codes(cells, joint.data(), n)
                 : add_codes(cells, static_cast<std::uint16_t>(group.strides[m]), joint.data(), n);
        },
        columns[static_cast<std::size_t>(group.columns[m])]);
  }
}

}  // namespace

std::vector<CodeGroup> group_columns(const std::vector<int>& cardinalities, int most_codes) {
  std::vector<std::size_t> by_size(cardinalities.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](std::size_t a, std::size_t b) {
    return cardinalities[a] > cardinalities[b];
  });
  std::vector<CodeGroup> groups;
  for (const std::size_t column :
       by_size) {  // largest first, each into the fullest group with room
    const auto k = static_cast<std::uint32_t>(cardinalities[column]);
    CodeGroup* best = nullptr;
    for (CodeGroup& group : groups) {
      if (std::uint64_t{group.n_codes} * k > static_cast<std::uint64_t>(most_codes)) continue;
      if (best == nullptr || group.n_codes > best->n_codes) best = &group;
    }
    if (best == nullptr) best = &groups.emplace_back();
    best->columns.push_back(static_cast<int>(column));
    best->n_codes *= k;
  }
  for (CodeGroup& group : groups) {
    std::sort(group.columns.begin(), group.columns.end());
    std::uint32_t stride = 1;
    for (const int column : group.columns) {
      group.strides.push_back(stride);
      stride *= static_cast<std::uint32_t>(cardinalities[static_cast<std::size_t>(column)]);
    }
  }
  return groups;
}

std::int64_t check_codes(std::span<const CodeColumn> columns,
                         const std::vector<int>& cardinalities) {
  SEMBLANCE_EXPECT(columns.size() == cardinalities.size(), kUsage,
                   "contingency: {} columns where {} were announced", columns.size(),
                   cardinalities.size());
  const auto size = [](const CodeColumn& column) {
    return std::visit([](const auto& c) { return c.size(); }, column);
  };
  for (std::size_t c = 0; c < columns.size(); ++c) {
    SEMBLANCE_EXPECT(size(columns[c]) == size(columns[0]), kUsage,
                     "contingency: column {} has {} rows where column 0 has {}", c,
                     size(columns[c]), size(columns[0]));
    std::visit(
        [&](const auto& codes) {
          std::decay_t<decltype(codes[0])> largest = 0;
          for (const auto code : codes) largest = std::max(largest, code);
          if (codes.empty() || largest < cardinalities[c]) return;
          const auto at = std::find_if(codes.begin(), codes.end(),
                                       [&](auto code) { return code >= cardinalities[c]; });
          base::fail(base::ErrorKind::kUsage,
                     "contingency: code {} in row {} of column {}, which has {} codes",
                     static_cast<int>(*at), at - codes.begin(), c, cardinalities[c]);
        },
        columns[c]);
  }
  return columns.empty() ? 0 : static_cast<std::int64_t>(size(columns[0]));
}

void count_tables(std::span<const CodeColumn> columns, std::int64_t n_rows,
                  const std::vector<int>& cardinalities, const FindTable& find_table,
                  const CountOptions& options) {
  const std::vector<CodeGroup> groups = group_columns(cardinalities, options.most_codes);
  const std::vector<Item> items = make_items(groups.size(), options.order);
  const std::int64_t at_once = kRowsAtOnce[options.order - 2];
  JointCodes codes(groups.size());
  for (std::int64_t first = 0; first < n_rows; first += at_once) {
    const std::int64_t n = std::min(at_once, n_rows - first);
    base::parallel_for(static_cast<std::int64_t>(groups.size()), options.threads,
                       [&](std::int64_t g) {
                         joint_codes(columns, groups[static_cast<std::size_t>(g)], first, n,
                                     codes[static_cast<std::size_t>(g)]);
                       });
    std::unique_ptr<JointCounter> device;
#ifdef SEMBLANCE_WITH_CUDA
    if (options.device.is_cuda()) device = make_cuda_counter(codes, options.device.index);
#endif
    SEMBLANCE_ASSERT(device != nullptr || !options.device.is_cuda());
    const ItemCounter counter(groups, codes, n, cardinalities, options.order, find_table,
                              device.get());
    base::parallel_for(static_cast<std::int64_t>(items.size()), device ? 1 : options.threads,
                       [&](std::int64_t i) { counter.count(items[static_cast<std::size_t>(i)]); });
  }
}

}  // namespace semblance::kernels
