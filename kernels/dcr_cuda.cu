/// \file
/// One warp a query walks the same index as the CPU (dcr_index.hpp): a lane bounds two of the 64
/// entries of a group, boxes are entered in the order of their bounds, rows that pass are computed
/// exactly by the whole warp. Differences, limits and ties are the functions of gower_row.hpp and
/// dcr_op.hpp, on whole numbers, so the answer has the bits of the CPU's. Consecutive queries of a
/// warp are neighbours: each starts from the rows that answered the one before.
#include <algorithm>
#include <limits>
#include <memory>

#include "base/cuda_check.hpp"
#include "base/parallel.hpp"
#include "kernels/dcr_cuda.hpp"
#include "kernels/dcr_index.hpp"
#include "kernels/dcr_queries.hpp"

namespace semblance::kernels {
namespace {

constexpr unsigned kAll = 0xFFFFFFFFu;
constexpr int kMostLevels = 6;  ///< 64^6 leaves
constexpr int kWarps = 4;       ///< of a block
constexpr int kBlocks =
    6;  ///< of a multiprocessor, which leave a thread 80 registers: all that it wants
constexpr int kQueriesPerWarp = 16;
constexpr std::uint16_t kDone = 65535;   ///< level of an entry that needs no visit
constexpr std::int64_t kSlab = 1 << 20;  ///< queries on the device at a time
constexpr std::size_t kSharedBytes = 48 << 10;

/// The index in device memory; see GowerIndex.
struct DeviceIndex {
  int n_numeric, n_categorical, n_columns, n_levels;  ///< n_columns: of `columns`
  std::int64_t row_group_bytes, box_group_bytes;
  const IndexColumn* columns;      ///< in the order of scanning, without those of no cost
  const std::int32_t* numbers;     ///< [n_columns] their numbers among all columns
  const std::uint8_t* leaf_bytes;  ///< [leaves][row_group_bytes]
  const std::int64_t* leaf_first;  ///< [leaves + 1]
  const std::uint8_t* box_bytes[kMostLevels];
  std::int64_t n_entries[kMostLevels];
  const Members* members;     ///< [distinct rows]
  const float* numeric;       ///< [distinct rows][n_numeric]
  const std::int32_t* codes;  ///< [distinct rows][n_categorical]
  const std::uint32_t* weights;
  std::uint64_t bound_per_level, weight_sum;
  bool leave_one_out;
  std::int64_t first_row;  ///< of the queries, see DcrOptions
};

/// Queries in routed order.
struct DeviceQueries {
  std::int64_t n;
  const float* numeric;         ///< [n][n_numeric]
  const std::int32_t* codes;    ///< [n][n_categorical]
  const std::int16_t* bytes;    ///< [n][n_categorical] of the index, or kUnseenCategory
  const std::int64_t* rows;     ///< [n] row numbers
  const std::uint32_t* leaves;  ///< [n]
};

/// What a warp keeps in shared memory.
struct WarpScratch {
  std::uint16_t levels[kMostLevels][kLanes];
};

struct SharedOp {
  ColumnOp op;
  std::uint32_t cost, row_offset;
  bool has_missing;
};

__device__ std::uint64_t warp_sum(std::uint64_t value) {
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(kAll, value, step);
  return value;
}

/// The search of one warp. All lanes hold the same state and take the same branches.
struct WarpSearch {
  const DeviceIndex& index;
  const SharedOp* ops;
  WarpScratch& scratch;
  int lane;
  const float* numeric;
  const std::int32_t* codes;
  std::uint32_t base;
  std::int64_t scanned_leaf;
  SearchState state;

  __device__ std::uint64_t difference(std::int64_t id) const {
    std::uint64_t sum = 0;
    for (int c = lane; c < index.n_numeric; c += 32) {
      sum += std::uint64_t{index.weights[c]} *
             numeric_units(numeric[c], index.numeric[id * index.n_numeric + c]);
    }
    for (int c = lane; c < index.n_categorical; c += 32) {
      sum += std::uint64_t{index.weights[index.n_numeric + c]} *
             category_units(codes[c], index.codes[id * index.n_categorical + c]);
    }
    return warp_sum(sum);
  }

