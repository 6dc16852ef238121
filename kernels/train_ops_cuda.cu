/// CUDA launchers of the training step's operations: one thread an element, one warp a softmax.
#include "base/cuda_check.hpp"
#include "kernels/train_ops_body.hpp"
#include "kernels/train_ops_driver.hpp"

namespace semblance::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kWarp = 32;

/// The 32 lanes of a warp.
struct Warp {
  __device__ int lane() const { return static_cast<int>(threadIdx.x) % kWarp; }
  __device__ int lanes() const { return kWarp; }
  __device__ float largest(float x) const {
    for (int step = kWarp / 2; step > 0; step /= 2)
      x = fmaxf(x, __shfl_xor_sync(0xFFFFFFFFu, x, step));
    return x;
  }
  __device__ float sum(float x) const {
    for (int step = kWarp / 2; step > 0; step /= 2) x += __shfl_xor_sync(0xFFFFFFFFu, x, step);
    return x;
  }
};

template <class Body>
__global__ void __launch_bounds__(kThreads) each_kernel(std::int64_t n, Body body) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < n) body(i);
}

// Whole warps leave together, so that those that stay have all their lanes.
template <class Body>
__global__ void __launch_bounds__(kThreads) team_kernel(std::int64_t n, Body body) {
  const std::int64_t i = (std::int64_t{blockIdx.x} * kThreads + threadIdx.x) / kWarp;
  if (i < n) body(i, Warp{});
}

struct Grid {
  cudaStream_t stream;

  static unsigned blocks(std::int64_t threads) {
    return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
  }
  template <class Body>
  void each(std::int64_t n, const Body& body) const {
    if (n == 0) return;
    each_kernel<<<blocks(n), kThreads, 0, stream>>>(n, body);
    SEMBLANCE_CUDA_CHECK(cudaGetLastError());
  }
  template <class Body>
  void each_team(std::int64_t n, const Body& body) const {
    if (n == 0) return;
    team_kernel<<<blocks(n * kWarp), kThreads, 0, stream>>>(n, body);
    SEMBLANCE_CUDA_CHECK(cudaGetLastError());
  }
};

}  // namespace

std::unique_ptr<TrainOps> make_train_ops_cuda(int device, void* stream) {
  SEMBLANCE_CUDA_CHECK(cudaSetDevice(device));
  return std::make_unique<TrainOpsOn<Grid>>(Grid{static_cast<cudaStream_t>(stream)});
}

}  // namespace semblance::kernels
