/// Picks the driver of a kernel by the name of a device.
#pragma once

#include <string>

#include "base/device.hpp"
#include "base/error.hpp"

namespace semblance::kernels {

/// Calls cuda(number of the CUDA device) or cpu().
/// \param device  as base::Device::name()
/// \param cuda    a generic lambda, so that builds without CUDA do not look for its driver
/// \return what was called returns
/// \throws Error{kUsage} for another name; Error{kDevice} when CUDA is asked for and absent
template <class Cpu, class Cuda>
decltype(auto) on_device(const std::string& device, const Cpu& cpu,
                         [[maybe_unused]] const Cuda& cuda) {
  const base::Device where = base::resolve_device(device);
#ifdef SEMBLANCE_WITH_CUDA
  if (where.is_cuda()) return cuda(where.index);
#endif
  SEMBLANCE_ASSERT(!where.is_cuda());
  return cpu();
}

}  // namespace semblance::kernels
