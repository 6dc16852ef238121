/// \file
/// Joint tables on CUDA: blocks count slices of the rows in shared memory where the table fits
/// there, in global memory where it does not. Whole numbers: the order of the increments does not
/// matter.
#include <algorithm>

#include "base/cuda_check.hpp"
#include "kernels/contingency_groups.hpp"

namespace semblance::kernels {
namespace {

constexpr unsigned kThreads = 512;
constexpr std::size_t kSharedCells = 12288;  ///< 48 KiB
constexpr std::int64_t kRowsPerBlock = 1 << 14;

/// Joint codes of up to three groups; absent ones have n_codes 1 and no codes.
struct Digits {
  const std::uint16_t* codes[3];
  std::uint32_t n_codes[3];
};

__device__ std::uint32_t cell_of(const Digits& digits, std::int64_t row) {
  std::uint32_t cell = 0;
  for (int g = 0; g < 3; ++g) {
    if (digits.codes[g] != nullptr) cell = cell * digits.n_codes[g] + digits.codes[g][row];
  }
  return cell;
}

__global__ void count_shared(Digits digits, std::int64_t n_rows, std::uint32_t n_cells,
                             std::uint32_t* table) {
  extern __shared__ std::uint32_t counts[];
  for (std::uint32_t cell = threadIdx.x; cell < n_cells; cell += blockDim.x) counts[cell] = 0;
  __syncthreads();
  const std::int64_t first = std::int64_t{blockIdx.x} * kRowsPerBlock;
  const std::int64_t last = first + kRowsPerBlock < n_rows ? first + kRowsPerBlock : n_rows;
  for (std::int64_t row = first + threadIdx.x; row < last; row += blockDim.x)
    atomicAdd(&counts[cell_of(digits, row)], 1u);
  __syncthreads();
  for (std::uint32_t cell = threadIdx.x; cell < n_cells; cell += blockDim.x) {
    if (counts[cell] > 0) atomicAdd(&table[cell], counts[cell]);
  }
}

__global__ void count_global(Digits digits, std::int64_t n_rows, std::uint32_t* table) {
  const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (row < n_rows) atomicAdd(&table[cell_of(digits, row)], 1u);
}

class CudaCounter : public JointCounter {
 public:
  explicit CudaCounter(const JointCodes& codes)
      : n_rows_(codes.empty() ? 0 : static_cast<std::int64_t>(codes[0].size())) {
    for (const auto& column : codes) codes_.emplace_back(column);
  }

  void count(std::span<const std::size_t> groups, std::span<const std::uint32_t> n_codes,
             std::span<std::uint32_t> table) const override {
    Digits digits{{nullptr, nullptr, nullptr}, {1, 1, 1}};
    for (std::size_t g = 0; g < groups.size(); ++g) {
      digits.codes[g] = codes_[groups[g]].data();
      digits.n_codes[g] = n_codes[g];
    }
    base::DeviceBuffer<std::uint32_t> counts(table.size());
    SEMBLANCE_CUDA_CHECK(cudaMemset(counts.data(), 0, table.size_bytes()));
    if (table.size() <= kSharedCells) {
      const auto blocks = static_cast<unsigned>((n_rows_ + kRowsPerBlock - 1) / kRowsPerBlock);
      count_shared<<<blocks, kThreads, table.size_bytes()>>>(
          digits, n_rows_, static_cast<std::uint32_t>(table.size()), counts.data());
    } else {
      count_global<<<static_cast<unsigned>((n_rows_ + kThreads - 1) / kThreads), kThreads>>>(
          digits, n_rows_, counts.data());
    }
    SEMBLANCE_CUDA_CHECK(cudaGetLastError());
    counts.copy_to_host(table);
  }

 private:
  std::int64_t n_rows_;
  std::vector<base::DeviceBuffer<std::uint16_t>> codes_;
};

}  // namespace

std::unique_ptr<JointCounter> make_cuda_counter(const JointCodes& codes, int device_index) {
  SEMBLANCE_CUDA_CHECK(cudaSetDevice(device_index));
  return std::make_unique<CudaCounter>(codes);
}

}  // namespace semblance::kernels
