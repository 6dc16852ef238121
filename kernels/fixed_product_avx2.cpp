// Compiled with -mavx2 -mfma where the compiler knows them.
#include "kernels/activation.hpp"
#include "kernels/fixed_product.hpp"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#endif

namespace semblance::kernels {
#if defined(__AVX2__) && defined(__FMA__)
namespace {

#include "kernels/fixed_product_body.hpp"

constexpr int kRows = 4;  // rows that share a load of the matrix

/// 8 outputs of one row, from their sums.
void finish(__m256i sums, const FixedMatrix& m, const FixedBase& base, std::int64_t r,
            std::int64_t at, float scale, float* out) {
  const __m256 product =
      _mm256_mul_ps(_mm256_cvtepi32_ps(sums), _mm256_loadu_ps(m.scales.data() + at));
  __m256 start = _mm256_loadu_ps(base.bias + at);
  if (base.values != nullptr)
    start = _mm256_add_ps(_mm256_loadu_ps(base.values + r * base.row + at), start);
  _mm256_storeu_ps(out + r * m.stride + at,
                   _mm256_add_ps(start, _mm256_mul_ps(product, _mm256_set1_ps(scale))));
}

/// 16 outputs from `at` on of kRows rows from r on.
void strip(const FixedRows& rows, const FixedMatrix& m, const FixedBase& base, std::int64_t r,
           std::int64_t at, float* out) {
  const auto* x = reinterpret_cast<const std::int16_t*>(rows.numbers.data()) + r * rows.depth;
  const auto* w = reinterpret_cast<const std::int16_t*>(m.numbers.data()) + at * 2;
  __m256i sums[kRows][2];
  for (auto& row : sums) row[0] = row[1] = _mm256_setzero_si256();
  for (std::int64_t i = 0; i < m.inner; i += 2, w += 2 * m.stride) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)),
                  high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 16));
    for (int k = 0; k < kRows; ++k) {
      std::int32_t pair;
      __builtin_memcpy(&pair, x + k * rows.depth + i, sizeof pair);
      const __m256i both = _mm256_set1_epi32(pair);
      sums[k][0] = _mm256_add_epi32(sums[k][0], _mm256_madd_epi16(both, low));
      sums[k][1] = _mm256_add_epi32(sums[k][1], _mm256_madd_epi16(both, high));
    }
  }
  for (int k = 0; k < kRows; ++k) {
    finish(sums[k][0], m, base, r + k, at, rows.scales[r + k], out);
    finish(sums[k][1], m, base, r + k, at + 8, rows.scales[r + k], out);
  }
}

void multiply(const FixedRows& rows, const FixedMatrix& m, const FixedBase& base, float* out) {
  for (std::int64_t at = 0; at < m.stride; at += 16)
    for (std::int64_t r = 0; r < kTile; r += kRows) strip(rows, m, base, r, at, out);
}

}  // namespace

FixedFunctions fixed_functions_avx2() {
  return {round_rows<Words, false>, round_rows<Words, true>, multiply};
}
#else
FixedFunctions fixed_functions_avx2() { return {}; }
#endif

}  // namespace semblance::kernels
