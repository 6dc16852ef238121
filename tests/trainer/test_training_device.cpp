#include "trainer/training_device.hpp"

#include <gtest/gtest.h>

#include <array>

#include "base/error.hpp"

namespace semblance::trainer {
namespace {

constexpr base::Device kCpu{};
constexpr base::Device kCuda{base::Device::Type::kCuda, 1};

void nothing_to_do() {}
void cannot_be_loaded() {
  base::fail(base::ErrorKind::kDevice, "LibTorch's CUDA library cannot be loaded: no such file");
}

TEST(TrainingDevice, IsTheOneFoundWhereLibTorchCanUseIt) {
  const auto alone = base::self_communicator();
  EXPECT_EQ(agreed_device(kCuda, nothing_to_do, *alone), "cuda:1");
}

TEST(TrainingDevice, IsTheCpuWithAWarningWhereLibTorchCannotUseTheDevice) {
  const auto alone = base::self_communicator();
  testing::internal::CaptureStderr();
  EXPECT_EQ(agreed_device(kCuda, cannot_be_loaded, *alone), "cpu");
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("warning: "), std::string::npos) << said;
  EXPECT_NE(said.find("no such file"), std::string::npos) << said;
}

TEST(TrainingDevice, OfAMachineWithoutADeviceIsTheCpuWithoutAWord) {
  const auto alone = base::self_communicator();
  testing::internal::CaptureStderr();
  EXPECT_EQ(agreed_device(kCpu, cannot_be_loaded, *alone), "cpu");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(TrainingDevice, IsTheSameOnEveryRank) {
  for (const bool no_device : {false, true}) {
    std::array<std::string, 3> names;
    base::run_ranks_as_threads(3, [&](base::Communicator& communicator) {
      const bool odd = communicator.rank() == 1;
      names[static_cast<std::size_t>(communicator.rank())] = agreed_device(
          odd && no_device ? kCpu : kCuda, odd ? cannot_be_loaded : nothing_to_do, communicator);
    });
    for (const std::string& name : names) EXPECT_EQ(name, "cpu");
  }
}

TEST(TrainingDevice, IsTakenAtItsWordUnlessItIsAuto) {
  const auto alone = base::self_communicator();
  for (const char* text : {"cpu", "cuda", "cuda:3"}) EXPECT_EQ(training_device(text, *alone), text);
  if (base::cuda_device_count() == 0) {
    EXPECT_EQ(training_device("auto", *alone), "cpu");
  }
}

}  // namespace
}  // namespace semblance::trainer
