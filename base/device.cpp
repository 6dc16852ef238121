#include "base/device.hpp"

#include <charconv>
#include <cstdlib>

#include "base/error.hpp"

#ifdef SEMBLANCE_WITH_CUDA
#include <cuda_runtime_api.h>
#endif

namespace semblance::base {

std::string Device::name() const { return is_cuda() ? fmt::format("cuda:{}", index) : "cpu"; }

#ifdef SEMBLANCE_WITH_CUDA
int cuda_device_count() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

std::string cuda_absence_reason() {
  int count = 0;
  const cudaError_t code = cudaGetDeviceCount(&count);
  if (code != cudaSuccess) return cudaGetErrorString(code);
  return count > 0 ? "" : "no CUDA device";
}

bool built_with_cuda() { return true; }
#else
int cuda_device_count() { return 0; }
std::string cuda_absence_reason() {
  return "this program was built without CUDA (SEMBLANCE_CUDA=OFF)";
}
bool built_with_cuda() { return false; }
#endif

namespace {

int local_rank() {
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID", "MPI_LOCALRANKID"}) {
    if (const char* value = std::getenv(name)) return std::atoi(value);
  }
  return 0;
}

}  // namespace

Device resolve_device(std::string_view text) {
  if (text == "cpu") return {};
  const int count = cuda_device_count();
  if (text == "auto" && count == 0) return {};
  if (text == "auto" || text == "cuda") {
    SEMBLANCE_EXPECT(count > 0, kDevice, "--device {}: no CUDA device: {}", text,
                     cuda_absence_reason());
    return {Device::Type::kCuda, local_rank() % count};
  }
  int index = -1;
  const std::string_view digits = text.starts_with("cuda:") ? text.substr(5) : "";
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  SEMBLANCE_EXPECT(
      !digits.empty() && code == std::errc() && end == digits.data() + digits.size() && index >= 0,
      kUsage, "--device '{}' must be auto, cpu, cuda or cuda:N", text);
  SEMBLANCE_EXPECT(index < count, kDevice, "--device {}: there are {} CUDA devices{}", text, count,
                   count == 0 ? ": " + cuda_absence_reason() : "");
  return {Device::Type::kCuda, index};
}

}  // namespace semblance::base
