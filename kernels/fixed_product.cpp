#include "kernels/fixed_product.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "kernels/tile_permission.hpp"

namespace semblance::kernels {
namespace {

constexpr std::int64_t kLane = 16;
constexpr std::int64_t kDepth = 64;  // bytes of an AMX tile's row

std::int64_t rounded_up(std::int64_t size, std::int64_t to) { return (size + to - 1) / to * to; }

std::vector<CacheLine> lines(std::int64_t bytes) {
  return std::vector<CacheLine>(static_cast<std::size_t>(rounded_up(bytes, 64) / 64));
}

/// Scale of a column of which each whole number is at most 8000 and their sum below 2^18, so that
/// its product with numbers of at most 2^13 stays below 2^31.
double column_scale(const float* values, std::int64_t row, std::int64_t inner) {
  constexpr double kMost = 8000, kMostSum = 1 << 18;
  double largest = 0, sum = 0;
  for (std::int64_t i = 0; i < inner; ++i) {
    const double size = std::abs(static_cast<double>(values[i * row]));
    largest = std::max(largest, size);
    sum += size;
  }
  return std::max(largest / kMost, sum / (kMostSum - static_cast<double>(inner) - 1));
}

}  // namespace

FixedMatrix::FixedMatrix(const float* values, std::int64_t row, std::int64_t inner_size,
                         std::int64_t width, FixedIsa isa)
    : inner(inner_size),
      stride(rounded_up(width, kLane)),
      scales(static_cast<std::size_t>(stride), 0.0f) {
  SEMBLANCE_ASSERT(inner < 1 << 17);
  const bool bytes = isa == FixedIsa::kAmx;
  const std::int64_t depth = rounded_up(inner, bytes ? kDepth : 2), blocks = stride / kLane;
  numbers = lines(depth * stride * 2);
  auto* as_bytes = reinterpret_cast<std::int8_t*>(numbers.data());
  auto* as_pairs = reinterpret_cast<std::int16_t*>(numbers.data());
  for (std::int64_t o = 0; o < width; ++o) {
    const double scale = column_scale(values + o, row, inner);
    scales[o] = static_cast<float>(scale);
    for (std::int64_t i = 0; i < inner && scale > 0; ++i) {
      const auto number = static_cast<std::int32_t>(std::nearbyint(values[i * row + o] / scale));
      if (!bytes) {
        as_pairs[(i / 2 * stride + o) * 2 + i % 2] = static_cast<std::int16_t>(number);
        continue;
      }
      std::int8_t* tile = as_bytes + ((i / kDepth * blocks + o / kLane) * 2) * 1024;
      const std::int64_t at = i % kDepth / 4 * 64 + o % kLane * 4 + i % 4;
      tile[at] = static_cast<std::int8_t>(number >> 8);
      tile[1024 + at] = static_cast<std::int8_t>(number);
    }
  }
}

FixedRows::FixedRows(std::int64_t inner)
    : depth(rounded_up(inner, kDepth)),
      numbers(lines(kTile * depth * 2)),
      values(static_cast<std::size_t>(8 * depth)) {}

bool has_fixed_isa(FixedIsa isa) {
#if defined(__x86_64__) && defined(__GNUC__)
  const bool wide = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  switch (isa) {
    case FixedIsa::kAmx:
      return fixed_functions_amx().multiply != nullptr && wide &&
             __builtin_cpu_supports("amx-int8") && may_use_tiles();
    case FixedIsa::kVnni:
      return fixed_functions_vnni().multiply != nullptr && wide &&
             __builtin_cpu_supports("avx512vnni");
    case FixedIsa::kAvx2:
      return fixed_functions_avx2().multiply != nullptr && __builtin_cpu_supports("avx2") &&
             __builtin_cpu_supports("fma");
    case FixedIsa::kPortable:
      break;
  }
#endif
  return isa == FixedIsa::kPortable;
}

FixedIsa best_fixed_isa() {
  for (const FixedIsa isa : {FixedIsa::kAmx, FixedIsa::kVnni, FixedIsa::kAvx2})
    if (has_fixed_isa(isa)) return isa;
  return FixedIsa::kPortable;
}

FixedFunctions fixed_functions(FixedIsa isa) {
  SEMBLANCE_EXPECT(has_fixed_isa(isa), kUsage,
                   "this machine or build lacks the instruction set asked for");
  switch (isa) {
    case FixedIsa::kAmx:
      return fixed_functions_amx();
    case FixedIsa::kVnni:
      return fixed_functions_vnni();
    case FixedIsa::kAvx2:
      return fixed_functions_avx2();
    case FixedIsa::kPortable:
      break;
  }
  return fixed_functions_portable();
}

}  // namespace semblance::kernels
