/// The CUDA search behind nearest_rows; only in builds with CUDA.
#pragma once

#include <span>
#include <vector>

#include "kernels/dcr.hpp"

namespace semblance::kernels {

/// As nearest_rows_of_each on one CUDA device; shapes are not checked again. The indexes are built
/// on the host with `options.threads`; queries go through the device in slabs, so that memory is
/// O(references) there.
std::vector<std::vector<Nearest>> nearest_rows_cuda(const GowerRows& queries,
                                                    std::span<const GowerRows> references,
                                                    const DcrOptions& options, int device_index);

}  // namespace semblance::kernels
