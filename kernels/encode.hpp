/// Encoding: numbers to intervals to tokens, level codes to tokens. One function a cell for both
/// devices.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/host_device.hpp"

namespace semblance::kernels {

/// The interval that holds a value. Interval i is [edges[i], edges[i + 1]); the first one reaches
/// down to -infinity and the last one up to infinity.
/// \param edges  [n] ascending
/// \return       0 .. n - 1, or n for NaN (and for every value when n is 0)
SEMBLANCE_HD inline std::int32_t find_interval(double value, const double* edges, std::int32_t n) {
  const double* base = edges;
  for (std::int32_t length = n; length > 1;) {
    const std::int32_t half = length / 2;
    base += base[half] <= value ? half : 0;
    length -= half;
  }
  return value == value && n > 0 ? static_cast<std::int32_t>(base - edges) : n;
}

/// How the numbers of one column become one token, or two digits.
struct EncodePlan {
  std::span<const double> edges;  ///< [n] ascending lower ends of the intervals
  std::span<const std::uint16_t>
      first;  ///< [n + 1] token of each interval, then of a missing value
  std::span<const std::uint16_t> second;  ///< [n + 1] second digit, or empty when there is none
};

/// Where a kernel runs.
struct CellOptions {
  std::string device = "cpu";  ///< as base::Device::name()
  int threads = 1;             ///< CPU: 0 for all cores
};

/// Tokens of a column of numbers; NaN is missing.
/// \param values  [N], host memory; N = 0 is allowed
/// \param first   [N] written
/// \param second  [N] written, or empty when the plan has no second digit
/// \throws Error{kUsage} when lengths disagree; Error{kDevice} when CUDA is asked for and absent
/// \note   the same tokens on every device and for any number of threads
void encode_numbers(std::span<const double> values, const EncodePlan& plan,
                    std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                    const CellOptions& options = {});

/// The same for whole numbers; the smallest int64 is missing.
void encode_integers(std::span<const std::int64_t> values, const EncodePlan& plan,
                     std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                     const CellOptions& options = {});

/// Tokens of level codes.
/// \param codes  [N] -1 (missing) .. n_levels - 1
/// \param token_of_code  [n_levels + 1] token of code c at [c + 1]; the token of a missing value
///                       first
/// \throws Error{kUsage} when lengths disagree or a code is out of range (CPU)
void encode_codes(std::span<const std::int32_t> codes, std::span<const std::uint16_t> token_of_code,
                  std::span<std::uint16_t> tokens, const CellOptions& options = {});

}  // namespace semblance::kernels