  __device__ std::uint64_t promise() const {
    if (state.first_id < 0 || state.second_id < 0) return kNoUnits;
    const std::uint64_t a = difference(state.first_id);
    return promise_of(a, state.second_id == state.first_id ? a : difference(state.second_id),
                      state.leave_one_out);
  }

  __device__ static std::uint32_t positive(int x) {
    return x > 0 ? static_cast<std::uint32_t>(x) : 0u;
  }

  /// Adds a row's level in one column to `level`.
  __device__ static void add_row(const SharedOp& op, std::uint32_t byte, std::uint32_t& level) {
    if (op.op.kind == OpKind::kEqual) {
      level += byte == op.op.above ? 0u : op.cost;
    } else if (op.has_missing && byte == kMissingByte) {
      level += op.cost;
    } else {
      level += positive(static_cast<int>(byte) - op.op.above) +
               positive(op.op.below - static_cast<int>(byte));
    }
  }

  /// Levels of entries 2 * lane and 2 * lane + 1 of a group of rows. False when none is within
  /// `limit`.
  __device__ bool scan_rows(const std::uint8_t* group, std::uint32_t limit, std::uint32_t& a,
                            std::uint32_t& b) const {
    a = b = base;
    for (int c = 0; c < index.n_columns; ++c) {
      const SharedOp& op = ops[c];
      if (op.op.kind == OpKind::kConstant) continue;
      const std::uint32_t two = reinterpret_cast<const std::uint16_t*>(group + op.row_offset)[lane];
      add_row(op, two & 255, a);
      add_row(op, two >> 8, b);
      if (c % 4 == 3 && !__any_sync(kAll, a <= limit || b <= limit)) return false;
    }
    return true;
  }

  __device__ bool scan_boxes(const std::uint8_t* group, std::uint32_t limit, std::uint32_t& a,
                             std::uint32_t& b) const {
    a = b = base;
    for (int c = 0; c < index.n_columns; ++c) {
      const SharedOp& op = ops[c];
      if (op.op.kind == OpKind::kConstant) continue;
      const std::uint8_t* bytes = group + op.op.box_offset;
      if (op.op.kind == OpKind::kEqual) {
        const std::uint32_t bits = bytes[lane / 4] >> (lane % 4 * 2);
        a += (bits & 1) != 0 ? 0u : op.cost;
        b += (bits & 2) != 0 ? 0u : op.cost;
      } else {
        const std::uint32_t low = reinterpret_cast<const std::uint16_t*>(bytes)[lane];
        const std::uint32_t high = reinterpret_cast<const std::uint16_t*>(bytes + kLanes)[lane];
        a += box_level(op, low & 255, high & 255);
        b += box_level(op, low >> 8, high >> 8);
      }
      if (c % 4 == 3 && !__any_sync(kAll, a <= limit || b <= limit)) return false;
    }
    return true;
  }

  /// At most the cost: the bytes of a box in which all cells are missing are out of order.
  __device__ static std::uint32_t box_level(const SharedOp& op, std::uint32_t low,
                                            std::uint32_t high) {
    const std::uint32_t level = positive(static_cast<int>(low) - op.op.above) +
                                positive(op.op.below - static_cast<int>(high));
    return level < op.cost ? level : op.cost;
  }

  __device__ std::uint32_t limit_now() const {
    const std::int64_t most = state.most();
    return most < static_cast<std::int64_t>(kMostWide) ? static_cast<std::uint32_t>(most) : ~0u;
  }

