#include "base/device.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace semblance::base {
namespace {

ErrorKind kind_of(std::string_view device) {
  try {
    resolve_device(device);
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::kInternal;
}

TEST(Device, CpuIsAlwaysThere) { EXPECT_EQ(resolve_device("cpu").name(), "cpu"); }

TEST(Device, AutoNeverFails) { EXPECT_NO_THROW(resolve_device("auto")); }

TEST(Device, NonsenseIsAUsageError) {
  EXPECT_EQ(kind_of("gpu"), ErrorKind::kUsage);
  EXPECT_EQ(kind_of("cuda:"), ErrorKind::kUsage);
  EXPECT_EQ(kind_of("cuda:x"), ErrorKind::kUsage);
}

TEST(Device, AnAbsentDeviceIsADeviceError) { EXPECT_EQ(kind_of("cuda:4095"), ErrorKind::kDevice); }

TEST(Device, AbsenceHasAReason) {
  if (cuda_device_count() == 0) {
    EXPECT_NE(cuda_absence_reason(), "");
    EXPECT_EQ(kind_of("cuda"), ErrorKind::kDevice);
  } else {
    EXPECT_EQ(cuda_absence_reason(), "");
  }
}

}  // namespace
}  // namespace semblance::base
