/// Which device computes: parsing of --device, and what this machine has.
#pragma once

#include <string>
#include <string_view>

namespace semblance::base {

/// A device that computes, as resolved from --device.
struct Device {
  /// Which kernels run.
  enum class Type { kCpu, kCuda };
  Type type = Type::kCpu;  ///< the CPU unless a caller asked otherwise
  int index = 0;           ///< CUDA device number

  bool is_cuda() const { return type == Type::kCuda; }  ///< `index` means something then
  std::string name() const;                             ///< "cpu" or "cuda:N"
};

/// Number of usable CUDA devices; 0 without a driver, without a device or in a build without CUDA.
int cuda_device_count();

/// Why cuda_device_count() is 0, for messages and skipped tests; "" when there is a device.
std::string cuda_absence_reason();

/// True when this build has CUDA in it.
bool built_with_cuda();

/// Resolves "auto", "cpu", "cuda" or "cuda:N". "auto" and "cuda" without a number give device
/// (local rank mod number of devices); auto falls back to the CPU.
/// \throws Error{kUsage} for any other text, Error{kDevice} when CUDA was asked for and is absent
Device resolve_device(std::string_view text);

}  // namespace semblance::base
