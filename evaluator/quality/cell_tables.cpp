#include "evaluator/quality/cell_tables.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <unordered_map>

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kMostDenseCells = 1 << 22;

using Codes = std::span<const std::span<const std::int32_t>>;

std::int64_t cell_number(Codes codes, std::span<const int> n_codes, std::size_t row) {
  std::int64_t cell = 0;
  for (std::size_t j = 0; j < codes.size(); ++j) cell = cell * n_codes[j] + codes[j][row];
  return cell;
}

std::vector<CellPair> dense_table(Codes a, Codes b, std::span<const int> n_codes,
                                  std::size_t n_cells) {
  std::vector<CellPair> cells(n_cells);
  for (std::size_t i = 0; i < a[0].size(); ++i)
    ++cells[static_cast<std::size_t>(cell_number(a, n_codes, i))].a;
  for (std::size_t i = 0; i < b[0].size(); ++i)
    ++cells[static_cast<std::size_t>(cell_number(b, n_codes, i))].b;
  std::erase_if(cells, [](const CellPair& cell) { return cell.a == 0 && cell.b == 0; });
  return cells;
}

std::vector<CellPair> sparse_table(Codes a, Codes b, std::span<const int> n_codes) {
  std::unordered_map<std::int64_t, CellPair> counts;
  for (std::size_t i = 0; i < a[0].size(); ++i) ++counts[cell_number(a, n_codes, i)].a;
  for (std::size_t i = 0; i < b[0].size(); ++i) ++counts[cell_number(b, n_codes, i)].b;
  std::vector<std::pair<std::int64_t, CellPair>> ordered(counts.begin(), counts.end());
  std::sort(ordered.begin(), ordered.end(),
            [](const auto& x, const auto& y) { return x.first < y.first; });
  std::vector<CellPair> cells;
  cells.reserve(ordered.size());
  for (const auto& [number, cell] : ordered) cells.push_back(cell);
  return cells;
}

CellPair totals(std::span<const CellPair> cells) {
  CellPair sum;
  for (const CellPair& cell : cells) {
    sum.a += cell.a;
    sum.b += cell.b;
  }
  return sum;
}

}  // namespace

std::vector<CellPair> cross_table(Codes a, Codes b, std::span<const int> n_codes) {
  double possible = 1;
  for (const int n : n_codes) possible *= n;
  return possible <= kMostDenseCells
             ? dense_table(a, b, n_codes, static_cast<std::size_t>(possible))
             : sparse_table(a, b, n_codes);
}

double cell_distance(std::span<const CellPair> cells) {
  const CellPair n = totals(cells);
  if (n.a == 0 || n.b == 0) return kNaN;
  double sum = 0;
  for (const CellPair& cell : cells) {
    sum += std::abs(static_cast<double>(cell.a) / static_cast<double>(n.a) -
                    static_cast<double>(cell.b) / static_cast<double>(n.b));
  }
  return sum / 2;
}

double expected_cell_distance(std::span<const CellPair> cells, std::int64_t n_a, std::int64_t n_b) {
  const double n = static_cast<double>(totals(cells).a);
  if (n == 0 || n_a == 0 || n_b == 0) return kNaN;
  const double noise = 1.0 / static_cast<double>(n_a) + 1.0 / static_cast<double>(n_b);
  double sum = 0;
  for (const CellPair& cell : cells) {
    const double p = static_cast<double>(cell.a) / n;
    sum += std::sqrt(2 / std::numbers::pi * p * (1 - p) * noise);
  }
  return sum / 2;
}

VoasWilliamson voas_williamson(std::span<const CellPair> cells) {
  const CellPair n = totals(cells);
  VoasWilliamson out;
  out.degrees = static_cast<int>(cells.size()) - 1;
  if (n.a == 0 || n.b == 0 || out.degrees < 1) return {kNaN, out.degrees, kNaN};
  const double share = static_cast<double>(n.b) / static_cast<double>(n.a + n.b);
  for (const CellPair& cell : cells) {
    const double expected = static_cast<double>(cell.a + cell.b) * share;
    const double difference =
        static_cast<double>(cell.b) - static_cast<double>(cell.a) * share / (1 - share);
    out.statistic += difference * difference / expected;
  }
  out.ratio = out.statistic / out.degrees;
  return out;
}

}  // namespace semblance::evaluator
