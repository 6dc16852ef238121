#include "base/error.hpp"

#include <gtest/gtest.h>

namespace semblance::base {
namespace {

TEST(Error, KindDecidesTheExitCode) {
  EXPECT_EQ(exit_code(ErrorKind::kInternal), 1);
  EXPECT_EQ(exit_code(ErrorKind::kUsage), 2);
  EXPECT_EQ(exit_code(ErrorKind::kData), 3);
  EXPECT_EQ(exit_code(ErrorKind::kIo), 4);
  EXPECT_EQ(exit_code(ErrorKind::kDevice), 5);
  EXPECT_EQ(exit_code(ErrorKind::kComm), 5);
}

TEST(Error, NearestNameIsFoundAndFarOnesAreNot) {
  EXPECT_EQ(nearest_name("epohcs", {"epochs", "batch_size"}), "epochs");
  EXPECT_EQ(nearest_name("zzzzzz", {"epochs", "batch_size"}), "");
  EXPECT_EQ(nearest_name("SEX", {"age", "sex"}), "sex");
  EXPECT_EQ(nearest_name("admissiondate", {"AdmissionDate", "DischargeDate"}), "AdmissionDate");
  EXPECT_EQ(did_you_mean("epoch", {"epochs"}), " (did you mean 'epochs'?)");
}

}  // namespace
}  // namespace semblance::base
