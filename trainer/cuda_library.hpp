/// LibTorch's CUDA library, which is not linked: the program starts on machines that have no
/// driver.
#pragma once

namespace semblance::trainer {

/// Loads libtorch_cuda.so from the folder of libtorch_cpu.so, once.
/// \throws Error{kDevice} with the loader's reason
void load_torch_cuda();

}  // namespace semblance::trainer
