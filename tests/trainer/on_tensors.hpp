/// Devices of LibTorch's tensors on which a test runs: the CPU always, CUDA where there is a
/// device.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/device.hpp"
#include "base/error.hpp"
#include "trainer/cuda_library.hpp"

namespace semblance::trainer {

/// Test fixture whose parameter is a device name. Without a CUDA device the CUDA cases are skipped
/// with the reason, or fail when SEMBLANCE_REQUIRE_GPU is set.
class OnTensors : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const bool cuda = GetParam().starts_with("cuda");
    if (base::cuda_device_count() == 0) {
      if (!cuda) return;
      ASSERT_EQ(std::getenv("SEMBLANCE_REQUIRE_GPU"), nullptr) << base::cuda_absence_reason();
      GTEST_SKIP() << base::cuda_absence_reason();
    }
    // In the CPU's cases too: once they have differentiated it is too late.
    try {
      load_torch_cuda();
    } catch (const base::Error& error) {
      if (cuda) FAIL() << error.what();
    }
  }
};

inline std::string tensor_case_name(const testing::TestParamInfo<std::string>& device) {
  return device.param.starts_with("cpu") ? "Cpu" : "Cuda";
}

}  // namespace semblance::trainer
