#include "kernels/contingency.hpp"

#include <algorithm>
#include <bit>

#include "base/error.hpp"
#include "kernels/contingency_tables.hpp"

namespace semblance::kernels {
namespace {

constexpr std::int64_t kMostCells = std::int64_t{1} << 33;
constexpr int kMostCodes = 65536;

void check_cardinalities(const std::vector<int>& cardinalities) {
  for (std::size_t c = 0; c < cardinalities.size(); ++c) {
    SEMBLANCE_EXPECT(cardinalities[c] >= 1 && cardinalities[c] <= kMostCodes, kUsage,
                     "contingency: column {} has {} codes; 1 to {} are possible", c,
                     cardinalities[c], kMostCodes);
  }
}

void check_total(std::int64_t cells) {
  SEMBLANCE_EXPECT(
      cells <= kMostCells, kUsage,
      "contingency: the tables would have more than 2^33 cells; use fewer bins or columns");
}

/// The plan at hand, or a new one when it does not suit so many rows.
const ContingencyPlan& suit(std::shared_ptr<const ContingencyPlan>& plan,
                            const std::vector<int>& cardinalities, int order, std::int64_t n_rows,
                            const base::Device& device) {
  const std::size_t most_cells = joint_cells(n_rows, order, device);
  if (plan == nullptr || plan->most_cells != most_cells) {
    plan = std::make_shared<ContingencyPlan>(
        ContingencyPlan{most_cells, cover_columns(cardinalities, order, most_cells)});
  }
  return *plan;
}

}  // namespace

std::size_t joint_cells(std::int64_t n_rows, int order, const base::Device& device) {
  constexpr std::size_t kSharedCells = 12288;  // 48 KiB of shared memory
  const std::size_t most =
      device.is_cuda() ? kSharedCells : std::size_t{1} << (order == 2 ? 14 : 16);
  const auto rows_worth = static_cast<std::uint64_t>(std::max<std::int64_t>(8, n_rows)) / 8;
  return std::min(most, static_cast<std::size_t>(std::bit_floor(rows_worth)));
}

PairCounts::PairCounts(std::vector<int> cardinalities) : cardinalities_(std::move(cardinalities)) {
  check_cardinalities(cardinalities_);
  std::int64_t cells = 0;
  for (std::size_t i = 0; i < cardinalities_.size(); ++i) {
    for (std::size_t j = i + 1; j < cardinalities_.size(); ++j) {
      offsets_.push_back(cells);
      cells += std::int64_t{cardinalities_[i]} * cardinalities_[j];
      check_total(cells);
    }
  }
  counts_.assign(static_cast<std::size_t>(cells), 0);
}

std::size_t PairCounts::index(int i, int j) const {
  SEMBLANCE_EXPECT(0 <= i && i < j && j < n_columns(), kUsage,
                   "contingency: no pair ({}, {}) of {} columns", i, j, n_columns());
  return static_cast<std::size_t>(i) * static_cast<std::size_t>(2 * n_columns() - i - 1) / 2 +
         static_cast<std::size_t>(j - i - 1);
}

std::span<const std::int64_t> PairCounts::pair(int i, int j) const {
  const std::size_t table = index(i, j);
  const auto size = static_cast<std::size_t>(cardinalities_[static_cast<std::size_t>(i)]) *
                    static_cast<std::size_t>(cardinalities_[static_cast<std::size_t>(j)]);
  return std::span(counts_).subspan(static_cast<std::size_t>(offsets_[table]), size);
}

void PairCounts::add(std::span<const CodeColumn> columns, int threads, const std::string& device) {
  const base::Device on = base::resolve_device(device);
  const std::int64_t n_rows = check_codes(columns, cardinalities_, threads);
  const FindTable find_table = [&](std::span<const int> pair) {
    return counts_.data() + offsets_[index(pair[0], pair[1])];
  };
  count_tables(columns, n_rows, cardinalities_, suit(plan_, cardinalities_, 2, n_rows, on).tables,
               find_table, threads, on);
  n_rows_ += n_rows;
}

void PairCounts::merge(const PairCounts& other) {
  SEMBLANCE_EXPECT(cardinalities_ == other.cardinalities_, kUsage,
                   "contingency: merging counts of other columns");
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  n_rows_ += other.n_rows_;
}

std::vector<std::int64_t> PairCounts::single(int i) const {
  SEMBLANCE_EXPECT(n_columns() >= 2, kUsage, "contingency: single() needs two columns or more");
  const bool is_first = i + 1 < n_columns();
  const std::span<const std::int64_t> table = is_first ? pair(i, i + 1) : pair(i - 1, i);
  const auto own = static_cast<std::size_t>(cardinalities_[static_cast<std::size_t>(i)]);
  const std::size_t other = table.size() / own;
  std::vector<std::int64_t> counts(own, 0);
  for (std::size_t cell = 0; cell < table.size(); ++cell)
    counts[is_first ? cell / other : cell % own] += table[cell];
  return counts;
}

TripleCounts::TripleCounts(std::vector<int> cardinalities)
    : cardinalities_(std::move(cardinalities)) {
  check_cardinalities(cardinalities_);
  SEMBLANCE_EXPECT(n_columns() <= kMostColumns, kUsage,
                   "contingency: triples of {} columns; {} at most", n_columns(), kMostColumns);
  const std::size_t n = cardinalities_.size();
  std::int64_t cells = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      for (std::size_t k = j + 1; k < n; ++k) {
        offsets_.push_back(cells);
        const std::int64_t pair = std::int64_t{cardinalities_[i]} * cardinalities_[j];
        check_total(pair);
        cells += pair * cardinalities_[k];
        check_total(cells);
      }
    }
  }
  counts_.assign(static_cast<std::size_t>(cells), 0);
}

std::size_t TripleCounts::index(int i, int j, int k) const {
  const int n = n_columns();
  SEMBLANCE_EXPECT(0 <= i && i < j && j < k && k < n, kUsage,
                   "contingency: no triple ({}, {}, {}) of {} columns", i, j, k, n);
  const auto choose3 = [](std::int64_t m) { return m * (m - 1) * (m - 2) / 6; };
  const auto choose2 = [](std::int64_t m) { return m * (m - 1) / 2; };
  return static_cast<std::size_t>(choose3(n) - choose3(n - i) + choose2(n - i - 1) -
                                  choose2(n - j) + (k - j - 1));
}

std::span<const std::int64_t> TripleCounts::triple(int i, int j, int k) const {
  std::size_t size = 1;
  const std::size_t table = index(i, j, k);
  for (const int c : {i, j, k})
    size *= static_cast<std::size_t>(cardinalities_[static_cast<std::size_t>(c)]);
  return std::span(counts_).subspan(static_cast<std::size_t>(offsets_[table]), size);
}

void TripleCounts::add(std::span<const CodeColumn> columns, int threads,
                       const std::string& device) {
  const base::Device on = base::resolve_device(device);
  const std::int64_t n_rows = check_codes(columns, cardinalities_, threads);
  const FindTable find_table = [&](std::span<const int> triple) {
    return counts_.data() + offsets_[index(triple[0], triple[1], triple[2])];
  };
  count_tables(columns, n_rows, cardinalities_, suit(plan_, cardinalities_, 3, n_rows, on).tables,
               find_table, threads, on);
  n_rows_ += n_rows;
}

void TripleCounts::merge(const TripleCounts& other) {
  SEMBLANCE_EXPECT(cardinalities_ == other.cardinalities_, kUsage,
                   "contingency: merging counts of other columns");
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  n_rows_ += other.n_rows_;
}

}  // namespace semblance::kernels