  __device__ void visit_leaf(std::int64_t leaf) {
    if (state.most() < 0) return;
    std::uint32_t a, b;
    if (!scan_rows(index.leaf_bytes + leaf * index.row_group_bytes, limit_now(), a, b)) return;
    const std::int64_t first = index.leaf_first[leaf];
    const int n = static_cast<int>(index.leaf_first[leaf + 1] - first);
    for (int odd = 0; odd < 2; ++odd) {
      const std::uint32_t own = odd == 0 ? a : b;
      unsigned mask = __ballot_sync(kAll, own <= limit_now() && 2 * lane + odd < n);
      for (; mask != 0; mask &= mask - 1) {
        const int from = __ffs(static_cast<int>(mask)) - 1;
        const std::uint32_t level = __shfl_sync(kAll, own, from);
        const std::int64_t id = first + 2 * from + odd;
        const Members members = index.members[id];
        const std::int64_t limit = state.limit(members.first);
        if (limit < 0 || (limit < static_cast<std::int64_t>(kMostWide) && level > limit)) continue;
        state.take(id, members, difference(id));
      }
    }
  }

  /// Bounds a group of boxes and leaves the levels of its entries in shared memory.
  __device__ void open(int depth, std::int64_t group) {
    std::uint32_t a = 0, b = 0;
    const bool any =
        state.most() >= 0 &&
        scan_boxes(index.box_bytes[depth] + group * index.box_group_bytes, limit_now(), a, b);
    const std::int64_t n = index.n_entries[depth] - group * kLanes;
    const std::uint32_t limit = any ? limit_now() : 0;
    const auto kept = [&](std::uint32_t level, int entry) {
      return any && entry < n && level <= limit
                 ? static_cast<std::uint16_t>(level < kDone ? level : kDone - 1)
                 : kDone;
    };
    scratch.levels[depth][2 * lane] = kept(a, 2 * lane);
    scratch.levels[depth][2 * lane + 1] = kept(b, 2 * lane + 1);
    __syncwarp();
  }

  /// The entry of the smallest level that is still to be visited, or -1; it is crossed off.
  __device__ int next(int depth) {
    const std::uint32_t a = scratch.levels[depth][2 * lane] * 64u + 2 * lane;
    const std::uint32_t b = scratch.levels[depth][2 * lane + 1] * 64u + 2 * lane + 1;
    const std::uint32_t least = __reduce_min_sync(kAll, a < b ? a : b);
    const std::int64_t level = least / 64;
    const std::int64_t most = state.most();
    if (level == kDone || most < 0 || (most < static_cast<std::int64_t>(kMostWide) && level > most))
      return -1;
    const int entry = static_cast<int>(least % 64);
    if (entry / 2 == lane) scratch.levels[depth][entry] = kDone;
    __syncwarp();
    return entry;
  }

