#include "kernels/dcr_search.hpp"

#include <algorithm>
#include <bit>
#include <mutex>

#include "base/parallel.hpp"
#include "kernels/dcr_index.hpp"
#include "kernels/dcr_queries.hpp"

namespace semblance::kernels {
namespace {

constexpr std::int64_t kSlab = 1 << 20;  ///< queries made ready at a time
constexpr std::int64_t kQueriesAtOnce = 256;

std::int64_t n_batches(std::int64_t n) { return (n + kQueriesAtOnce - 1) / kQueriesAtOnce; }

std::uint64_t all_lanes(int n) {
  return n == kLanes ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
}

/// The search of one index for one query after the other, each a neighbour of the one before it.
class Search {
 public:
  Search(const GowerIndex& index, ScanFunctions scan, bool leave_one_out)
      : index_(index), scan_(scan) {
    state_.bound_per_level = index.scheme().bound_per_level();
    state_.leave_one_out = leave_one_out;
  }

  /// \param row   number of the query among the references, see DcrOptions::leave_one_out
  /// \param leaf  of the index, to which the query belongs
  NearestUnits find(const ScanProgram& program, const float* numeric, const std::int32_t* codes,
                    std::int64_t row, std::int64_t leaf) {
    program_ = &program;
    numeric_ = numeric;
    codes_ = codes;
    state_.start(row, promise());
    scanned_leaf_ = leaf;
    visit_leaf(leaf);
    visit_boxes(index_.n_levels() - 1, 0);
    return state_.best;
  }

  const SearchCounts& counts() const { return counts_; }

 private:
  std::uint64_t difference(std::int64_t id) {
    if (id == promised_ids_[0]) return promised_units_[0];
    if (id == promised_ids_[1]) return promised_units_[1];
    ++counts_.exact;
    const RowCells& cells = index_.cells();
    return scan_.exact(numeric_, cells.numeric(id), index_.scheme().n_numeric(), codes_,
                       cells.codes(id), index_.scheme().n_categorical(),
                       index_.scheme().weights().column.data());
  }

  /// A difference that the second nearest cannot exceed, from the rows that answered the query
  /// before.
  std::uint64_t promise() {
    promised_ids_[0] = promised_ids_[1] = -1;  // their differences are those to the query before
    if (state_.first_id < 0 || state_.second_id < 0) return kNoUnits;
    promised_units_[0] = difference(state_.first_id);
    promised_units_[1] =
        state_.second_id == state_.first_id ? promised_units_[0] : difference(state_.second_id);
    promised_ids_[0] = state_.first_id;
    promised_ids_[1] = state_.second_id;
    return promise_of(promised_units_[0], promised_units_[1], state_.leave_one_out);
  }

  std::uint64_t scan(ScanFunction function, const std::uint8_t* group, int n,
                     std::uint16_t* levels) {
    const std::int64_t most = state_.most();
    if (most < 0) return 0;
    counts_.wide += most > kMostNarrow;
    return function(*program_, group, static_cast<std::uint32_t>(most), levels) & all_lanes(n);
  }

  void visit_leaf(std::int64_t leaf) {
    std::uint16_t levels[kLanes];
    ++counts_.row_scans;
    std::uint64_t mask = scan(scan_.rows, index_.leaf_bytes(leaf), index_.leaf_size(leaf), levels);
    const std::int64_t first = index_.leaf_first(leaf);
    for (int best = 0; best < 2 && (mask & (mask - 1)) != 0;
         ++best) {  // they make the limits small
      const int lane = least_lane(mask, levels);
      take(first + lane, levels[lane]);
      mask &= ~(std::uint64_t{1} << lane);
    }
    for (; mask != 0; mask &= mask - 1) {
      const int lane = std::countr_zero(mask);
      take(first + lane, levels[lane]);
    }
  }

  void take(std::int64_t id, std::uint16_t level) {
    const Members& members = index_.members(id);
    if (level <= state_.limit(members.first)) state_.take(id, members, difference(id));
  }

  /// The lane of the smallest level in a mask that is not 0.
  static int least_lane(std::uint64_t mask, const std::uint16_t* levels) {
    int least = std::countr_zero(mask);
    for (mask &= mask - 1; mask != 0; mask &= mask - 1) {
      const int lane = std::countr_zero(mask);
      if (levels[lane] < levels[least]) least = lane;
    }
    return least;
  }

