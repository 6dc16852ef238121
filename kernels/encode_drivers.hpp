/// The drivers behind encode.hpp and decode.hpp: loops over threads, launches on a device.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "base/host_device.hpp"
#include "kernels/decode.hpp"
#include "kernels/encode.hpp"

namespace semblance::kernels {

/// Cells that one item of a parallel loop handles.
inline constexpr std::int64_t kCellBlock = 65'536;

/// A cell as a number; NaN is missing.
SEMBLANCE_HD inline double cell_number(double value) { return value; }
SEMBLANCE_HD inline double cell_number(std::int64_t value) {
  return value == INT64_MIN ? NAN : static_cast<double>(value);
}

/// As encode_numbers() of encode.hpp, whose arguments these have after its checks. \param threads
/// 0 for all
void encode_numbers_cpu(std::span<const double> values, const EncodePlan& plan,
                        std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                        int threads);
/// As encode_integers().
void encode_integers_cpu(std::span<const std::int64_t> values, const EncodePlan& plan,
                         std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                         int threads);
/// As encode_codes().
void encode_codes_cpu(std::span<const std::int32_t> codes,
                      std::span<const std::uint16_t> token_of_code, std::span<std::uint16_t> tokens,
                      int threads);
/// As decode_numbers() of decode.hpp.
void decode_numbers_cpu(std::span<const std::uint16_t> first, std::span<const std::uint16_t> second,
                        const DecodePlan& plan, std::uint64_t seed, std::int64_t first_row,
                        std::uint32_t stream, std::span<double> values, int threads);

/// The same on a CUDA device, which holds all cells and tokens at once. \throws
/// Error{kDevice}
void encode_numbers_cuda(std::span<const double> values, const EncodePlan& plan,
                         std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                         int device_index);
/// As encode_numbers_cuda().
void encode_integers_cuda(std::span<const std::int64_t> values, const EncodePlan& plan,
                          std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                          int device_index);
/// As encode_numbers_cuda(). \throws Error{kUsage} for a code out of range, when all are done
void encode_codes_cuda(std::span<const std::int32_t> codes,
                       std::span<const std::uint16_t> token_of_code,
                       std::span<std::uint16_t> tokens, int device_index);
/// As encode_numbers_cuda(), from tokens to values. \throws Error{kData} for a token out of range
void decode_numbers_cuda(std::span<const std::uint16_t> first,
                         std::span<const std::uint16_t> second, const DecodePlan& plan,
                         std::uint64_t seed, std::int64_t first_row, std::uint32_t stream,
                         std::span<double> values, int device_index);

}  // namespace semblance::kernels