  __device__ void walk() {
    const int top = index.n_levels - 1;
    std::int64_t group = 0;  // at `depth`; the group above it is group / kLanes
    open(top, 0);
    for (int depth = top;;) {
      const int entry = next(depth);
      if (entry < 0) {
        if (depth == top) return;
        ++depth;
        group /= kLanes;
        continue;
      }
      const std::int64_t child = group * kLanes + entry;
      if (depth == 0) {
        if (child != scanned_leaf) visit_leaf(child);
      } else {
        group = child;
        open(--depth, child);
      }
    }
  }
};

__global__ void __launch_bounds__(kWarps * 32, kBlocks)
    search_kernel(DeviceIndex index, DeviceQueries queries, Nearest* nearest) {
  extern __shared__ SharedOp all_ops[];
  __shared__ WarpScratch scratch[kWarps];
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  SharedOp* ops = all_ops + warp * index.n_columns;
  const std::int64_t first =
      (std::int64_t{blockIdx.x} * (blockDim.x / 32) + warp) * kQueriesPerWarp;
  WarpSearch search{index, ops, scratch[warp], lane, nullptr, nullptr, 0, -1, SearchState{}};
  search.state.bound_per_level = index.bound_per_level;
  search.state.leave_one_out = index.leave_one_out;
  for (std::int64_t i = first; i < queries.n && i < first + kQueriesPerWarp; ++i) {
    search.numeric = queries.numeric + i * index.n_numeric;
    search.codes = queries.codes + i * index.n_categorical;
    std::uint32_t base = 0;
    for (int c = lane; c < index.n_columns; c += 32) {
      const IndexColumn column = index.columns[c];
      const int number = index.numbers[c];
      const ColumnOp op =
          column.numeric
              ? numeric_op(column, search.numeric[number])
              : category_op(column,
                            queries.bytes[i * index.n_categorical + number - index.n_numeric]);
      ops[c] = {op, column.cost, column.row_offset, column.has_missing};
      if (op.kind == OpKind::kConstant) base += column.cost;
    }
    search.base = static_cast<std::uint32_t>(warp_sum(base));
    __syncwarp();
    search.state.start(index.first_row + queries.rows[i], search.promise());
    search.scanned_leaf = queries.leaves[i];
    search.visit_leaf(search.scanned_leaf);
    search.walk();
    if (lane == 0) nearest[i] = nearest_of(search.state.best, index.weight_sum);
    __syncwarp();
  }
}

/// Owns the device copy of an index.
class IndexOnDevice {
 public:
  IndexOnDevice(const GowerIndex& index, bool leave_one_out, std::int64_t first_row)
      : columns_(scanned_columns(index.scheme())),
        numbers_(scanned_numbers(index.scheme())),
        leaf_bytes_(index.all_leaf_bytes()),
        leaf_first_(index.all_leaf_first()),
        members_(index.all_members()),
        numeric_(index.cells().all_numeric()),
        codes_(index.cells().all_codes()),
        weights_(index.scheme().weights().column) {
    SEMBLANCE_EXPECT(index.n_levels() <= kMostLevels, kUsage,
                     "nearest_rows: too many reference rows for CUDA");
    view_.n_numeric = index.scheme().n_numeric();
    view_.n_categorical = index.scheme().n_categorical();
    view_.n_columns = static_cast<int>(columns_.size());
    view_.n_levels = index.n_levels();
    view_.row_group_bytes = index.scheme().row_group_bytes();
    view_.box_group_bytes = index.scheme().box_group_bytes();
    view_.columns = columns_.data();
    view_.numbers = numbers_.data();
    view_.leaf_bytes = leaf_bytes_.data();
    view_.leaf_first = leaf_first_.data();
    for (int level = 0; level < index.n_levels(); ++level) {
      boxes_.emplace_back(index.boxes(level).bytes);
      view_.box_bytes[level] = boxes_.back().data();
      view_.n_entries[level] = index.boxes(level).n_entries;
    }
    view_.members = members_.data();
    view_.numeric = numeric_.data();
    view_.codes = codes_.data();
    view_.weights = weights_.data();
    view_.bound_per_level = index.scheme().bound_per_level();
    view_.weight_sum = index.scheme().weights().sum;
    view_.leave_one_out = leave_one_out;
    view_.first_row = first_row;
  }

  const DeviceIndex& view() const { return view_; }

 private:
  /// Columns that can make a difference, in the order of scanning.
  static std::vector<std::int32_t> scanned_numbers(const GowerScheme& scheme) {
    std::vector<std::int32_t> numbers;
    for (const int c : scheme.scan_order()) {
      if (scheme.column(c).cost > 0) numbers.push_back(c);
    }
    return numbers;
  }
  static std::vector<IndexColumn> scanned_columns(const GowerScheme& scheme) {
    std::vector<IndexColumn> columns;
    for (const std::int32_t c : scanned_numbers(scheme)) columns.push_back(scheme.column(c));
    return columns;
  }

  DeviceIndex view_{};
  base::DeviceBuffer<IndexColumn> columns_;
  base::DeviceBuffer<std::int32_t> numbers_;
  base::DeviceBuffer<std::uint8_t> leaf_bytes_;
  base::DeviceBuffer<std::int64_t> leaf_first_;
  base::DeviceBuffer<Members> members_;
  base::DeviceBuffer<float> numeric_;
  base::DeviceBuffer<std::int32_t> codes_;
  base::DeviceBuffer<std::uint32_t> weights_;
  std::vector<base::DeviceBuffer<std::uint8_t>> boxes_;
};

/// A slab of routed queries in device memory.
class QueriesOnDevice {
 public:
  explicit QueriesOnDevice(const RoutedQueries& slab)
      : numeric_(slab.cells.all_numeric()),
        codes_(slab.cells.all_codes()),
        bytes_(slab.bytes),
        rows_(slab.rows) {}

