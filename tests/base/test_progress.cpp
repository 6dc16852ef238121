#include "base/progress.hpp"

#include <gtest/gtest.h>

namespace semblance::base {
namespace {

TEST(TimeText, CountsWholeMinutesAndWhatIsLeft) {
  EXPECT_EQ(time_text(0.04), "0.0 s");
  EXPECT_EQ(time_text(59.9), "59.9 s");
  EXPECT_EQ(time_text(90), "1 min 30 s");
  EXPECT_EQ(time_text(125.4), "2 min 05 s");
  EXPECT_EQ(time_text(3570), "59 min 30 s");
  EXPECT_EQ(time_text(5400), "1 h 30 min");
  EXPECT_EQ(time_text(26.0 * 3600 + 61), "26 h 01 min");
}

TEST(TimeText, RoundsIntoTheNextUnit) {
  EXPECT_EQ(time_text(59.96), "1 min 00 s");
  EXPECT_EQ(time_text(119.7), "2 min 00 s");
  EXPECT_EQ(time_text(3599.8), "1 h 00 min");
  EXPECT_EQ(time_text(7199), "1 h 59 min");
}

}  // namespace
}  // namespace semblance::base
