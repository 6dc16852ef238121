/// \file
/// What one query asks of one column of the index (dcr_index.hpp), and the state of its search: the
/// parts of the search that the CPU and CUDA share.
#pragma once

#include <cstdint>

#include "base/host_device.hpp"
#include "kernels/gower_row.hpp"

namespace semblance::kernels {

inline constexpr std::uint8_t kMissingByte = 255;  ///< a missing numeric cell
inline constexpr std::uint32_t kMostWide = 65535;  ///< levels saturate here: this limit keeps all
inline constexpr int kUnseenCategory = -1;         ///< no reference row has this category

/// How a column lies in groups of rows and of boxes.
struct IndexColumn {
  bool numeric = true;               ///< else categorical
  bool has_missing = false;          ///< numeric: some reference cell is missing
  std::uint32_t cost = 0;            ///< levels of the largest difference, up to 254; 0: left out
  std::uint32_t row_offset = 0;      ///< of 64 bytes in a group of rows
  std::uint32_t box_offset = 0;      ///< numeric: of 64 low bytes, then 64 high bytes; else of a
                                     ///< 64-bit mask for each category byte
  std::uint32_t missing_offset = 0;  ///< numeric: of the mask of boxes that hold a missing cell
  double levels_per_range = 0;       ///< numeric
};

/// How a column adds to the lower bound of an entry, in levels.
enum class OpKind : std::uint8_t {
  kConstant,  ///< every row differs: cost
  kEqual,  ///< cost unless the row's byte is `above`; boxes: unless the mask at box_offset has the
           ///< bit
  kRange,  ///< byte - above where positive plus below - byte where positive
};

/// A query's demand on a column.
struct ColumnOp {
  /// kConstant: the cost of the column, whatever the entry holds.
  OpKind kind = OpKind::kConstant;
  std::uint8_t above = 0, below = 0;  ///< levels of the query, or the byte to be equal to
  std::uint32_t box_offset = 0;       ///< where boxes keep what the op looks at
};

/// x held within [0, 1]; NaN gives 0. As a double, so that no level is rounded up.
SEMBLANCE_HD inline double clamp_to_range(float x) {
  return x > 0.0f ? (x < 1.0f ? static_cast<double>(x) : 1.0) : 0.0;
}

/// A row of level r lies in [r, r + 1): it is at least r - ceil(at) above, or floor(at) - 1 - r
/// below.
SEMBLANCE_HD inline ColumnOp numeric_op(const IndexColumn& column, float x) {
  if (x != x) {
    if (!column.has_missing) return {};
    return {OpKind::kEqual, kMissingByte, 0, column.missing_offset};
  }
  const double at = clamp_to_range(x) * column.levels_per_range;
  const auto floor = static_cast<std::uint32_t>(at);
  const std::uint32_t ceiling = static_cast<double>(floor) < at ? floor + 1 : floor;
  return {OpKind::kRange, static_cast<std::uint8_t>(ceiling),
          static_cast<std::uint8_t>(floor > 0 ? floor - 1 : 0), column.box_offset};
}

/// \param byte  of the query's category, or kUnseenCategory
SEMBLANCE_HD inline ColumnOp category_op(const IndexColumn& column, int byte) {
  if (byte == kUnseenCategory) return {};
  return {OpKind::kEqual, static_cast<std::uint8_t>(byte), 0,
          column.box_offset + static_cast<std::uint32_t>(byte) * 8};
}

/// A group of equal reference rows.
struct Members {
  std::int64_t first = 0;    ///< smallest row number
  std::int64_t second = -1;  ///< second smallest, or -1
  std::int64_t count = 0;    ///< at least 1
};

/// Which query, and what has been found for it.
struct SearchState {
  std::uint64_t bound_per_level = 1;           ///< units that a level is worth at least
  bool leave_one_out = false;                  ///< see DcrOptions
  std::int64_t query = 0;                      ///< its row number: left out when leave_one_out
  NearestUnits best;                           ///< of the rows taken so far
  std::uint64_t promised = kNoUnits;           ///< the second nearest is not farther than this
  std::int64_t first_id = -1, second_id = -1;  ///< distinct rows that made `best`
  /// Largest levels at which a row can still matter: by its difference alone, and as an equal of
  /// the first with a smaller row number. -1: none can.
  std::int64_t by_difference = 0, as_equal = 0;

  /// Begins a query. \param promise  the second nearest row is known not to be farther than this;
  /// kNoUnits: nothing is known
  SEMBLANCE_HD void start(std::int64_t row, std::uint64_t promise) {
    query = row;
    best = NearestUnits{};
    promised = promise;
    first_id = second_id = -1;
    set_limits();
  }

  /// The largest level that a row of this difference can have, at most kMostWide.
  SEMBLANCE_HD std::int64_t level(std::uint64_t units) const {
    const std::uint64_t levels = units / bound_per_level;
    return static_cast<std::int64_t>(levels < kMostWide ? levels : kMostWide);
  }

  /// Follows `best` and `promised`; to be called when they change.
  SEMBLANCE_HD void set_limits() {
    if (best.second > promised) {
      by_difference = level(promised);
    } else {
      by_difference = best.second == 0 ? -1 : level(best.second - 1);
    }
    as_equal = level(best.first < promised ? best.first : promised);
  }

  /// The largest level at which anything can matter.
  SEMBLANCE_HD std::int64_t most() const {
    return by_difference > as_equal ? by_difference : as_equal;
  }

  /// The same for rows not below `smallest_row`.
  SEMBLANCE_HD std::int64_t limit(std::int64_t smallest_row) const {
    return smallest_row < best.first_row ? most() : by_difference;
  }

  /// Takes the distinct row `id` into account.
  SEMBLANCE_HD void take(std::int64_t id, const Members& members, std::uint64_t units) {
    if (units > best.second) return;
    const NearestUnits old = best;
    std::int64_t row = members.first, count = members.count;
    if (leave_one_out && units == 0) {  // the query is one of the members
      if (members.first == query) row = members.second;
      --count;
    }
    if (count >= 1) offer(best, units, row);
    if (count >= 2) offer(best, units, INT64_MAX);
    if (best.first_row != old.first_row) {
      second_id = count > 1 ? id : first_id;
      first_id = id;
    } else if (best.second != old.second) {
      second_id = id;
    }
    if (best.first != old.first || best.second != old.second) set_limits();
  }
};

/// What two distinct rows promise for another query, from their differences a and b: see promised.
SEMBLANCE_HD inline std::uint64_t promise_of(std::uint64_t a, std::uint64_t b, bool leave_one_out) {
  if (leave_one_out && (a == 0 || b == 0)) return kNoUnits;  // may be the query itself
  return a > b ? a : b;
}

}  // namespace semblance::kernels
