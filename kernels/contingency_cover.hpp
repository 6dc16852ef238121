/// \file
/// How many contingency tables are counted with few increments: a joint table of several columns
/// holds the tables of all the pairs (triples) of these columns. Joint tables are chosen so that
/// every pair (triple) of columns lies in one of them, that there are few of them, and that each
/// stays within a fast memory. Rows are counted into the joint tables, which are summed at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace semblance::kernels {

inline constexpr std::size_t kMostJointColumns = 12;  ///< columns of one joint table

/// A table of the joint codes of some columns.
struct JointTable {
  std::vector<int> columns;               ///< up to kMostJointColumns
  std::vector<std::uint32_t> strides;     ///< [columns] of a code in the table
  std::size_t n_cells = 1;                ///< product of the columns' cardinalities
  std::vector<std::vector<int>> targets;  ///< sets of `order` of its columns, ascending, each of
                                          ///< them a target of this joint table alone
};

/// Joint tables whose targets are all sets of `order` (2 or 3) columns. Tables of more than `order`
/// columns have at most `most_cells` cells.
/// \param cardinalities  [columns] each 1 or more
std::vector<JointTable> cover_columns(const std::vector<int>& cardinalities, int order,
                                      std::size_t most_cells);

/// The counts of one set of columns (ascending), row-major.
using FindTable = std::function<std::int64_t*(std::span<const int> columns)>;

/// Adds the counts of a joint table to its targets.
/// \param cells  [n_cells], row-major in the order of the table's columns
void add_to_targets(const JointTable& table, const std::vector<int>& cardinalities,
                    std::span<const std::uint32_t> cells, const FindTable& find_table);

}  // namespace semblance::kernels
