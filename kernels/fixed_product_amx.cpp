// Compiled with -mamx-tile -mamx-int8 and the usual parts of AVX-512 where the compiler knows them.
#include "kernels/activation.hpp"
#include "kernels/fixed_product.hpp"

#if defined(__AMX_INT8__) && defined(__AVX512BW__)
#include <immintrin.h>
#define SEMBLANCE_HAS_AMX
#endif

namespace semblance::kernels {
#ifdef SEMBLANCE_HAS_AMX
namespace {

#include "kernels/fixed_product_body.hpp"

constexpr int kSide = 16;   // rows of a tile register
constexpr int kBytes = 64;  // bytes of its rows
constexpr int kTileBytes = 1024;

/// Stores a row's numbers as bytes: 256 * high + low, the low ones without a sign.
struct Bytes {
  static void put(const float* values, std::int64_t count, float factor, FixedRows& rows, int r) {
    auto* __restrict high = reinterpret_cast<std::int8_t*>(rows.numbers.data()) + r * rows.depth;
    std::int8_t* __restrict low = high + kTile * rows.depth;
    for (std::int64_t i = 0; i < count; i += kVector) {
      for (int l = 0; l < kVector; ++l) {
        const std::int32_t number = whole(values[i + l] * factor);
        high[i + l] = static_cast<std::int8_t>(number >> 8);
        low[i + l] = static_cast<std::int8_t>(number);  // without a sign
      }
    }
  }
};

/// All eight tile registers as 16 rows of 64 bytes.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/// Sums of 16 rows and 16 outputs: of high times high, of the mixed products, of low times low.
struct Sums {
  alignas(64) std::int32_t high[kSide * kSide], mixed[kSide * kSide], low[kSide * kSide];
};

/// Leaves the sums of 16 rows and 16 outputs in tile registers 0, 1 and 2.
void multiply_block(const FixedRows& rows, const FixedMatrix& m, std::int64_t r, std::int64_t at) {
  const std::int64_t depth = rows.depth, step = m.stride / kSide * 2 * kTileBytes;
  const auto* x = reinterpret_cast<const std::int8_t*>(rows.numbers.data()) + r * depth;
  const auto* w =
      reinterpret_cast<const std::int8_t*>(m.numbers.data()) + at / kSide * 2 * kTileBytes;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  for (std::int64_t i = 0; i < m.inner; i += kBytes, w += step) {
    _tile_loadd(3, x + i, depth);
    _tile_loadd(4, x + kTile * depth + i, depth);
    _tile_loadd(5, w, kBytes);
    _tile_loadd(6, w + kTileBytes, kBytes);
    _tile_dpbsud(1, 3, 6);
    _tile_dpbssd(0, 3, 5);
    _tile_dpbuud(2, 4, 6);
    _tile_dpbusd(1, 4, 5);
  }
}

void store_block(Sums& sums) {
  _tile_stored(0, sums.high, kBytes);
  _tile_stored(1, sums.mixed, kBytes);
  _tile_stored(2, sums.low, kBytes);
}

void finish_block(const Sums& sums, const FixedRows& rows, const FixedMatrix& m,
                  const FixedBase& base, std::int64_t first, std::int64_t at, float* out) {
  const __m512 scales = _mm512_loadu_ps(m.scales.data() + at),
               bias = _mm512_loadu_ps(base.bias + at);
  for (int k = 0; k < kSide; ++k) {
    const std::int64_t r = first + k;
    const __m512i high = _mm512_load_si512(sums.high + k * kSide),
                  mixed = _mm512_load_si512(sums.mixed + k * kSide),
                  low = _mm512_load_si512(sums.low + k * kSide);
    const __m512i sum = _mm512_add_epi32(
        low, _mm512_slli_epi32(_mm512_add_epi32(mixed, _mm512_slli_epi32(high, 8)), 8));
    const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), scales);
    __m512 start = bias;
    if (base.values != nullptr)
      start = _mm512_add_ps(_mm512_loadu_ps(base.values + r * base.row + at), start);
    _mm512_storeu_ps(out + r * m.stride + at,
                     _mm512_add_ps(start, _mm512_mul_ps(product, _mm512_set1_ps(rows.scales[r]))));
  }
}

void multiply(const FixedRows& rows, const FixedMatrix& m, const FixedBase& base, float* out) {
  static constexpr TileShapes shapes;
  _tile_loadconfig(&shapes);
  // One block's sums become outputs while the next block is multiplied.
  Sums sums;
  std::int64_t last_r = -1, last_at = 0;
  for (std::int64_t at = 0; at < m.stride; at += kSide) {
    for (std::int64_t r = 0; r < kTile; r += kSide) {
      multiply_block(rows, m, r, at);
      if (last_r >= 0) finish_block(sums, rows, m, base, last_r, last_at, out);
      store_block(sums);
      last_r = r, last_at = at;
    }
  }
  finish_block(sums, rows, m, base, last_r, last_at, out);
  _tile_release();
}

}  // namespace

FixedFunctions fixed_functions_amx() {
  return {round_rows<Bytes, false>, round_rows<Bytes, true>, multiply};
}
#else
FixedFunctions fixed_functions_amx() { return {}; }
#endif

}  // namespace semblance::kernels
