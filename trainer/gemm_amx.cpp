// Compiled with -mamx-tile -mamx-bf16 -mavx512bf16 and the usual parts of AVX-512 where the
// compiler knows them.
#include "trainer/gemm_amx.hpp"

#include "kernels/tile_permission.hpp"

#if defined(__AMX_BF16__) && defined(__AVX512BF16__) && defined(__AVX512BW__)
#include <immintrin.h>

#include <algorithm>
#include <vector>
#define SEMBLANCE_HAS_AMX
#endif

namespace semblance::trainer {
#ifdef SEMBLANCE_HAS_AMX
namespace {

constexpr int kSide = 16;   // rows and columns of a tile of C
constexpr int kDepth = 32;  // inner size of a tile: bfloat16 numbers in 64 bytes
constexpr int kBytes = 64;

/// A tile of 16 rows of 32-bit pairs of bfloat16 numbers.
struct alignas(64) Tile {
  __m512i row[kSide];
};
/// A tile's two parts.
struct Split {
  Tile high, low;
};

/// 32 floats as bfloat16, in order: the nearest ones, and the nearest ones of what is left.
inline __attribute__((always_inline)) void split(__m512 first, __m512 second, __m512i& high,
                                                 __m512i& low) {
  high = (__m512i)_mm512_cvtne2ps_pbh(second, first);
  const __m512 near_first = _mm512_castsi512_ps(
                   _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_castsi512_si256(high)), 16)),
               near_second = _mm512_castsi512_ps(_mm512_slli_epi32(
                   _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(high, 1)), 16));
  low = (__m512i)_mm512_cvtne2ps_pbh(_mm512_sub_ps(second, near_second),
                                     _mm512_sub_ps(first, near_first));
}

__mmask16 first_lanes(std::int64_t many) {
  return static_cast<__mmask16>(many >= 16 ? 0xFFFF : many <= 0 ? 0 : (1 << many) - 1);
}

/// Rows r < rows and numbers k < depth of `from` [.., step]: tile row r has the pairs of row r.
void pack_rows(const float* from, std::int64_t step, std::int64_t rows, std::int64_t depth,
               Split& out) {
  const __mmask16 first = first_lanes(depth), second = first_lanes(depth - 16);
  for (int r = 0; r < kSide; ++r) {
    const float* row = from + r * step;
    const bool there = r < rows;
    split(_mm512_maskz_loadu_ps(there ? first : 0, row),
          _mm512_maskz_loadu_ps(there ? second : 0, row + 16), out.high.row[r], out.low.row[r]);
  }
}

