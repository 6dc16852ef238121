// Compiled with -mavx2 where the compiler knows it.
#include "kernels/dcr_scan.hpp"
#include "kernels/gower_row.hpp"

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace semblance::kernels {
#ifdef __AVX2__
namespace {

inline __m256i bytes_of(Splat s) { return _mm256_set1_epi32(static_cast<int>(s)); }
/// All ones in each byte whose bit is clear.
inline __m256i where_clear(std::uint32_t mask) {
  const __m256i spread = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2,
                                          2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201u));
  const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(mask)), spread);
  return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), _mm256_setzero_si256());
}

struct Lanes {
  __m256i a, b;
  static Lanes load(const std::uint8_t* p) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32))};
  }
  static Lanes splat(Splat s) { return {bytes_of(s), bytes_of(s)}; }
  Lanes plus(Lanes o) const { return {_mm256_adds_epu8(a, o.a), _mm256_adds_epu8(b, o.b)}; }
  Lanes minus(Lanes o) const { return {_mm256_subs_epu8(a, o.a), _mm256_subs_epu8(b, o.b)}; }
  Lanes min(Lanes o) const { return {_mm256_min_epu8(a, o.a), _mm256_min_epu8(b, o.b)}; }
  Lanes cost_where_different(Splat value, Splat cost) const {
    const __m256i v = bytes_of(value), c = bytes_of(cost);
    return {_mm256_andnot_si256(_mm256_cmpeq_epi8(a, v), c),
            _mm256_andnot_si256(_mm256_cmpeq_epi8(b, v), c)};
  }
  static Lanes cost_where_clear(std::uint64_t mask, Splat cost) {
    const __m256i c = bytes_of(cost);
    return {_mm256_and_si256(where_clear(static_cast<std::uint32_t>(mask)), c),
            _mm256_and_si256(where_clear(static_cast<std::uint32_t>(mask >> 32)), c)};
  }
  Lanes replaced_where_equal(Lanes row, Splat value, Splat cost) const {
    const __m256i v = bytes_of(value), c = bytes_of(cost);
    return {_mm256_blendv_epi8(a, c, _mm256_cmpeq_epi8(row.a, v)),
            _mm256_blendv_epi8(b, c, _mm256_cmpeq_epi8(row.b, v))};
  }
  std::uint64_t at_most(std::uint32_t limit) const {
    const __m256i most = _mm256_set1_epi8(static_cast<char>(limit));
    const auto mask = [&](__m256i v) {
      return static_cast<std::uint32_t>(
          _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(v, most), v)));
    };
    return std::uint64_t{mask(a)} | std::uint64_t{mask(b)} << 32;
  }
};

struct WideLanes {
  __m256i v[4];  ///< lanes 0..15, 16..31, ...
  static WideLanes splat(std::uint32_t levels) {
    const __m256i s =
        _mm256_set1_epi16(static_cast<short>(levels < kMostWide ? levels : kMostWide));
    return {{s, s, s, s}};
  }
  WideLanes plus(Lanes o) const {
    const auto widened = [](__m128i bytes) { return _mm256_cvtepu8_epi16(bytes); };
    return {{_mm256_adds_epu16(v[0], widened(_mm256_castsi256_si128(o.a))),
             _mm256_adds_epu16(v[1], widened(_mm256_extracti128_si256(o.a, 1))),
             _mm256_adds_epu16(v[2], widened(_mm256_castsi256_si128(o.b))),
             _mm256_adds_epu16(v[3], widened(_mm256_extracti128_si256(o.b, 1)))}};
  }
  std::uint64_t at_most(std::uint32_t limit) const {
    const __m256i most =
        _mm256_set1_epi16(static_cast<short>(limit < kMostWide ? limit : kMostWide));
    const auto mask = [&](int first) {
      const auto within = [&](__m256i x) {
        return _mm256_cmpeq_epi16(_mm256_min_epu16(x, most), x);
      };
      // packs interleaves 128-bit halves; the permutation puts lanes back in order.
      const __m256i packed = _mm256_permute4x64_epi64(
          _mm256_packs_epi16(within(v[first]), within(v[first + 1])), 0xD8);
      return static_cast<std::uint32_t>(_mm256_movemask_epi8(packed));
    };
    return std::uint64_t{mask(0)} | std::uint64_t{mask(2)} << 32;
  }
  void store(std::uint16_t* levels) const {
    for (int i = 0; i < 4; ++i)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(levels + 16 * i), v[i]);
  }
};

