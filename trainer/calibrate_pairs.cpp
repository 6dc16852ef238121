#include "trainer/calibrate_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "trainer/calibrate.hpp"

namespace semblance::trainer {
namespace {

/// The tables that a column has, by the given column.
class TablesOfColumn {
 public:
  TablesOfColumn(StoredNetwork& network, int column) : network_(network), column_(column) {
    for (std::size_t p = 0; p < network.pairs.size(); ++p)
      if (network.pairs[p].column == column) place_[network.pairs[p].given] = p;
  }
  /// Made when there is none; null when the column has as many as it may have.
  std::vector<float>* of(int given) {
    constexpr std::size_t kMostTables = 16;
    if (const auto found = place_.find(given); found != place_.end())
      return &network_.pairs[found->second].values;
    if (place_.size() >= kMostTables) return nullptr;
    const std::vector<int>& k = network_.shape.cardinalities;
    place_[given] = network_.pairs.size();
    network_.pairs.push_back(
        {given, column_,
         std::vector<float>(static_cast<std::size_t>(std::int64_t{k[given]} * k[column_]))});
    return &network_.pairs.back().values;
  }

 private:
  StoredNetwork& network_;
  int column_;
  std::map<int, std::size_t> place_;
};

/// True when a tenth of the drawn rows of one given token have the other, too.
bool share_rows(const PairMisfit& x, const PairMisfit& y, const kernels::PairCounts& drawn,
                const std::vector<std::vector<std::int64_t>>& singles) {
  if (x.given == y.given) return false;  // two tokens of one column
  const PairMisfit &low = x.given < y.given ? x : y, &high = x.given < y.given ? y : x;
  const std::int64_t both = drawn.pair(low.given, high.given)[static_cast<std::size_t>(
      std::int64_t{low.a} * drawn.cardinalities()[static_cast<std::size_t>(high.given)] + high.a)];
  return 10 * both >= std::min(singles[low.given][low.a], singles[high.given][high.a]);
}

}  // namespace

PairedColumns::PairedColumns(const NetworkShape& shape) {
  constexpr int kMostTokens = 256;
  std::vector<int> order(shape.cardinalities.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return shape.cardinalities[a] < shape.cardinalities[b]; });
  double tokens = 0;
  for (const int s : order) {
    tokens += shape.cardinalities[s];
    if (shape.cardinalities[s] > kMostTokens || tokens * tokens / 2 > kMostPairCells) break;
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

double pair_deviance(std::int64_t real, std::int64_t drawn, double ratio) {
  const auto term = [](double count, double expected) {
    return count > 0 ? count * std::log(count / expected) : 0.0;
  };
  const auto x = static_cast<double>(real), y = static_cast<double>(drawn);
  return 2 * (term(x, (x + y) * ratio / (1 + ratio)) + term(y, (x + y) / (1 + ratio)));
}

PairMisfits find_pair_misfits(const kernels::PairCounts& real, std::int64_t real_rows,
                              const kernels::PairCounts& drawn, std::int64_t drawn_rows,
                              std::int64_t least_rows) {
  constexpr double kLeastDeviance = 25;
  constexpr std::size_t kMostOfColumn = 1024;
  const double ratio = static_cast<double>(real_rows) / static_cast<double>(drawn_rows);
  PairMisfits out;
  std::vector<PairMisfit> found;  // of one column
  for (int j = 1; j < real.n_columns(); ++j) {
    found.clear();
    const int width = real.cardinalities()[static_cast<std::size_t>(j)];
    for (int i = 0; i < j; ++i) {
      const std::span<const std::int64_t> x = real.pair(i, j), y = drawn.pair(i, j);
      for (std::size_t cell = 0; cell < x.size(); ++cell) {
        const bool too_seldom = static_cast<double>(x[cell]) > static_cast<double>(y[cell]) * ratio;
        if (too_seldom && x[cell] < least_rows) continue;
        const double deviance = pair_deviance(x[cell], y[cell], ratio);
        if (deviance <= kLeastDeviance) continue;
        const int place = static_cast<int>(cell);
        found.push_back({i, j, place / width, place % width, x[cell], y[cell], deviance});
        out.deviance += deviance;
      }
    }
    out.pairs += static_cast<std::int64_t>(found.size());
    std::stable_sort(found.begin(), found.end(), [](const PairMisfit& one, const PairMisfit& two) {
      return one.deviance > two.deviance;
    });
    found.resize(std::min(found.size(), kMostOfColumn));
    out.strongest.insert(out.strongest.end(), found.begin(), found.end());
  }
  return out;
}

void mend_pairs(StoredNetwork& network, const PairedColumns& paired, const PairMisfits& misfits,
                const kernels::PairCounts& drawn, double ratio, const std::vector<char>& drifted,
                std::int64_t least_rows, int round) {
  const std::vector<int>& columns = paired.columns();
  std::vector<std::vector<std::int64_t>> singles;
  for (int i = 0; i < drawn.n_columns(); ++i) singles.push_back(drawn.single(i));
  auto next = misfits.strongest.begin();
  while (next != misfits.strongest.end()) {
    const int j = next->column;
    TablesOfColumn tables(network, columns[j]);
    std::map<int, std::vector<PairMisfit>> mended;  // by token b
    for (; next != misfits.strongest.end() && next->column == j; ++next) {
      const PairMisfit& misfit = *next;
      if (drifted[columns[misfit.given]] || drifted[columns[j]]) continue;
      std::vector<PairMisfit>& before = mended[misfit.b];
      if (std::any_of(before.begin(), before.end(), [&](const PairMisfit& other) {
            return share_rows(misfit, other, drawn, singles);
          }))
        continue;
      std::vector<float>* table = tables.of(columns[misfit.given]);
      if (table == nullptr) continue;
      before.push_back(misfit);
      const std::int64_t real = misfit.real < least_rows ? least_rows / 2 : misfit.real;
      const int width = drawn.cardinalities()[static_cast<std::size_t>(j)];
      (*table)[static_cast<std::size_t>(std::int64_t{misfit.a} * width + misfit.b)] +=
          static_cast<float>(margin_correction(real, misfit.drawn, ratio) / round);
    }
  }
}

}  // namespace semblance::trainer
