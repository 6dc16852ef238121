/// \file
/// The Gower distance of one pair of rows, for the CPU and CUDA alike: the definition that every
/// faster kernel must reproduce to the last bit. Source: Gower (1971), Biometrics 27(4), with the
/// missing-value rules of docs/KERNELS.md.
///
/// A column's difference is a whole number of *units*, kUnitsPerColumn for the largest one:
///   categorical: 0 when the codes are equal or both missing, otherwise kUnitsPerColumn;
///   numeric:     0 when equal or both missing; kUnitsPerColumn when one is missing; otherwise
///                t = min(|a - b|, 1) in IEEE float32, truncated to units but never below 1 unit,
///                so that a difference of 0 means equal values.
/// A row's difference is the sum over columns of weight (a whole number) times units, in 64 bits:
/// whole numbers add up to the same sum in any order, which is what makes results independent of
/// threads, tiles, instruction sets and devices. gower_distance() turns the sum into a float.
#pragma once

#include <cstdint>

#include "base/host_device.hpp"

namespace semblance::kernels {

/// The largest difference of one column.
inline constexpr std::uint32_t kUnitsPerColumn = 1u << 30;
inline constexpr float kUnitsPerColumnFloat = 1073741824.0f;  ///< 2^30, exact in float
/// Larger than any row's difference: sums of weights are at most kMaxWeightSum.
inline constexpr std::uint64_t kNoUnits = ~std::uint64_t{0};
/// So that a row's difference is at most 2^62 units.
inline constexpr std::uint64_t kMaxWeightSum = std::uint64_t{1} << 32;

/// Units between two numeric cells; NaN is missing, infinities are values.
SEMBLANCE_HD inline std::uint32_t numeric_units(float a, float b) {
  if (a == b) return 0;
  const bool a_missing = a != a, b_missing = b != b;
  if (a_missing || b_missing) return a_missing && b_missing ? 0u : kUnitsPerColumn;
  const float difference = a > b ? a - b : b - a;
  if (!(difference < 1.0f)) return kUnitsPerColumn;
  const std::uint32_t units = static_cast<std::uint32_t>(difference * kUnitsPerColumnFloat);
  return units > 0 ? units : 1u;
}

/// Units between two categorical cells; negative codes are missing.
SEMBLANCE_HD inline std::uint32_t category_units(std::int32_t a, std::int32_t b) {
  return a == b || (a < 0 && b < 0) ? 0u : kUnitsPerColumn;
}

/// Sum over columns of weight times units for two rows whose cells lie side by side.
/// \param weights  [n_numeric + n_categorical], numeric columns first
SEMBLANCE_HD inline std::uint64_t row_units(const float* numeric_a, const float* numeric_b,
                                            int n_numeric, const std::int32_t* codes_a,
                                            const std::int32_t* codes_b, int n_categorical,
                                            const std::uint32_t* weights) {
  std::uint64_t sum = 0;
  for (int c = 0; c < n_numeric; ++c) {
    sum += std::uint64_t{weights[c]} * numeric_units(numeric_a[c], numeric_b[c]);
  }
  for (int c = 0; c < n_categorical; ++c) {
    sum += std::uint64_t{weights[n_numeric + c]} * category_units(codes_a[c], codes_b[c]);
  }
  return sum;
}

/// The distance in [0, 1] of a row difference: the sum over kUnitsPerColumn times the sum of
/// weights, one division in double rounded to float.
SEMBLANCE_HD inline float gower_distance(std::uint64_t units, std::uint64_t weight_sum) {
  if (weight_sum == 0) return 0.0f;
  return static_cast<float>(static_cast<double>(units) / (static_cast<double>(weight_sum) *
                                                          static_cast<double>(kUnitsPerColumn)));
}

/// The two smallest differences seen so far. Differences are compared as whole numbers of units;
/// ties for the first go to the smallest row.
struct NearestUnits {
  std::uint64_t first = kNoUnits;   ///< kNoUnits: no row yet
  std::uint64_t second = kNoUnits;  ///< kNoUnits: fewer than two rows
  std::int64_t first_row = -1;      ///< -1: no row yet
};

/// Takes a reference row into account; rows may come in any order, each at most once.
SEMBLANCE_HD inline void offer(NearestUnits& best, std::uint64_t units, std::int64_t row) {
  if (units < best.first || (units == best.first && row < best.first_row)) {
    best.second = best.first;
    best.first = units;
    best.first_row = row;
  } else if (units < best.second) {
    best.second = units;
  }
}

}  // namespace semblance::kernels
