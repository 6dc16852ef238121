/// CUDA drivers of encode and decode: one thread a cell, the arithmetic of encode.hpp and
/// decode.hpp.
#include "base/cuda_check.hpp"
#include "kernels/encode_drivers.hpp"

namespace semblance::kernels {
namespace {

constexpr int kThreads = 256;

unsigned blocks_for(std::size_t n) { return static_cast<unsigned>((n + kThreads - 1) / kThreads); }

template <class T>
__global__ void encode_kernel(const T* values, std::size_t n, const double* edges,
                              std::int32_t n_edges, const std::uint16_t* first_of,
                              const std::uint16_t* second_of, std::uint16_t* first,
                              std::uint16_t* second) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const std::int32_t interval = find_interval(cell_number(values[i]), edges, n_edges);
  first[i] = first_of[interval];
  if (second) second[i] = second_of[interval];
}

__global__ void codes_kernel(const std::int32_t* codes, std::size_t n,
                             const std::uint16_t* token_of_code, std::int32_t n_tokens,
                             std::uint16_t* tokens, int* bad) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const std::int32_t slot = codes[i] + 1;
  if (slot < 0 || slot >= n_tokens) {
    *bad = 1;
    return;
  }
  tokens[i] = token_of_code[slot];
}

/// The plan of a column in device memory.
struct DevicePlan {
  std::int32_t n_second, n_pairs, n_intervals;
  const std::int32_t* interval_of;
  const std::int32_t* knot_begin;
  const double* knots;
  double multiplier, divisor;
};

__global__ void decode_kernel(const std::uint16_t* first, const std::uint16_t* second,
                              std::size_t n, DevicePlan plan, std::uint64_t seed,
                              std::uint64_t first_row, std::uint32_t stream, double* values,
                              int* bad) {
  const std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i >= n) return;
  std::int32_t pair = first[i];
  if (plan.n_second > 1) pair = pair * plan.n_second + second[i];
  if (pair >= plan.n_pairs) {
    *bad = 1;
    return;
  }
  values[i] =
      decode_interval(plan.interval_of[pair], cell_uniform(seed, first_row + i, stream),
                      plan.knot_begin, plan.n_intervals, plan.knots, plan.multiplier, plan.divisor);
}

template <class T>
void encode_all(std::span<const T> values, const EncodePlan& plan, std::span<std::uint16_t> first,
                std::span<std::uint16_t> second) {
  if (values.empty()) return;
  const base::DeviceBuffer<T> d_values(values);
  const base::DeviceBuffer<double> d_edges(plan.edges);
  const base::DeviceBuffer<std::uint16_t> d_first_of(plan.first), d_second_of(plan.second);
  base::DeviceBuffer<std::uint16_t> d_first(first.size()), d_second(second.size());
  encode_kernel<<<blocks_for(values.size()), kThreads>>>(
      d_values.data(), values.size(), d_edges.data(), static_cast<std::int32_t>(plan.edges.size()),
      d_first_of.data(), d_second_of.data(), d_first.data(),
      second.empty() ? nullptr : d_second.data());
  SEMBLANCE_CUDA_CHECK(cudaGetLastError());
  d_first.copy_to_host(first);
  if (!second.empty()) d_second.copy_to_host(second);
}

}  // namespace

void encode_numbers_cuda(std::span<const double> values, const EncodePlan& plan,
                         std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                         int device_index) {
  SEMBLANCE_CUDA_CHECK(cudaSetDevice(device_index));
  encode_all(values, plan, first, second);
}

void encode_integers_cuda(std::span<const std::int64_t> values, const EncodePlan& plan,
                          std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                          int device_index) {
  SEMBLANCE_CUDA_CHECK(cudaSetDevice(device_index));
  encode_all(values, plan, first, second);
}

void encode_codes_cuda(std::span<const std::int32_t> codes,
                       std::span<const std::uint16_t> token_of_code,
                       std::span<std::uint16_t> tokens, int device_index) {
  SEMBLANCE_CUDA_CHECK(cudaSetDevice(device_index));
  if (codes.empty()) return;
  const base::DeviceBuffer<std::int32_t> d_codes(codes);
  const base::DeviceBuffer<std::uint16_t> d_map(token_of_code);
  base::DeviceBuffer<std::uint16_t> d_tokens(tokens.size());
  int bad = 0;
  base::DeviceBuffer<int> d_bad(std::span<const int>(&bad, 1));
  codes_kernel<<<blocks_for(codes.size()), kThreads>>>(
      d_codes.data(), codes.size(), d_map.data(), static_cast<std::int32_t>(token_of_code.size()),
      d_tokens.data(), d_bad.data());
  SEMBLANCE_CUDA_CHECK(cudaGetLastError());
  d_tokens.copy_to_host(tokens);
  d_bad.copy_to_host(std::span<int>(&bad, 1));
  SEMBLANCE_EXPECT(bad == 0, kUsage, "encode: a level code is not below {}",
                   token_of_code.size() - 1);
}

void decode_numbers_cuda(std::span<const std::uint16_t> first,
                         std::span<const std::uint16_t> second, const DecodePlan& plan,
                         std::uint64_t seed, std::int64_t first_row, std::uint32_t stream,
                         std::span<double> values, int device_index) {
  SEMBLANCE_CUDA_CHECK(cudaSetDevice(device_index));
  if (first.empty()) return;
  const base::DeviceBuffer<std::uint16_t> d_first(first), d_second(second);
  const base::DeviceBuffer<std::int32_t> d_interval_of(plan.interval_of),
      d_knot_begin(plan.knot_begin);
  const base::DeviceBuffer<double> d_knots(plan.knots);
  base::DeviceBuffer<double> d_values(values.size());
  int bad = 0;
  base::DeviceBuffer<int> d_bad(std::span<const int>(&bad, 1));
  const DevicePlan device_plan{plan.n_second,
                               static_cast<std::int32_t>(plan.interval_of.size()),
                               static_cast<std::int32_t>(plan.knot_begin.size()) - 1,
                               d_interval_of.data(),
                               d_knot_begin.data(),
                               d_knots.data(),
                               plan.multiplier,
                               plan.divisor};
  decode_kernel<<<blocks_for(first.size()), kThreads>>>(
      d_first.data(), d_second.data(), first.size(), device_plan, seed,
      static_cast<std::uint64_t>(first_row), stream, d_values.data(), d_bad.data());
  SEMBLANCE_CUDA_CHECK(cudaGetLastError());
  d_values.copy_to_host(values);
  d_bad.copy_to_host(std::span<int>(&bad, 1));
  SEMBLANCE_EXPECT(bad == 0, kData, "decode: a token is out of range");
}

}  // namespace semblance::kernels
