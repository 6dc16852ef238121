/// Resamples of the measures of pairs and triples of columns.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "evaluator/bootstrap.hpp"
#include "evaluator/coding.hpp"
#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// Tuples of `width` of n columns: all of them, or a random choice of `most`.
std::vector<std::vector<int>> chosen_tuples(int n, int width, std::size_t most, std::uint64_t seed);

/// One number a cross table, from its counts in two tables; the codes of the last column run
/// fastest. \param tuple  the columns
using TableStatistic =
    std::function<double(std::span<const std::int64_t> a, std::span<const std::int64_t> b,
                         const std::vector<int>& tuple)>;

/// Mean over the cross tables of the tuples in each resample, [draws]. Tables of more than 100,000
/// cells are left out. \param real, other  [columns][rows] codes
std::vector<double> table_draws(const std::vector<std::vector<int>>& tuples,
                                const std::vector<std::span<const std::int32_t>>& real,
                                const std::vector<std::span<const std::int32_t>>& other,
                                const std::vector<int>& n_codes, const Resamples& real_rows,
                                const Resamples& other_rows, int threads,
                                const TableStatistic& statistic);

/// Mean |ρ(synthetic) − ρ(real)| over pairs of the given vectors in each resample.
/// \param real, other  [columns][rows]
std::vector<double> correlation_gap_draws(const std::vector<std::vector<double>>& real,
                                          const std::vector<std::vector<double>>& other,
                                          const Resamples& real_rows, const Resamples& other_rows,
                                          std::uint64_t seed, int threads);

/// The mean pair error of pair_trend_errors() in each resample.
std::vector<double> trend_draws(const Comparison& data, std::uint64_t seed, int threads);

}  // namespace semblance::evaluator
