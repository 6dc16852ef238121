// Compiled with -mavx512vnni and the usual parts of AVX-512 where the compiler knows them.
#include "kernels/activation.hpp"
#include "kernels/fixed_product.hpp"

#ifdef __AVX512VNNI__
#include <immintrin.h>
#endif

namespace semblance::kernels {
#ifdef __AVX512VNNI__
namespace {

#include "kernels/fixed_product_body.hpp"

constexpr int kLane = 16;
constexpr int kRows = 8;  // rows that share a load of the matrix

/// kWide * 16 outputs from `at` on of kRows rows from r on.
template <int kWide>
void strip(const FixedRows& rows, const FixedMatrix& m, const FixedBase& base, std::int64_t r,
           std::int64_t at, float* out) {
  const std::int64_t depth = rows.depth, inner = m.inner, stride = m.stride;
  const auto* x = reinterpret_cast<const std::int16_t*>(rows.numbers.data()) + r * depth;
  const auto* w = reinterpret_cast<const std::int16_t*>(m.numbers.data()) + at * 2;
  __m512i sums[kRows][kWide];
  for (auto& row : sums)
    for (auto& sum : row) sum = _mm512_setzero_si512();
  for (std::int64_t i = 0; i < inner; i += 2, w += 2 * stride) {
    __m512i pairs[kWide];
    for (int v = 0; v < kWide; ++v) pairs[v] = _mm512_loadu_si512(w + 2 * kLane * v);
    for (int k = 0; k < kRows; ++k) {
      std::int32_t pair;
      __builtin_memcpy(&pair, x + k * depth + i, sizeof pair);
      for (int v = 0; v < kWide; ++v)
        sums[k][v] = _mm512_dpwssd_epi32(sums[k][v], pairs[v], _mm512_set1_epi32(pair));
    }
  }
  for (int k = 0; k < kRows; ++k) {
    const __m512 scale = _mm512_set1_ps(rows.scales[r + k]);
    for (int v = 0; v < kWide; ++v) {
      const std::int64_t o = at + v * kLane;
      const __m512 product =
          _mm512_mul_ps(_mm512_cvtepi32_ps(sums[k][v]), _mm512_loadu_ps(m.scales.data() + o));
      __m512 start = _mm512_loadu_ps(base.bias + o);
      if (base.values != nullptr)
        start = _mm512_add_ps(_mm512_loadu_ps(base.values + (r + k) * base.row + o), start);
      _mm512_storeu_ps(out + (r + k) * stride + o,
                       _mm512_add_ps(start, _mm512_mul_ps(product, scale)));
    }
  }
}

void multiply(const FixedRows& rows, const FixedMatrix& m, const FixedBase& base, float* out) {
  std::int64_t at = 0;
  for (; at + 2 * kLane <= m.stride; at += 2 * kLane)
    for (std::int64_t r = 0; r < kTile; r += kRows) strip<2>(rows, m, base, r, at, out);
  for (; at < m.stride; at += kLane)
    for (std::int64_t r = 0; r < kTile; r += kRows) strip<1>(rows, m, base, r, at, out);
}

}  // namespace

FixedFunctions fixed_functions_vnni() {
  return {round_rows<Words, false>, round_rows<Words, true>, multiply};
}
#else
FixedFunctions fixed_functions_vnni() { return {}; }
#endif

}  // namespace semblance::kernels
