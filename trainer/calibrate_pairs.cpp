#include "trainer/calibrate_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "trainer/calibrate.hpp"

namespace semblance::trainer {
namespace {

/// The table of two columns, made when there is none.
std::vector<float>& table_of(StoredNetwork& network, int given, int column) {
  for (PairCorrection& pair : network.pairs)
    if (pair.given == given && pair.column == column) return pair.values;
  const std::vector<int>& k = network.shape.cardinalities;
  network.pairs.push_back(
      {given, column,
       std::vector<float>(static_cast<std::size_t>(std::int64_t{k[given]} * k[column]))});
  return network.pairs.back().values;
}

}  // namespace

PairedColumns::PairedColumns(const NetworkShape& shape) {
  constexpr int kMostTokens = 256;
  constexpr double kMostCells = 1 << 24;
  std::vector<int> order(shape.cardinalities.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return shape.cardinalities[a] < shape.cardinalities[b]; });
  double tokens = 0;
  for (const int s : order) {
    tokens += shape.cardinalities[s];
    if (shape.cardinalities[s] > kMostTokens || tokens * tokens / 2 > kMostCells) break;
    if (shape.cardinalities[s] > 1) columns_.push_back(s);
  }
  if (columns_.size() < 2 || !shape.autoregressive) columns_.clear();
  std::sort(columns_.begin(), columns_.end());
  for (const int s : columns_) cardinalities_.push_back(shape.cardinalities[s]);
}

kernels::PairCounts PairedColumns::zeros() const { return kernels::PairCounts(cardinalities_); }

kernels::PairCounts PairedColumns::count(const TokenRows& rows, int threads,
                                         base::Communicator& communicator) const {
  constexpr std::int64_t kChunk = 1 << 16;
  kernels::PairCounts counts = zeros();
  if (empty()) return counts;
  std::vector<std::vector<std::uint16_t>> cells(columns_.size());
  for (std::int64_t first = 0; first < rows.n_rows; first += kChunk) {
    const std::int64_t last = std::min(rows.n_rows, first + kChunk);
    std::vector<kernels::CodeColumn> codes;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      cells[c].clear();
      for (std::int64_t r = first; r < last; ++r)
        cells[c].push_back(rows.tokens[r * rows.n_columns + columns_[c]]);
      codes.emplace_back(std::span<const std::uint16_t>(cells[c]));
    }
    counts.add(codes, threads);
  }
  communicator.all_reduce_sum(counts.all());
  return counts;
}

kernels::PairCounts PairedColumns::count(const std::vector<std::uint16_t>& tokens, std::int64_t n,
                                         const StoredNetwork& network, int threads,
                                         base::Communicator& communicator) const {
  kernels::PairCounts counts = zeros();
  if (empty()) return counts;
  std::vector<kernels::CodeColumn> codes;
  for (const int s : columns_) {
    codes.emplace_back(std::span<const std::uint16_t>(tokens).subspan(
        static_cast<std::size_t>(network.order[s] * n), static_cast<std::size_t>(n)));
  }
  counts.add(codes, threads);
  communicator.all_reduce_sum(counts.all());
  return counts;
}

std::int64_t mend_pairs(StoredNetwork& network, const PairedColumns& paired,
                        const kernels::PairCounts& real, std::int64_t real_rows,
                        const kernels::PairCounts& drawn, std::int64_t drawn_rows,
                        const std::vector<char>& drifted, int round) {
  constexpr double kDeviations = 4.5;
  const double ratio = static_cast<double>(real_rows) / static_cast<double>(drawn_rows);
  std::int64_t mended = 0;
  for (int i = 0; i < real.n_columns(); ++i) {
    for (int j = i + 1; j < real.n_columns(); ++j) {
      const int given = paired.columns()[i], column = paired.columns()[j];
      if (drifted[given] || drifted[column]) continue;
      const std::span<const std::int64_t> a = real.pair(i, j), b = drawn.pair(i, j);
      std::vector<float>* table = nullptr;
      for (std::size_t cell = 0; cell < a.size(); ++cell) {
        const double x = static_cast<double>(a[cell]), y = static_cast<double>(b[cell]);
        const double difference = (x - y * ratio) / std::sqrt(ratio);
        if (difference * difference <= kDeviations * kDeviations * (x + y)) continue;
        if (table == nullptr) table = &table_of(network, given, column);
        (*table)[cell] += static_cast<float>(margin_correction(a[cell], b[cell], ratio) / round);
        ++mended;
      }
    }
  }
  return mended;
}

}  // namespace semblance::trainer
