/// The CUDA driver of kernels/train_ops.hpp; only in builds with CUDA.
#pragma once

#include <memory>

#include "kernels/train_ops.hpp"

namespace semblance::kernels {

/// \param stream  a cudaStream_t of that device
std::unique_ptr<TrainOps> make_train_ops_cuda(int device, void* stream);

}  // namespace semblance::kernels
