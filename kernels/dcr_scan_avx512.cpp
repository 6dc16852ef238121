// Compiled with -mavx512f -mavx512bw where the compiler knows them.
#include "kernels/dcr_scan.hpp"
#include "kernels/gower_row.hpp"

#ifdef __AVX512BW__
#include <immintrin.h>
#endif

namespace semblance::kernels {
#ifdef __AVX512BW__
namespace {

struct Lanes {
  __m512i v;
  static Lanes load(const std::uint8_t* p) { return {_mm512_loadu_si512(p)}; }
  static Lanes splat(Splat s) { return {_mm512_set1_epi32(static_cast<int>(s))}; }
  Lanes plus(Lanes o) const { return {_mm512_adds_epu8(v, o.v)}; }
  Lanes minus(Lanes o) const { return {_mm512_subs_epu8(v, o.v)}; }
  Lanes min(Lanes o) const { return {_mm512_min_epu8(v, o.v)}; }
  Lanes cost_where_different(Splat value, Splat cost) const {
    return {_mm512_maskz_mov_epi8(_mm512_cmpneq_epu8_mask(v, splat(value).v), splat(cost).v)};
  }
  static Lanes cost_where_clear(std::uint64_t mask, Splat cost) {
    return {_mm512_maskz_mov_epi8(_cvtu64_mask64(~mask), splat(cost).v)};
  }
  Lanes replaced_where_equal(Lanes row, Splat value, Splat cost) const {
    return {_mm512_mask_mov_epi8(v, _mm512_cmpeq_epu8_mask(row.v, splat(value).v), splat(cost).v)};
  }
  std::uint64_t at_most(std::uint32_t limit) const {
    return _cvtmask64_u64(_mm512_cmple_epu8_mask(v, _mm512_set1_epi8(static_cast<char>(limit))));
  }
};

struct WideLanes {
  __m512i low, high;
  static WideLanes splat(std::uint32_t levels) {
    const __m512i v =
        _mm512_set1_epi16(static_cast<short>(levels < kMostWide ? levels : kMostWide));
    return {v, v};
  }
  WideLanes plus(Lanes o) const {
    return {_mm512_adds_epu16(low, _mm512_cvtepu8_epi16(_mm512_castsi512_si256(o.v))),
            _mm512_adds_epu16(high, _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(o.v, 1)))};
  }
  std::uint64_t at_most(std::uint32_t limit) const {
    const __m512i most =
        _mm512_set1_epi16(static_cast<short>(limit < kMostWide ? limit : kMostWide));
    return std::uint64_t{_cvtmask32_u32(_mm512_cmple_epu16_mask(low, most))} |
           std::uint64_t{_cvtmask32_u32(_mm512_cmple_epu16_mask(high, most))} << 32;
  }
  void store(std::uint16_t* levels) const {
    _mm512_storeu_si512(levels, low);
    _mm512_storeu_si512(levels + 32, high);
  }
};

#include "kernels/dcr_scan_body.hpp"

__mmask16 first_lanes(int n) { return static_cast<__mmask16>(n >= 16 ? 0xFFFF : (1 << n) - 1); }

/// Sum of 16 unsigned 32-bit products in eight 64-bit lanes.
__m512i plus_products(__m512i sum, __m512i a, __m512i b) {
  sum = _mm512_add_epi64(sum, _mm512_mul_epu32(a, b));
  return _mm512_add_epi64(sum,
                          _mm512_mul_epu32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32)));
}

/// numeric_units() in 16 lanes.
__m512i numeric_units_of(__m512 a, __m512 b) {
  const __mmask16 both_missing =
      _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q) & _mm512_cmp_ps_mask(b, b, _CMP_UNORD_Q);
  const __mmask16 equal = _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
  const __m512 difference = _mm512_abs_ps(_mm512_sub_ps(a, b));
  const __mmask16 less = _mm512_cmp_ps_mask(difference, _mm512_set1_ps(1.0f), _CMP_LT_OQ);
  const __m512 scaled = _mm512_maskz_mul_ps(less, difference, _mm512_set1_ps(kUnitsPerColumnFloat));
  const __m512i units = _mm512_max_epi32(_mm512_cvttps_epi32(scaled), _mm512_set1_epi32(1));
  const __m512i capped = _mm512_mask_mov_epi32(_mm512_set1_epi32(kUnitsPerColumn), less, units);
  return _mm512_maskz_mov_epi32(static_cast<__mmask16>(~(both_missing | equal)), capped);
}

std::uint64_t exact(const float* numeric_a, const float* numeric_b, int n_numeric,
                    const std::int32_t* codes_a, const std::int32_t* codes_b, int n_categorical,
                    const std::uint32_t* weights) {
  __m512i numeric = _mm512_setzero_si512(), differing = _mm512_setzero_si512();
  for (int c = 0; c < n_numeric; c += 16) {
    const __mmask16 lanes = first_lanes(n_numeric - c);
    const __m512i units = numeric_units_of(_mm512_maskz_loadu_ps(lanes, numeric_a + c),
                                           _mm512_maskz_loadu_ps(lanes, numeric_b + c));
    numeric = plus_products(numeric, units, _mm512_maskz_loadu_epi32(lanes, weights + c));
  }
  weights += n_numeric;
  const __m512i missing = _mm512_set1_epi32(-1);
  for (int c = 0; c < n_categorical; c += 16) {
    const __mmask16 lanes = first_lanes(n_categorical - c);
    const __m512i a = _mm512_max_epi32(_mm512_maskz_loadu_epi32(lanes, codes_a + c), missing);
    const __m512i b = _mm512_max_epi32(_mm512_maskz_loadu_epi32(lanes, codes_b + c), missing);
    const __mmask16 differ = _mm512_cmpneq_epi32_mask(a, b);
    differing = plus_products(differing, _mm512_maskz_loadu_epi32(differ, weights + c),
                              _mm512_set1_epi32(1));
  }
  const __m512i total = _mm512_add_epi64(numeric, _mm512_slli_epi64(differing, 30));
  return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(total));
}

}  // namespace

ScanFunctions scan_functions_avx512() { return {scan_rows, scan_boxes, exact}; }
#else
ScanFunctions scan_functions_avx512() { return {}; }
#endif
}  // namespace semblance::kernels