  /// \param leaves  [n] of the index that is to be searched
  DeviceQueries view(const std::uint32_t* leaves) const {
    return {static_cast<std::int64_t>(rows_.size()),
            numeric_.data(),
            codes_.data(),
            bytes_.data(),
            rows_.data(),
            leaves};
  }

 private:
  base::DeviceBuffer<float> numeric_;
  base::DeviceBuffer<std::int32_t> codes_;
  base::DeviceBuffer<std::int16_t> bytes_;
  base::DeviceBuffer<std::int64_t> rows_;
};

/// Searches one index for a slab of queries and writes the results where they belong.
void search_slab(const DeviceIndex& index, const QueriesOnDevice& on_device,
                 const RoutedQueries& slab, std::size_t table, std::vector<Nearest>& result) {
  const base::DeviceBuffer<std::uint32_t> leaves(slab.leaves[table]);
  base::DeviceBuffer<Nearest> nearest(slab.rows.size());
  const DeviceQueries queries = on_device.view(leaves.data());
  const std::size_t ops_bytes = static_cast<std::size_t>(index.n_columns) * sizeof(SharedOp);
  const std::size_t room = kSharedBytes - kWarps * sizeof(WarpScratch);
  SEMBLANCE_EXPECT(ops_bytes <= room, kUsage,
                   "nearest_rows: {} columns are too many for CUDA; use --device cpu",
                   index.n_columns);
  const auto warps = static_cast<int>(
      std::clamp<std::size_t>(room / std::max<std::size_t>(ops_bytes, 1), 1, kWarps));
  const std::int64_t per_block = std::int64_t{warps} * kQueriesPerWarp;
  search_kernel<<<static_cast<unsigned>((queries.n + per_block - 1) / per_block),
                  static_cast<unsigned>(warps) * 32, static_cast<std::size_t>(warps) * ops_bytes>>>(
      index, queries, nearest.data());
  SEMBLANCE_CUDA_CHECK(cudaGetLastError());
  std::vector<Nearest> found(slab.rows.size());
  nearest.copy_to_host({found.data(), found.size()});
  for (std::size_t i = 0; i < found.size(); ++i)
    result[static_cast<std::size_t>(slab.rows[i])] = found[i];
}

}  // namespace

std::vector<std::vector<Nearest>> nearest_rows_cuda(const GowerRows& queries,
                                                    std::span<const GowerRows> references,
                                                    const DcrOptions& options, int device_index) {
  SEMBLANCE_CUDA_CHECK(cudaSetDevice(device_index));
  std::vector<std::vector<Nearest>> result(
      references.size(), std::vector<Nearest>(static_cast<std::size_t>(queries.n_rows)));
  if (queries.n_rows == 0 || references.empty()) return result;
  const GowerIndexes indexes(
      references,
      whole_weights(options.weights,
                    static_cast<int>(queries.numeric.size() + queries.categorical.size())),
      queries, options.threads);
  std::vector<std::unique_ptr<IndexOnDevice>> on_device;
  for (const GowerIndex& index : indexes.index) {
    on_device.push_back(std::make_unique<IndexOnDevice>(
        index, options.leave_one_out && on_device.empty(), options.first_row));
  }
  for (std::int64_t first = 0; first < queries.n_rows; first += kSlab) {
    const std::int64_t last = std::min(queries.n_rows, first + kSlab);
    const RoutedQueries slab = route_queries(indexes, queries, first, last, options.threads);
    const QueriesOnDevice slab_on_device(slab);
    for (std::size_t t = 0; t < on_device.size(); ++t)
      search_slab(on_device[t]->view(), slab_on_device, slab, t, result[t]);
  }
  return result;
}

}  // namespace semblance::kernels