/// Numbers k < depth and columns r < rows of `from` [.., step]: tile row i has numbers 2 i and
/// 2 i + 1 of all columns.
void pack_pairs(const float* from, std::int64_t step, std::int64_t rows, std::int64_t depth,
                Split& out) {
  // From 16 numbers of one row and 16 of the next to 16 pairs.
  alignas(64) static constexpr std::uint16_t kInterleave[32] = {
      0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i order = _mm512_load_si512(kInterleave);
  const __mmask16 lanes = first_lanes(rows);
  for (int i = 0; i < kSide; ++i) {
    const float* row = from + 2 * i * step;
    __m512i high, low;
    split(_mm512_maskz_loadu_ps(2 * i < depth ? lanes : 0, row),
          _mm512_maskz_loadu_ps(2 * i + 1 < depth ? lanes : 0, row + step), high, low);
    out.high.row[i] = _mm512_permutexvar_epi16(order, high);
    out.low.row[i] = _mm512_permutexvar_epi16(order, low);
  }
}

/// Pairs in rows become pairs in columns.
void transpose(Tile& tile) {
  __m512i t[kSide];
  for (int i = 0; i < kSide; i += 2) {
    t[i] = _mm512_unpacklo_epi32(tile.row[i], tile.row[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(tile.row[i], tile.row[i + 1]);
  }
  __m512i u[kSide];
  for (int i = 0; i < kSide; i += 4) {
    u[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    u[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    u[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    u[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    // 128-bit part p of u[i + 4 q] is column i + 4 p, rows 4 q to 4 q + 3.
    const __m512i a = _mm512_shuffle_i32x4(u[i], u[i + 4], 0x88),
                  b = _mm512_shuffle_i32x4(u[i], u[i + 4], 0xDD),
                  c = _mm512_shuffle_i32x4(u[i + 8], u[i + 12], 0x88),
                  d = _mm512_shuffle_i32x4(u[i + 8], u[i + 12], 0xDD);
    tile.row[i] = _mm512_shuffle_i32x4(a, c, 0x88);
    tile.row[i + 8] = _mm512_shuffle_i32x4(a, c, 0xDD);
    tile.row[i + 4] = _mm512_shuffle_i32x4(b, d, 0x88);
    tile.row[i + 12] = _mm512_shuffle_i32x4(b, d, 0xDD);
  }
}

/// All tiles of a matrix: [rows / 16, depth / 32], rounded up.
/// \param by_rows  whether the matrix lies as [rows, depth], or else as [depth, rows]
/// \param in_rows  whether tiles have a row a row of the matrix, or else one for two numbers
void pack(const float* matrix, std::int64_t rows, std::int64_t depth, bool by_rows, bool in_rows,
          std::vector<Split>& out) {
  const std::int64_t steps = (depth + kDepth - 1) / kDepth;
  out.resize(static_cast<std::size_t>((rows + kSide - 1) / kSide * steps));
  Split* tile = out.data();
  for (std::int64_t r = 0; r < rows; r += kSide) {
    for (std::int64_t k = 0; k < depth; k += kDepth, ++tile) {
      if (by_rows)
        pack_rows(matrix + r * depth + k, depth, rows - r, depth - k, *tile);
      else
        pack_pairs(matrix + k * rows + r, rows, rows - r, depth - k, *tile);
      if (by_rows == in_rows) continue;
      transpose(tile->high);
      transpose(tile->low);
    }
  }
}

/// All eight tile registers as 16 rows of 64 bytes.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/// Tile registers 0 to 3 += two rows of tiles times two columns of them.
void multiply(const Split* a0, const Split* a1, const Split* b0, const Split* b1,
              std::int64_t steps) {
  for (std::int64_t k = 0; k < steps; ++k) {
    _tile_loadd(4, a0[k].high.row, kBytes);
    _tile_loadd(5, a1[k].high.row, kBytes);
    _tile_loadd(6, b0[k].low.row, kBytes);
    _tile_loadd(7, b1[k].low.row, kBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(6, b0[k].high.row, kBytes);
    _tile_loadd(7, b1[k].high.row, kBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
    _tile_loadd(4, a0[k].low.row, kBytes);
    _tile_loadd(5, a1[k].low.row, kBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
}

/// A block of sums, 32 by 32.
using Sums = float[2 * kSide][2 * kSide];

void put(const Sums& sums, std::int64_t rows, std::int64_t columns, std::int64_t step, float beta,
         float* c) {
  const __mmask16 first = first_lanes(columns), second = first_lanes(columns - kSide);
  for (std::int64_t r = 0; r < std::min<std::int64_t>(rows, 2 * kSide); ++r, c += step) {
    __m512 left = _mm512_load_ps(sums[r]), right = _mm512_load_ps(sums[r] + kSide);
    if (beta != 0) {
      left = _mm512_add_ps(left, _mm512_maskz_loadu_ps(first, c));
      right = _mm512_add_ps(right, _mm512_maskz_loadu_ps(second, c + kSide));
    }
    _mm512_mask_storeu_ps(c, first, left);
    _mm512_mask_storeu_ps(c + kSide, second, right);
  }
}

}  // namespace

bool has_amx_gemm() {
  static const bool has =
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bf16") &&
      __builtin_cpu_supports("amx-bf16") && kernels::may_use_tiles();
  return has;
}

void amx_gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
              const float* a, const float* b, float beta, float* c) {
  thread_local std::vector<Split> left, right;
  pack(a, m, k, !transpose_a, true, left);
  pack(b, n, k, transpose_b, false, right);
  static constexpr TileShapes shapes;
  _tile_loadconfig(&shapes);
  alignas(64) Sums sums;
  const std::int64_t steps = (k + kDepth - 1) / kDepth;
  constexpr int kStep = 2 * kSide * static_cast<int>(sizeof(float));
  for (std::int64_t j = 0; j < n; j += 2 * kSide) {
    const Split* b0 = right.data() + j / kSide * steps;
    const Split* b1 = j + kSide < n ? b0 + steps : b0;  // where there is none: not stored
    for (std::int64_t i = 0; i < m; i += 2 * kSide) {
      const Split* a0 = left.data() + i / kSide * steps;
      const Split* a1 = i + kSide < m ? a0 + steps : a0;
      _tile_zero(0);
      _tile_zero(1);
      _tile_zero(2);
      _tile_zero(3);
      multiply(a0, a1, b0, b1, steps);
      _tile_stored(0, sums[0], kStep);
      _tile_stored(1, sums[0] + kSide, kStep);
      _tile_stored(2, sums[kSide], kStep);
      _tile_stored(3, sums[kSide] + kSide, kStep);
      put(sums, m - i, n - j, n, beta, c + i * n + j);
    }
  }
  _tile_release();
}
#else
bool has_amx_gemm() { return false; }
void amx_gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const float*, const float*,
              float, float*) {}
#endif

}  // namespace semblance::trainer
