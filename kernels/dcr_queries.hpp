/// Queries made ready for the search: next to their like, with their cells side by side.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/dcr_index.hpp"

namespace semblance::kernels {

/// A slab of query rows in the order of the leaves of the first index that they belong to.
struct RoutedQueries {
  std::vector<std::int64_t> rows;                  ///< [n] row numbers among the queries
  std::vector<std::vector<std::uint32_t>> leaves;  ///< [indexes][n]
  RowCells cells;                                  ///< of the n rows
  std::vector<std::int16_t> bytes;  ///< [n][categorical] of the scheme, or kUnseenCategory
};

/// Routes query rows [first, last).
RoutedQueries route_queries(const GowerIndexes& indexes, const GowerRows& queries,
                            std::int64_t first, std::int64_t last, int threads);

}  // namespace semblance::kernels
