#include "evaluator/quality/missingness.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "evaluator/quality/cell_tables.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// A 64-bit hash of which cells of each row are missing.
std::vector<std::uint64_t> pattern_hashes(const Rows& rows) {
  std::vector<std::uint64_t> hashes(static_cast<std::size_t>(rows.n_rows));
  std::uint64_t key = 0x9E3779B97F4A7C15u;
  for (const Feature& feature : rows.features) {
    // Each column adds a fixed random number when it is missing: equal patterns, equal sums.
    key = (key ^ key >> 30) * 0xBF58476D1CE4E5B9u + 0x9E3779B97F4A7C15u;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (cell_missing(feature, static_cast<std::int64_t>(i))) hashes[i] += key ^ key >> 27;
    }
  }
  return hashes;
}

}  // namespace

std::vector<double> missing_rates(const Rows& rows) {
  std::vector<double> rates;
  for (const Feature& feature : rows.features) {
    std::int64_t missing = 0;
    for (std::int64_t i = 0; i < rows.n_rows; ++i) missing += cell_missing(feature, i);
    rates.push_back(
        rows.n_rows > 0 ? static_cast<double>(missing) / static_cast<double>(rows.n_rows) : kNaN);
  }
  return rates;
}

double pattern_distance(const Rows& a, const Rows& b) {
  std::unordered_map<std::uint64_t, CellPair> counts;
  for (const std::uint64_t hash : pattern_hashes(a)) ++counts[hash].a;
  for (const std::uint64_t hash : pattern_hashes(b)) ++counts[hash].b;
  std::vector<CellPair> cells;
  for (const auto& [hash, cell] : counts) cells.push_back(cell);
  return cell_distance(cells);
}

PatternCodes pattern_codes(const Rows& a, const Rows& b, int most) {
  std::unordered_map<std::uint64_t, std::int32_t> numbers;
  PatternCodes out;
  const auto code = [&](const Rows& rows, std::vector<std::int32_t>& codes) {
    for (const std::uint64_t hash : pattern_hashes(rows)) {
      const auto fresh = std::min(static_cast<std::int32_t>(numbers.size()), most - 1);
      codes.push_back(numbers.try_emplace(hash, fresh).first->second);
    }
  };
  code(a, out.a);
  code(b, out.b);
  out.n_codes = std::min(static_cast<int>(numbers.size()), most);
  return out;
}

std::vector<double> missing_correlations(const Rows& rows) {
  const std::size_t d = rows.features.size();
  std::vector<double> together(d * d), out(d * d, kNaN);
  std::vector<std::size_t> gone;
  for (std::int64_t i = 0; i < rows.n_rows; ++i) {
    gone.clear();
    for (std::size_t j = 0; j < d; ++j) {
      if (cell_missing(rows.features[j], i)) gone.push_back(j);
    }
    for (const std::size_t j : gone) {
      for (const std::size_t k : gone) ++together[j * d + k];
    }
  }
  const double n = static_cast<double>(rows.n_rows);
  for (std::size_t j = 0; j < d; ++j) {
    for (std::size_t k = 0; k < d; ++k) {
      const double p = together[j * d + j] / n, q = together[k * d + k] / n;
      const double spread = p * (1 - p) * q * (1 - q);
      if (spread > 0) out[j * d + k] = (together[j * d + k] / n - p * q) / std::sqrt(spread);
    }
  }
  return out;
}

}  // namespace semblance::evaluator
