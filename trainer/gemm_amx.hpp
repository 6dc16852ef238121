/// Matrix products on the tile registers of Intel's AMX. A float is split into two bfloat16
/// numbers, x = high + low with an error of 2^-17 of it, and high * high + high * low + low * high
/// is summed in float: the error of a term is about 2^-16, and six times as many are done a second
/// as with AVX-512.
#pragma once

#include <cstdint>

namespace semblance::trainer {

/// Whether this build and this machine have it.
bool has_amx_gemm();

/// Whether a product is large enough for it to pay.
inline bool fits_amx_gemm(std::int64_t m, std::int64_t n, std::int64_t k) {
  return m >= 16 && n >= 16 && k >= 16;
}

/// As gemm(). Only where has_amx_gemm(); beta is 0 or 1.
void amx_gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
              const float* a, const float* b, float beta, float* c);

}  // namespace semblance::trainer
