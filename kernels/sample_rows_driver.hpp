/// The drivers behind make_row_sampler(); weights are checked already.
#pragma once

#include <memory>

#include "kernels/sample_rows.hpp"

namespace semblance::kernels {

/// For the best instruction set of this machine.
std::unique_ptr<RowSampler> make_row_sampler_cpu(const DecoderWeights& weights);
/// Only in builds with CUDA; the weights are copied to the device. \throws Error{kDevice}
std::unique_ptr<RowSampler> make_row_sampler_cuda(const DecoderWeights& weights, int device_index);

}  // namespace semblance::kernels
