/// \file
/// How the CPU counts many contingency tables with few increments. Columns of few codes are joined
/// into groups whose joint code has at most a few dozen values; rows are counted once for each pair
/// (triple) of groups, and the small joint tables are then summed into the tables of all the pairs
/// (triples) of columns within them. One increment so serves as many tables as the group sizes
/// multiply to.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/device.hpp"
#include "kernels/contingency.hpp"

namespace semblance::kernels {

/// Columns joined into one code: the sum over members of code times stride.
struct CodeGroup {
  std::vector<int> columns;            ///< ascending
  std::vector<std::uint32_t> strides;  ///< [columns]
  std::uint32_t n_codes = 1;
};

/// Puts every column into one group; groups of several columns have at most `most_codes` joint
/// codes.
std::vector<CodeGroup> group_columns(const std::vector<int>& cardinalities, int most_codes);

/// Rows of a chunk. \throws Error{kUsage} for columns or codes that do not fit; see PairCounts::add
std::int64_t check_codes(std::span<const CodeColumn> columns,
                         const std::vector<int>& cardinalities);

/// The counts of one set of columns (ascending), row-major.
using FindTable = std::function<std::int64_t*(std::span<const int> columns)>;

/// Joint codes of rows, one vector for each group.
using JointCodes = std::vector<std::vector<std::uint16_t>>;

/// Counts rows into joint tables on a device.
class JointCounter {
 public:
  virtual ~JointCounter() = default;
  /// \param groups   1 to 3 groups
  /// \param n_codes  [groups]
  /// \param table    [product of n_codes], row-major, overwritten
  virtual void count(std::span<const std::size_t> groups, std::span<const std::uint32_t> n_codes,
                     std::span<std::uint32_t> table) const = 0;
};

/// Takes joint codes to a CUDA device; only in builds with CUDA.
std::unique_ptr<JointCounter> make_cuda_counter(const JointCodes& codes, int device_index);

/// How to count, see count_tables.
struct CountOptions {
  int order = 2;       ///< columns of a table: 2 or 3
  int most_codes = 1;  ///< of a group; 1 counts each table by itself
  int threads = 0;
  base::Device device;
};

/// Adds rows to the tables of all sets of `order` columns; the codes have been checked.
void count_tables(std::span<const CodeColumn> columns, std::int64_t n_rows,
                  const std::vector<int>& cardinalities, const FindTable& find_table,
                  const CountOptions& options);

}  // namespace semblance::kernels
