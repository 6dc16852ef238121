/// How alike two columns are, one number a column: pure functions on values or counts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace semblance::evaluator {

/// The present (not NaN) values in ascending order.
std::vector<double> sorted_present(std::span<const double> values);

/// Kolmogorov-Smirnov distance sup |F_a - F_b| of two sorted samples; NaN when one is empty.
/// 1 minus it is SDMetrics' KSComplement.
double ks_distance(std::span<const double> sorted_a, std::span<const double> sorted_b);

/// Wasserstein-1 distance of two sorted samples, in the unit of the values; NaN when one is empty.
double wasserstein_distance(std::span<const double> sorted_a, std::span<const double> sorted_b);

/// Rows of each code 0..n_codes-1; negative codes (missing) are not counted.
std::vector<std::int64_t> code_counts(std::span<const std::int32_t> codes, int n_codes);

/// Total variation distance ½ Σ |p - q| of two count vectors of equal length; NaN when one is all
/// 0. 1 minus it is SDMetrics' TVComplement.
double total_variation(std::span<const std::int64_t> a, std::span<const std::int64_t> b);

/// Jensen-Shannon distance: square root of the divergence in bits, in [0, 1]; NaN when one is all
/// 0.
double jensen_shannon_distance(std::span<const std::int64_t> a, std::span<const std::int64_t> b);

/// SDMetrics' RangeCoverage: 1 - max((min S - min R) / range, 0) - max((max R - max S) / range, 0),
/// not below 0; NaN when a sample is empty or the real range is 0.
double range_coverage(std::span<const double> sorted_real,
                      std::span<const double> sorted_synthetic);

/// Share of the synthetic values within the real range (BoundaryAdherence).
double boundary_adherence(std::span<const double> sorted_real,
                          std::span<const double> sorted_synthetic);

/// Share of the real levels that occur in the synthetic column (CategoryCoverage counts them so).
double category_coverage(std::span<const std::int64_t> real,
                         std::span<const std::int64_t> synthetic);

/// Share of the synthetic values whose level occurs in the real column (CategoryAdherence).
double category_adherence(std::span<const std::int64_t> real,
                          std::span<const std::int64_t> synthetic);

}  // namespace semblance::evaluator
