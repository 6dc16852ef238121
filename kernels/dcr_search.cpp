#include "kernels/dcr_search.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <optional>

#include "base/parallel.hpp"
#include "kernels/dcr_index.hpp"

namespace semblance::kernels {
namespace {

constexpr std::int64_t kQueriesAtOnce = 256;

std::uint64_t all_lanes(int n) {
  return n == kLanes ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
}

/// The search for one query after the other, each a neighbour of the one before it.
class Search {
 public:
  Search(const GowerIndex& index, ScanFunctions scan, bool leave_one_out)
      : index_(index), scan_(scan), leave_one_out_(leave_one_out) {}

  NearestUnits find(const float* numeric, const std::int32_t* codes, std::int64_t query,
                    std::int64_t leaf) {
    numeric_ = numeric;
    codes_ = codes;
    query_ = query;
    best_ = {};
    program_.set(index_, numeric, codes);
    promised_ = promise();
    first_id_ = second_id_ = -1;
    set_limits();
    scanned_leaf_ = leaf;
    visit_leaf(leaf);
    visit_boxes(index_.n_levels() - 1, 0);
    last_first_ = first_id_;
    last_second_ = second_id_;
    return best_;
  }

  const SearchCounts& counts() const { return counts_; }

 private:
  std::uint64_t difference(std::int64_t id) {
    ++counts_.exact;
    const RowCells& cells = index_.cells();
    return scan_.exact(numeric_, cells.numeric(id), index_.n_numeric(), codes_, cells.codes(id),
                       index_.n_categorical(), index_.weights().column.data());
  }

  /// A difference that the second nearest cannot exceed, from the rows that answered the query
  /// before.
  std::uint64_t promise() {
    if (last_first_ < 0 || last_second_ < 0) return kNoUnits;
    const std::uint64_t a = difference(last_first_);
    const std::uint64_t b = last_second_ == last_first_ ? a : difference(last_second_);
    if (leave_one_out_ && (a == 0 || b == 0)) return kNoUnits;  // may be the query itself
    return std::max(a, b);
  }

  /// Largest levels at which a row can still matter: by its difference alone, and as an equal of
  /// the first with a smaller row number. -1: none can.
  void set_limits() {
    const std::uint64_t per_level = index_.bound_per_level();
    const auto level = [&](std::uint64_t units) {
      return static_cast<std::int64_t>(std::min<std::uint64_t>(units / per_level, kMostWide));
    };
    if (best_.second > promised_) {
      by_difference_ = level(promised_);
    } else {
      by_difference_ = best_.second == 0 ? -1 : level(best_.second - 1);
    }
    as_equal_ = level(std::min(best_.first, promised_));
  }

  std::int64_t limit(std::int64_t smallest_row) const {
    return smallest_row < best_.first_row ? std::max(by_difference_, as_equal_) : by_difference_;
  }

  void visit_leaf(std::int64_t leaf) {
    const std::int64_t first = index_.leaf_first(leaf);
    const std::int64_t most = std::max(by_difference_, as_equal_);
    if (most < 0) return;
    std::uint16_t levels[kLanes];
    ++counts_.row_scans;
    counts_.wide += most > kMostNarrow;
    std::uint64_t mask = scan_.rows(program_.program(), index_.leaf_bytes(leaf),
                                    static_cast<std::uint32_t>(most), levels);
    mask &= all_lanes(index_.leaf_size(leaf));
    for (; mask != 0; mask &= mask - 1) {
      const int lane = std::countr_zero(mask);
      const Members& members = index_.members(first + lane);
      if (levels[lane] > limit(members.first)) continue;
      take(first + lane, members, difference(first + lane));
    }
  }

  void take(std::int64_t id, const Members& members, std::uint64_t units) {
    if (units > best_.second) return;
    const std::uint64_t old_first = best_.first, old_second = best_.second;
    const std::int64_t old_row = best_.first_row;
    if (leave_one_out_ && units == 0) {
      const bool is_first = members.first == query_;
      offer_members(is_first ? members.second : members.first, members.count - 1, units);
    } else {
      offer_members(members.first, members.count, units);
    }
    if (best_.first_row != old_row) {
      second_id_ = members.count > 1 ? id : first_id_;
      first_id_ = id;
    } else if (best_.second != old_second) {
      second_id_ = id;
    }
    if (best_.first != old_first || best_.second != old_second) set_limits();
  }

  void offer_members(std::int64_t smallest_row, std::int64_t count, std::uint64_t units) {
    if (count >= 1) offer(best_, units, smallest_row);
    if (count >= 2) offer(best_, units, std::numeric_limits<std::int64_t>::max());
  }

