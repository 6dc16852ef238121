/// Devices on which a kernel test runs: the CPU always, CUDA where there is a device.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/device.hpp"

namespace semblance::kernels {

/// Test fixture whose parameter is a device name. Without a CUDA device the CUDA cases are skipped
/// with the reason, or fail when SEMBLANCE_REQUIRE_GPU=1.
class OnDevice : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "cpu" || base::cuda_device_count() > 0) return;
    const char* required = std::getenv("SEMBLANCE_REQUIRE_GPU");
    if (required != nullptr && std::string(required) == "1") FAIL() << base::cuda_absence_reason();
    GTEST_SKIP() << base::cuda_absence_reason();
  }
};

inline std::string device_case_name(const testing::TestParamInfo<std::string>& info) {
  return info.param == "cpu" ? "Cpu" : "Cuda";
}

}  // namespace semblance::kernels
