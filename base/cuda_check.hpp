/// Checks of CUDA runtime calls, and device memory that frees itself. Include from .cu files only.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <span>
#include <vector>

#include "base/error.hpp"

/// Throws Error{kDevice} with file, line, the call and CUDA's own text unless the call succeeds.
/// Errors of a kernel launch show at the next call that waits for it.
#define SEMBLANCE_CUDA_CHECK(call)                                                              \
  do {                                                                                          \
    const cudaError_t semblance_code = (call);                                                  \
    if (semblance_code != cudaSuccess) {                                                        \
      ::semblance::base::fail(::semblance::base::ErrorKind::kDevice, "{}:{}: {}: {}", __FILE__, \
                              __LINE__, #call, cudaGetErrorString(semblance_code));             \
    }                                                                                           \
  } while (false)

namespace semblance::base {

/// An array of T in the memory of the current CUDA device.
template <class T>
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  /// Room for `size` elements, not set to anything.
  /// \throws Error{kDevice} when device memory is short
  explicit DeviceBuffer(std::size_t size) : size_(size) {
    if (size > 0)
      SEMBLANCE_CUDA_CHECK(cudaMalloc(reinterpret_cast<void**>(&data_), size * sizeof(T)));
  }
  explicit DeviceBuffer(std::span<const T> host) : DeviceBuffer(host.size()) {
    if (size_ > 0) {
      SEMBLANCE_CUDA_CHECK(
          cudaMemcpy(data_, host.data(), host.size_bytes(), cudaMemcpyHostToDevice));
    }
  }
  explicit DeviceBuffer(const std::vector<T>& host)  // nvcc cannot make a span of every vector
      : DeviceBuffer(std::span<const T>(host.data(), host.size())) {}
  ~DeviceBuffer() { cudaFree(data_); }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;
  DeviceBuffer(DeviceBuffer&& other) noexcept : data_(other.data_), size_(other.size_) {
    other.data_ = nullptr;
    other.size_ = 0;
  }

  T* data() { return data_; }  ///< device memory: not for the host to read; null when empty
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }  ///< elements, not bytes
  /// Copies the first host.size() elements, at most size(), and waits for kernels of the default
  /// stream before it.
  /// \throws Error{kDevice}
  void copy_to_host(std::span<T> host) const {
    SEMBLANCE_CUDA_CHECK(cudaMemcpy(host.data(), data_, host.size_bytes(), cudaMemcpyDeviceToHost));
  }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace semblance::base
