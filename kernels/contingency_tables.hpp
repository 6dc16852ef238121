/// \file
/// Counting rows into the joint tables of contingency_cover.hpp, on the CPU and on CUDA.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/device.hpp"
#include "kernels/contingency.hpp"
#include "kernels/contingency_cover.hpp"

namespace semblance::kernels {

/// A cover and for which size of tables it was made.
struct ContingencyPlan {
  std::size_t most_cells = 0;      ///< as joint_cells() gave it
  std::vector<JointTable> tables;  ///< together they have every pair (triple) once
};

/// Cells of a joint table that so many rows and the device make worth while.
std::size_t joint_cells(std::int64_t n_rows, int order, const base::Device& device);

/// Rows of a chunk. \throws Error{kUsage} for columns or codes that do not fit; see PairCounts::add
std::int64_t check_codes(std::span<const CodeColumn> columns, const std::vector<int>& cardinalities,
                         int threads);

/// Rows of some columns on a device, where joint tables of them are counted.
class DeviceCounter {
 public:
  virtual ~DeviceCounter() = default;
  /// \param cells  [table.n_cells], overwritten; at most 2^32 - 1 rows
  virtual void count(const JointTable& table, std::span<std::uint32_t> cells) const = 0;
};

/// Takes the columns to a CUDA device; only in builds with CUDA.
std::unique_ptr<DeviceCounter> make_cuda_counter(std::span<const CodeColumn> columns,
                                                 int device_index);

/// Adds rows to the targets of the tables. The codes have been checked.
void count_tables(std::span<const CodeColumn> columns, std::int64_t n_rows,
                  const std::vector<int>& cardinalities, std::span<const JointTable> tables,
                  const FindTable& find_table, int threads, const base::Device& device);

}  // namespace semblance::kernels
