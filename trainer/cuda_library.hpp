/// LibTorch's CUDA library, which is not linked: the program starts on machines that have no
/// driver.
#pragma once

namespace semblance::trainer {

/// Loads libtorch_cuda.so from the folder of libtorch_cpu.so, once. It must come before anything in
/// the process that differentiates (backward()) or asks LibTorch for CUDA: LibTorch looks for its
/// CUDA part once, and then knows of none for as long as the process lives.
/// \throws Error{kDevice} with the loader's reason
void load_torch_cuda();

}  // namespace semblance::trainer
