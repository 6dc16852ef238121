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
#include <span>
#include <vector>

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

/// Adds rows to the tables of all sets of `order` (2 or 3) columns; the codes have been checked.
/// \param most_codes  of a group; 1 counts each table by itself
void count_tables_cpu(std::span<const CodeColumn> columns, std::int64_t n_rows,
                      const std::vector<int>& cardinalities, int order, const FindTable& find_table,
                      int threads, int most_codes);

}  // namespace semblance::kernels
