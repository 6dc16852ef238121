/// The fast CPU search behind nearest_rows, with its inner switches open to tests and benchmarks.
#pragma once

#include <span>
#include <vector>

#include "kernels/dcr.hpp"
#include "kernels/dcr_plan.hpp"
#include "kernels/dcr_scan.hpp"

namespace semblance::kernels {

/// What a search did, summed over queries; for benchmarks.
struct SearchCounts {
  std::int64_t box_scans = 0;  ///< groups of 64 boxes bounded
  std::int64_t row_scans = 0;  ///< groups of up to 64 rows bounded
  std::int64_t exact = 0;      ///< differences computed from cells
  std::int64_t wide = 0;       ///< scans that needed 16-bit lanes
  /// Element-wise sum.
  SearchCounts& operator+=(const SearchCounts& other) {
    box_scans += other.box_scans;
    row_scans += other.row_scans;
    exact += other.exact;
    wide += other.wide;
    return *this;
  }
};

/// As nearest_rows_of_each on the CPU, with the given instruction set; shapes are not checked
/// again. \param counts  filled when not null
std::vector<std::vector<Nearest>> nearest_rows_cpu(const GowerRows& queries,
                                                   std::span<const GowerRows> references,
                                                   const DcrOptions& options, Isa isa,
                                                   SearchCounts* counts = nullptr);

}  // namespace semblance::kernels
