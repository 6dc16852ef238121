/// The fast CPU search behind nearest_rows, with its inner switches open to tests and benchmarks.
#pragma once

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
};

/// As nearest_rows on the CPU, with the given instruction set.
/// \param counts  filled when not null
std::vector<Nearest> nearest_rows_cpu(const GowerRows& queries, const GowerRows& references,
                                      const DcrOptions& options, Isa isa,
                                      SearchCounts* counts = nullptr);

}  // namespace semblance::kernels