  void visit_boxes(int level, std::int64_t group) {
    const BoxLevel& boxes = index_.boxes(level);
    const std::int64_t first = group * kLanes;
    const int n = static_cast<int>(std::min<std::int64_t>(kLanes, boxes.n_entries - first));
    std::uint16_t levels[kLanes];
    ++counts_.box_scans;
    std::uint64_t mask = scan(scan_.boxes, index_.box_bytes(level, group), n, levels);
    if ((mask & (mask - 1)) != 0) {  // the most promising entry first: it makes the limits small
      const int best = least_lane(mask, levels);
      enter(level, first + best);
      mask &= ~(std::uint64_t{1} << best);
    }
    for (; mask != 0; mask &= mask - 1) {
      const std::int64_t entry = first + std::countr_zero(mask);
      const std::int64_t smallest_row = boxes.smallest_row[static_cast<std::size_t>(entry)];
      if (levels[entry - first] <= state_.limit(smallest_row)) enter(level, entry);
    }
  }

  void enter(int level, std::int64_t entry) {
    if (level > 0) {
      visit_boxes(level - 1, entry);
    } else if (entry != scanned_leaf_) {
      visit_leaf(entry);
    }
  }

  const GowerIndex& index_;
  ScanFunctions scan_;
  const ScanProgram* program_ = nullptr;
  SearchCounts counts_;
  const float* numeric_ = nullptr;
  const std::int32_t* codes_ = nullptr;
  std::int64_t scanned_leaf_ = -1;
  std::int64_t promised_ids_[2] = {-1, -1};  ///< distinct rows whose differences are known
  std::uint64_t promised_units_[2] = {0, 0};
  SearchState state_;
};

/// Searches all indexes for queries [begin, end) of a slab.
SearchCounts search_batch(const GowerIndexes& indexes, const ScanFunctions& scan,
                          const DcrOptions& options, const RoutedQueries& slab, std::int64_t begin,
                          std::int64_t end, std::vector<std::vector<Nearest>>& result) {
  const GowerScheme& scheme = indexes.scheme;
  std::vector<Search> searches;
  for (const GowerIndex& index : indexes.index)
    searches.emplace_back(index, scan, options.leave_one_out && searches.empty());
  QueryProgram program;
  for (std::int64_t i = begin; i < end; ++i) {
    const auto at = static_cast<std::size_t>(i);
    program.set(scheme, slab.cells.numeric(i), slab.bytes.data() + i * scheme.n_categorical());
    for (std::size_t t = 0; t < searches.size(); ++t) {
      result[t][static_cast<std::size_t>(slab.rows[at])] =
          nearest_of(searches[t].find(program.program(), slab.cells.numeric(i), slab.cells.codes(i),
                                      options.first_row + slab.rows[at], slab.leaves[t][at]),
                     scheme.weights().sum);
    }
  }
  SearchCounts counts;
  for (const Search& search : searches) counts += search.counts();
  return counts;
}

}  // namespace

std::vector<std::vector<Nearest>> nearest_rows_cpu(const GowerRows& queries,
                                                   std::span<const GowerRows> references,
                                                   const DcrOptions& options, Isa isa,
                                                   SearchCounts* counts) {
  std::vector<std::vector<Nearest>> result(
      references.size(), std::vector<Nearest>(static_cast<std::size_t>(queries.n_rows)));
  if (counts != nullptr) *counts = {};
  if (queries.n_rows == 0 || references.empty()) return result;
  const ScanFunctions scan = scan_functions(isa);
  const GowerIndexes indexes(
      references,
      whole_weights(options.weights,
                    static_cast<int>(queries.numeric.size() + queries.categorical.size())),
      queries, options.threads);
  std::mutex counting;
  for (std::int64_t first = 0; first < queries.n_rows; first += kSlab) {
    const std::int64_t n = std::min(kSlab, queries.n_rows - first);
    const RoutedQueries slab = route_queries(indexes, queries, first, first + n, options.threads);
    base::parallel_for(n_batches(n), options.threads, [&](std::int64_t batch) {
      const SearchCounts part = search_batch(indexes, scan, options, slab, batch * kQueriesAtOnce,
                                             std::min(n, (batch + 1) * kQueriesAtOnce), result);
      if (counts == nullptr) return;
      const std::lock_guard lock(counting);
      *counts += part;
    });
  }
  return result;
}

}  // namespace semblance::kernels