  void visit_boxes(int level, std::int64_t group) {
    const BoxLevel& boxes = index_.boxes(level);
    const std::int64_t first = group * kLanes;
    const int n = static_cast<int>(std::min<std::int64_t>(kLanes, boxes.n_entries - first));
    const std::int64_t most = std::max(by_difference_, as_equal_);
    if (most < 0) return;
    std::uint16_t levels[kLanes];
    ++counts_.box_scans;
    counts_.wide += most > kMostNarrow;
    std::uint64_t mask = scan_.boxes(program_.program(), index_.box_bytes(level, group),
                                     static_cast<std::uint32_t>(most), levels);
    mask &= all_lanes(n);
    if ((mask & (mask - 1)) != 0) {  // the most promising entry first: it makes the limits small
      int best = std::countr_zero(mask);
      for (std::uint64_t rest = mask & (mask - 1); rest != 0; rest &= rest - 1) {
        const int lane = std::countr_zero(rest);
        if (levels[lane] < levels[best]) best = lane;
      }
      enter(level, first + best);
      mask &= ~(std::uint64_t{1} << best);
    }
    for (; mask != 0; mask &= mask - 1) {
      const int lane = std::countr_zero(mask);
      if (levels[lane] <= limit(boxes.smallest_row[static_cast<std::size_t>(first + lane)]))
        enter(level, first + lane);
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
  bool leave_one_out_;
  QueryProgram program_;
  SearchCounts counts_;
  const float* numeric_ = nullptr;
  const std::int32_t* codes_ = nullptr;
  std::int64_t query_ = 0, scanned_leaf_ = -1;
  NearestUnits best_;
  std::uint64_t promised_ = kNoUnits;
  std::int64_t by_difference_ = 0, as_equal_ = 0;
  std::int64_t first_id_ = -1, second_id_ = -1;      ///< distinct rows that made best_
  std::int64_t last_first_ = -1, last_second_ = -1;  ///< of the query before
};

/// Queries in the order of the leaves they belong to, so that neighbours follow each other.
struct RoutedQueries {
  std::vector<std::uint32_t> leaf;  ///< [queries]
  std::vector<std::int64_t> order;  ///< [queries]
};

/// Gathers one row's cells from the columns.
void gather(const GowerRows& rows, std::int64_t row, float* numeric, std::int32_t* codes) {
  const auto i = static_cast<std::size_t>(row);
  for (const auto& column : rows.numeric) *numeric++ = column[i];
  for (const auto& column : rows.categorical) *codes++ = column[i];
}

RoutedQueries route_queries(const GowerIndex& index, const GowerRows& queries, int threads) {
  RoutedQueries routed;
  routed.leaf.resize(static_cast<std::size_t>(queries.n_rows));
  routed.order.resize(static_cast<std::size_t>(queries.n_rows));
  base::parallel_for((queries.n_rows + 1023) / 1024, threads, [&](std::int64_t batch) {
    std::vector<float> numeric(queries.numeric.size());
    std::vector<std::int32_t> codes(queries.categorical.size());
    for (std::int64_t i = batch * 1024; i < std::min(queries.n_rows, (batch + 1) * 1024); ++i) {
      gather(queries, i, numeric.data(), codes.data());
      routed.leaf[static_cast<std::size_t>(i)] =
          static_cast<std::uint32_t>(index.route(numeric.data(), codes.data()));
    }
  });
  std::vector<std::int64_t> next(static_cast<std::size_t>(index.n_leaves()) + 1, 0);
  for (const std::uint32_t leaf : routed.leaf) ++next[leaf + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  for (std::int64_t i = 0; i < queries.n_rows; ++i) {
    routed.order[static_cast<std::size_t>(next[routed.leaf[static_cast<std::size_t>(i)]]++)] = i;
  }
  return routed;
}

}  // namespace

std::vector<Nearest> nearest_rows_cpu(const GowerRows& queries, const GowerRows& references,
                                      const DcrOptions& options, Isa isa, SearchCounts* counts) {
  const ScanFunctions scan = scan_functions(isa);
  const GowerWeights weights = whole_weights(
      options.weights, static_cast<int>(references.numeric.size() + references.categorical.size()));
  std::vector<Nearest> result(static_cast<std::size_t>(queries.n_rows));
  if (queries.n_rows == 0) return result;
  const GowerIndex index(references, weights, queries, options.threads);
  const RoutedQueries routed = route_queries(index, queries, options.threads);
  const std::int64_t n_batches = (queries.n_rows + kQueriesAtOnce - 1) / kQueriesAtOnce;
  std::vector<SearchCounts> batch_counts(static_cast<std::size_t>(n_batches));
  base::parallel_for(n_batches, options.threads, [&](std::int64_t batch) {
    Search search(index, scan, options.leave_one_out);
    std::vector<float> numeric(queries.numeric.size());
    std::vector<std::int32_t> codes(queries.categorical.size());
    for (std::int64_t i = batch * kQueriesAtOnce;
         i < std::min(queries.n_rows, (batch + 1) * kQueriesAtOnce); ++i) {
      const std::int64_t query = routed.order[static_cast<std::size_t>(i)];
      gather(queries, query, numeric.data(), codes.data());
      const NearestUnits best = search.find(numeric.data(), codes.data(), query,
                                            routed.leaf[static_cast<std::size_t>(query)]);
      result[static_cast<std::size_t>(query)] = to_nearest(best, weights.sum);
    }
    batch_counts[static_cast<std::size_t>(batch)] = search.counts();
  });
  if (counts != nullptr) {
    *counts = {};
    for (const SearchCounts& part : batch_counts) {
      counts->box_scans += part.box_scans;
      counts->row_scans += part.row_scans;
      counts->exact += part.exact;
      counts->wide += part.wide;
    }
  }
  return result;
}

}  // namespace semblance::kernels
