#include "prepare/number_runs.hpp"

#include <gtest/gtest.h>

namespace semblance::prepare {
namespace {

TEST(NumberRuns, ARunOfNumbersIsWrittenAsPandasWritesIt) {
  NumberRuns runs(3);
  NumberRuns::Block block = runs.block();
  int row = 0;
  // Whole numbers; numbers with a missing value; texts.
  for (const char* const text : {"1", "007", "3", "4", "", "95.9", "7", "8", "Sinus"}) {
    block.add(++row, text, *text == '\0');
  }
  runs.merge(block);
  EXPECT_EQ(runs.as_written(2, "007"), "7");
  EXPECT_EQ(runs.as_written(4, "4"), "4.0");
  EXPECT_EQ(runs.as_written(6, "95.9"), "95.9");
  EXPECT_EQ(runs.as_written(7, "7"), "7");
}

TEST(NumberRuns, BlocksMayComeInAnyOrderAndCutRunsAnywhere) {
  NumberRuns runs(4);
  NumberRuns::Block late = runs.block(), early = runs.block();
  for (int row = 3; row <= 8; ++row) late.add(row, row < 7 ? "5" : "x", false);
  early.add(1, "1", false);
  early.add(2, "2.5", false);
  runs.merge(late);
  runs.merge(early);
  EXPECT_EQ(runs.as_written(3, "5"), "5.0");
  EXPECT_EQ(runs.as_written(5, "5"), "5");
}

TEST(NumberRuns, WithoutAnyTextWholeNumbersFollowTheFloats) {
  NumberRuns runs(1);
  NumberRuns::Block block = runs.block();
  block.add(1, "5", false);
  block.add(2, "2.5", false);
  runs.merge(block);
  EXPECT_EQ(runs.as_written(1, "5"), "5.0");
}

}  // namespace
}  // namespace semblance::prepare
