/// What every implementation of nearest_rows shares: checked shapes, whole-number weights, and the
/// plain implementation that the fast ones are compared with.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "kernels/dcr.hpp"
#include "kernels/gower_row.hpp"

namespace semblance::kernels {

/// Per-column weights as whole numbers, see DcrOptions::weights.
struct GowerWeights {
  std::vector<std::uint32_t> column;  ///< [numeric then categorical]
  std::uint64_t sum = 0;              ///< 1 to kMaxWeightSum
};

/// \throws Error{kUsage} for a wrong number of weights, or negative, infinite or all-zero ones
GowerWeights whole_weights(const std::vector<float>& weights, int n_columns);

/// \throws Error{kUsage} when columns differ in number or length, or there are no references
void check_gower_rows(const GowerRows& queries, const GowerRows& references);

/// Cells of rows side by side: [rows, columns], for exact differences.
class RowCells {
 public:
  /// \param order  row numbers to take, in this order; null for all rows
  RowCells(const GowerRows& rows, const std::vector<std::int64_t>* order = nullptr,
           int threads = 1);
  /// [n_numeric] of the row-th row taken.
  const float* numeric(std::int64_t row) const { return numeric_.data() + row * n_numeric_; }
  /// [n_categorical] of the row-th row taken.
  const std::int32_t* codes(std::int64_t row) const { return codes_.data() + row * n_categorical_; }
  int n_numeric() const { return n_numeric_; }          ///< columns
  int n_categorical() const { return n_categorical_; }  ///< columns
  /// [rows, n_numeric], for a copy on a device.
  std::span<const float> all_numeric() const { return {numeric_.data(), numeric_.size()}; }
  /// [rows, n_categorical], for a copy on a device.
  std::span<const std::int32_t> all_codes() const { return {codes_.data(), codes_.size()}; }

 private:
  int n_numeric_, n_categorical_;
  std::vector<float> numeric_;
  std::vector<std::int32_t> codes_;
};

/// To a row that there is not.
inline constexpr float kNoDistance = std::numeric_limits<float>::infinity();

/// The distances of a result in units.
SEMBLANCE_HD inline Nearest nearest_of(const NearestUnits& units, std::uint64_t weight_sum) {
  Nearest nearest;
  nearest.first = units.first == kNoUnits ? kNoDistance : gower_distance(units.first, weight_sum);
  nearest.second =
      units.second == kNoUnits ? kNoDistance : gower_distance(units.second, weight_sum);
  nearest.first_row = units.first_row;
  return nearest;
}

/// Every pair, one after the other: the oracle of the tests. Slow.
std::vector<Nearest> nearest_rows_plain(const GowerRows& queries, const GowerRows& references,
                                        const DcrOptions& options);

}  // namespace semblance::kernels
