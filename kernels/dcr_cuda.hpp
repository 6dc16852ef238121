/// The CUDA search behind nearest_rows; only in builds with CUDA.
#pragma once

#include <vector>

#include "base/device.hpp"
#include "kernels/dcr.hpp"

namespace semblance::kernels {

/// As nearest_rows on one CUDA device. The index is built on the host with `options.threads`;
/// queries go through the device in slabs, so that memory is O(references) there.
std::vector<Nearest> nearest_rows_cuda(const GowerRows& queries, const GowerRows& references,
                                       const DcrOptions& options, const base::Device& device);

}  // namespace semblance::kernels
