/// Matrix products of the training step, by the BLAS inside LibTorch.
#pragma once

#include <cstdint>

namespace semblance::trainer {

/// C = op(A) op(B) + beta C, row-major and without gaps; op transposes where asked.
/// \param m,n,k  C is [m, n] and the inner size is k
/// \note runs on the calling thread alone, so the bits do not depend on the number of threads
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          const float* a, const float* b, float beta, float* c);

}  // namespace semblance::trainer
