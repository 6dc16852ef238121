#include "trainer/gemm.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/from_blob.h>
#include <dlfcn.h>

#include "trainer/gemm_amx.hpp"

namespace semblance::trainer {
namespace {

using Sgemm = void (*)(const char*, const char*, const int*, const int*, const int*, const float*,
                       const float*, const int*, const float*, const int*, const float*, float*,
                       const int*);

/// LibTorch's wheel carries MKL and shows its Fortran entry points: calling them saves the
/// dispatcher's microseconds, which matter for products this small. Null where it has none.
Sgemm find_sgemm() {
  void* set_threads = dlsym(RTLD_DEFAULT, "MKL_Set_Num_Threads_Local");
  void* sgemm = dlsym(RTLD_DEFAULT, "sgemm_");
  return set_threads != nullptr ? reinterpret_cast<Sgemm>(sgemm) : nullptr;
}

/// One thread a product: the training step itself is cut over threads.
void use_one_thread() {
  thread_local const bool done = [] {
    using SetThreads = int (*)(int);
    if (void* set = dlsym(RTLD_DEFAULT, "MKL_Set_Num_Threads_Local")) {
      reinterpret_cast<SetThreads>(set)(1);
    }
    at::set_num_threads(1);
    return true;
  }();
  static_cast<void>(done);
}

void gemm_by_tensors(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n,
                     std::int64_t k, const float* a, const float* b, float beta, float* c) {
  const auto view = [](const float* data, std::int64_t rows, std::int64_t columns, bool transpose) {
    const at::Tensor tensor =
        at::from_blob(const_cast<float*>(data),
                      transpose ? at::IntArrayRef{columns, rows} : at::IntArrayRef{rows, columns});
    return transpose ? tensor.t() : tensor;
  };
  at::Tensor out = at::from_blob(c, {m, n});
  at::addmm_out(out, out, view(a, m, k, transpose_a), view(b, k, n, transpose_b), beta, 1.0f);
}

}  // namespace

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          const float* a, const float* b, float beta, float* c) {
  static const bool tiles = has_amx_gemm();
  if (tiles && fits_amx_gemm(m, n, k))
    return amx_gemm(transpose_a, transpose_b, m, n, k, a, b, beta, c);
  static const Sgemm sgemm = find_sgemm();
  use_one_thread();
  if (sgemm == nullptr) return gemm_by_tensors(transpose_a, transpose_b, m, n, k, a, b, beta, c);
  // Row-major C = A B is column-major C' = B' A'.
  const int rows = static_cast<int>(n), columns = static_cast<int>(m), inner = static_cast<int>(k);
  const int lda = static_cast<int>(transpose_a ? m : k),
            ldb = static_cast<int>(transpose_b ? k : n);
  const float one = 1.0f;
  sgemm(transpose_b ? "T" : "N", transpose_a ? "T" : "N", &rows, &columns, &inner, &one, b, &ldb, a,
        &lda, &beta, c, &rows);
}

}  // namespace semblance::trainer
