/// \file
/// Joint tables on CUDA: blocks count slices of the rows in shared memory where the table fits
/// there, in global memory where it does not. Whole numbers: the order of the increments does not
/// matter.
#include <algorithm>

#include "base/cuda_check.hpp"
#include "kernels/contingency_tables.hpp"

namespace semblance::kernels {
namespace {

constexpr unsigned kThreads = 512;
constexpr std::size_t kSharedCells = 12288;  ///< 48 KiB
constexpr std::int64_t kRowsPerBlock = 1 << 15;

/// The columns of a joint table, each of bytes or of 16-bit codes.
struct Digits {
  int n;
  const std::uint8_t* bytes[kMostJointColumns];
  const std::uint16_t* wide[kMostJointColumns];  ///< null where `bytes` has the codes
  std::uint32_t strides[kMostJointColumns];
};

__device__ std::uint32_t cell_of(const Digits& digits, std::int64_t row) {
  std::uint32_t cell = 0;
  for (int m = 0; m < digits.n; ++m) {
    const std::uint32_t code =
        digits.wide[m] != nullptr ? digits.wide[m][row] : digits.bytes[m][row];
    cell += code * digits.strides[m];
  }
  return cell;
}

/// Counts the rows of this block into `counts`, in shared or global memory.
__device__ void count_rows(const Digits& digits, std::int64_t n_rows, std::uint32_t* counts) {
  const std::int64_t first = std::int64_t{blockIdx.x} * kRowsPerBlock;
  const std::int64_t last = first + kRowsPerBlock < n_rows ? first + kRowsPerBlock : n_rows;
  for (std::int64_t row = first + threadIdx.x; row < last; row += blockDim.x)
    atomicAdd(&counts[cell_of(digits, row)], 1u);
}

__global__ void __launch_bounds__(kThreads)
    count_shared(Digits digits, std::int64_t n_rows, std::uint32_t n_cells, std::uint32_t* table) {
  extern __shared__ std::uint32_t counts[];
  for (std::uint32_t cell = threadIdx.x; cell < n_cells; cell += blockDim.x) counts[cell] = 0;
  __syncthreads();
  count_rows(digits, n_rows, counts);
  __syncthreads();
  for (std::uint32_t cell = threadIdx.x; cell < n_cells; cell += blockDim.x) {
    if (counts[cell] > 0) atomicAdd(&table[cell], counts[cell]);
  }
}

__global__ void __launch_bounds__(kThreads)
    count_global(Digits digits, std::int64_t n_rows, std::uint32_t* table) {
  count_rows(digits, n_rows, table);
}

class CudaCounter : public DeviceCounter {
 public:
  explicit CudaCounter(std::span<const CodeColumn> columns) {
    for (const CodeColumn& column : columns) {
      if (const auto* bytes = std::get_if<0>(&column)) {
        n_rows_ = static_cast<std::int64_t>(bytes->size());
        bytes_.emplace_back(*bytes);
        wide_.emplace_back();
      } else {
        n_rows_ = static_cast<std::int64_t>(std::get<1>(column).size());
        bytes_.emplace_back();
        wide_.emplace_back(std::get<1>(column));
      }
    }
  }

  void count(const JointTable& table, std::span<std::uint32_t> cells) const override {
    SEMBLANCE_ASSERT(table.columns.size() <= kMostJointColumns);
    Digits digits{};
    digits.n = static_cast<int>(table.columns.size());
    for (std::size_t m = 0; m < table.columns.size(); ++m) {
      const auto column = static_cast<std::size_t>(table.columns[m]);
      digits.bytes[m] = bytes_[column].data();
      digits.wide[m] = wide_[column].data();
      digits.strides[m] = table.strides[m];
    }
    base::DeviceBuffer<std::uint32_t> counts(cells.size());
    SEMBLANCE_CUDA_CHECK(cudaMemset(counts.data(), 0, cells.size_bytes()));
    const auto blocks = static_cast<unsigned>((n_rows_ + kRowsPerBlock - 1) / kRowsPerBlock);
    if (cells.size() <= kSharedCells) {
      count_shared<<<blocks, kThreads, cells.size_bytes()>>>(
          digits, n_rows_, static_cast<std::uint32_t>(cells.size()), counts.data());
    } else {
      count_global<<<blocks, kThreads>>>(digits, n_rows_, counts.data());
    }
    SEMBLANCE_CUDA_CHECK(cudaGetLastError());
    counts.copy_to_host(cells);
  }

 private:
  std::int64_t n_rows_ = 0;
  std::vector<base::DeviceBuffer<std::uint8_t>> bytes_;  ///< empty where the codes are wide
  std::vector<base::DeviceBuffer<std::uint16_t>> wide_;
};

}  // namespace

std::unique_ptr<DeviceCounter> make_cuda_counter(std::span<const CodeColumn> columns,
                                                 int device_index) {
  SEMBLANCE_CUDA_CHECK(cudaSetDevice(device_index));
  return std::make_unique<CudaCounter>(columns);
}

}  // namespace semblance::kernels
