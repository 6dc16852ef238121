#include "kernels/dcr_queries.hpp"

#include <algorithm>
#include <numeric>

#include "base/parallel.hpp"

namespace semblance::kernels {
namespace {

constexpr std::int64_t kRowsPerBatch = 2048;

std::int64_t n_batches(std::int64_t n) { return (n + kRowsPerBatch - 1) / kRowsPerBatch; }

}  // namespace

RoutedQueries route_queries(const GowerIndexes& indexes, const GowerRows& queries,
                            std::int64_t first, std::int64_t last, int threads) {
  const std::int64_t n = last - first;
  const auto n_categorical = static_cast<std::size_t>(indexes.scheme.n_categorical());
  std::vector<std::int16_t> bytes(static_cast<std::size_t>(n) * n_categorical);
  std::vector<std::vector<std::uint32_t>> leaf(
      indexes.index.size(), std::vector<std::uint32_t>(static_cast<std::size_t>(n)));
  base::parallel_for(n_batches(n), threads, [&](std::int64_t batch) {
    const std::int64_t begin = batch * kRowsPerBatch, end = std::min(n, begin + kRowsPerBatch);
    for (std::size_t c = 0; c < n_categorical; ++c) {
      const CategoryBytes& category = indexes.scheme.category(static_cast<int>(c));
      const std::int32_t* codes = queries.categorical[c].data() + first;
      for (std::int64_t i = begin; i < end; ++i) {
        bytes[static_cast<std::size_t>(i) * n_categorical + c] =
            static_cast<std::int16_t>(category.byte(codes[i]));
      }
    }
    for (std::size_t t = 0; t < leaf.size(); ++t) {
      for (std::int64_t i = begin; i < end; ++i) {
        leaf[t][static_cast<std::size_t>(i)] = static_cast<std::uint32_t>(indexes.index[t].route(
            queries, first + i, bytes.data() + static_cast<std::size_t>(i) * n_categorical));
      }
    }
  });

  std::vector<std::int64_t> next(static_cast<std::size_t>(indexes.index[0].n_leaves()) + 1, 0);
  for (const std::uint32_t l : leaf[0]) ++next[l + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    rows[static_cast<std::size_t>(next[leaf[0][static_cast<std::size_t>(i)]]++)] = first + i;
  }

  RowCells cells(queries, &rows, threads);
  RoutedQueries routed{std::move(rows), leaf, std::move(cells),
                       std::vector<std::int16_t>(bytes.size())};
  base::parallel_for(n_batches(n), threads, [&](std::int64_t batch) {
    for (std::int64_t i = batch * kRowsPerBatch; i < std::min(n, (batch + 1) * kRowsPerBatch);
         ++i) {
      const auto to = static_cast<std::size_t>(i);
      const auto from = static_cast<std::size_t>(routed.rows[to] - first);
      for (std::size_t t = 0; t < leaf.size(); ++t) routed.leaves[t][to] = leaf[t][from];
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from * n_categorical), n_categorical,
                  routed.bytes.begin() + static_cast<std::ptrdiff_t>(to * n_categorical));
    }
  });
  return routed;
}

}  // namespace semblance::kernels
