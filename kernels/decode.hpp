/// Decoding: tokens to intervals to numbers. Within an interval the value is drawn from a
/// piecewise-linear inverse distribution function and put on the column's grid.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "base/host_device.hpp"
#include "base/philox.hpp"
#include "kernels/encode.hpp"

namespace semblance::kernels {

/// How one or two tokens become a number again.
struct DecodePlan {
  std::int32_t n_second = 1;  ///< cardinality of the second digit; 1 when there is none
  std::span<const std::int32_t> interval_of;  ///< [n_first * n_second] interval of a pair of
                                              ///< digits; n stands for missing
  std::span<const std::int32_t>
      knot_begin;  ///< [n + 1] knots of interval i: [knot_begin[i], knot_begin[i + 1])
  std::span<const double> knots;  ///< positions at equal steps of probability; a single
                                  ///< knot is a constant
  double multiplier = 1;          ///< grid: value = floor(position) * multiplier / divisor
  double divisor = 0;             ///< 0: no grid, the value is the position itself
};

/// Uniform in (0, 1) that belongs to (seed, row, stream): four rows share a Philox block.
SEMBLANCE_HD inline double cell_uniform(std::uint64_t seed, std::uint64_t row,
                                        std::uint32_t stream) {
  const base::PhiloxWords words = base::philox(seed, base::Purpose::kDecode, row / 4, stream);
  return (words.word[row % 4] + 0.5) * (1.0 / 4294967296.0);
}

/// A position between the knots of an interval.
/// \param knots    [n_knots >= 1] ascending
/// \param uniform  in (0, 1)
SEMBLANCE_HD inline double knot_position(const double* knots, std::int32_t n_knots,
                                         double uniform) {
  const std::int32_t pieces = n_knots - 1;
  const double scaled = uniform * pieces;
  const std::int32_t piece = scaled < pieces ? static_cast<std::int32_t>(scaled) : pieces - 1;
  const double low = knots[piece];
  const double position = low + (scaled - piece) * (knots[piece + 1] - low);
  return position < knots[pieces] ? position : low;  // rounding may reach the open end
}

/// A grid position as a number, by one multiplication and one correctly rounded division, so that
/// 1234 / 100 is the double nearest to 12.34.
SEMBLANCE_HD inline double grid_value(double position, double multiplier, double divisor) {
  return position * multiplier / divisor;
}

/// The number that interval i stands for.
/// \return NaN when the interval is n (missing)
SEMBLANCE_HD inline double decode_interval(std::int32_t interval, double uniform,
                                           const std::int32_t* knot_begin, std::int32_t n_intervals,
                                           const double* knots, double multiplier, double divisor) {
  if (interval >= n_intervals) return NAN;
  const std::int32_t begin = knot_begin[interval], n_knots = knot_begin[interval + 1] - begin;
  const double position =
      n_knots == 1 ? knots[begin] : knot_position(knots + begin, n_knots, uniform);
  return divisor == 0 ? position : grid_value(floor(position), multiplier, divisor);
}

/// Numbers of a column of tokens; missing is NaN.
/// \param first      [N] first digits, below n_first
/// \param second     [N] second digits, below n_second; empty when n_second is 1
/// \param first_row  global number of the first row; together with `stream` it addresses the draws
/// \param values     [N] written
/// \throws Error{kUsage} when lengths disagree, Error{kData} when a token is out of range,
///         Error{kDevice} when CUDA is asked for and absent
/// \note   the same bits on every device and for any number of threads
void decode_numbers(std::span<const std::uint16_t> first, std::span<const std::uint16_t> second,
                    const DecodePlan& plan, std::uint64_t seed, std::int64_t first_row,
                    std::uint32_t stream, std::span<double> values,
                    const CellOptions& options = {});

}  // namespace semblance::kernels