#include "kernels/dcr_scan_body.hpp"

__m256i first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

__m256i load_words(const void* p, __m256i lanes) {
  return _mm256_maskload_epi32(static_cast<const int*>(p), lanes);
}

/// Sum of 8 unsigned 32-bit products in four 64-bit lanes.
__m256i plus_products(__m256i sum, __m256i a, __m256i b) {
  sum = _mm256_add_epi64(sum, _mm256_mul_epu32(a, b));
  return _mm256_add_epi64(sum,
                          _mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)));
}

/// numeric_units() in 8 lanes.
__m256i numeric_units_of(__m256 a, __m256 b) {
  const __m256 both_missing =
      _mm256_and_ps(_mm256_cmp_ps(a, a, _CMP_UNORD_Q), _mm256_cmp_ps(b, b, _CMP_UNORD_Q));
  const __m256 none = _mm256_or_ps(both_missing, _mm256_cmp_ps(a, b, _CMP_EQ_OQ));
  const __m256 difference = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_sub_ps(a, b));
  const __m256 less = _mm256_cmp_ps(difference, _mm256_set1_ps(1.0f), _CMP_LT_OQ);
  const __m256 scaled =
      _mm256_mul_ps(_mm256_and_ps(less, difference), _mm256_set1_ps(kUnitsPerColumnFloat));
  const __m256i units = _mm256_max_epi32(_mm256_cvttps_epi32(scaled), _mm256_set1_epi32(1));
  const __m256i capped =
      _mm256_blendv_epi8(_mm256_set1_epi32(kUnitsPerColumn), units, _mm256_castps_si256(less));
  return _mm256_andnot_si256(_mm256_castps_si256(none), capped);
}

std::uint64_t exact(const float* numeric_a, const float* numeric_b, int n_numeric,
                    const std::int32_t* codes_a, const std::int32_t* codes_b, int n_categorical,
                    const std::uint32_t* weights) {
  __m256i numeric = _mm256_setzero_si256(), differing = _mm256_setzero_si256();
  for (int c = 0; c < n_numeric; c += 8) {
    const __m256i lanes = first_lanes(n_numeric - c);
    const __m256i units = numeric_units_of(_mm256_castsi256_ps(load_words(numeric_a + c, lanes)),
                                           _mm256_castsi256_ps(load_words(numeric_b + c, lanes)));
    numeric = plus_products(numeric, units, load_words(weights + c, lanes));
  }
  weights += n_numeric;
  const __m256i missing = _mm256_set1_epi32(-1);
  for (int c = 0; c < n_categorical; c += 8) {
    const __m256i lanes = first_lanes(n_categorical - c);
    const __m256i a = _mm256_max_epi32(load_words(codes_a + c, lanes), missing);
    const __m256i b = _mm256_max_epi32(load_words(codes_b + c, lanes), missing);
    const __m256i costs =
        _mm256_andnot_si256(_mm256_cmpeq_epi32(a, b), load_words(weights + c, lanes));
    differing = plus_products(differing, costs, _mm256_set1_epi32(1));
  }
  std::uint64_t lanes[4];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes),
                      _mm256_add_epi64(numeric, _mm256_slli_epi64(differing, 30)));
  return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

}  // namespace

ScanFunctions scan_functions_avx2() { return {scan_rows, scan_boxes, exact}; }
#else
ScanFunctions scan_functions_avx2() { return {}; }
#endif
}  // namespace semblance::kernels
