#include "prepare/python_random.hpp"

#include <gtest/gtest.h>

namespace semblance::prepare {
namespace {

// Expected numbers: CPython 3.11, random.seed(...), random.getrandbits(32), random.randrange(...).
TEST(PythonRandom, WordsAreThoseOfCPython) {
  PythonRandom random(2021);
  EXPECT_EQ(random.bits(32), 3592042239u);
  EXPECT_EQ(random.bits(32), 1736050280u);
  EXPECT_EQ(random.bits(32), 3686380748u);
}

TEST(PythonRandom, RangesAreThoseOfCPython) {
  PythonRandom random(2021);
  for (const int expected : {851, 408, 873, 639, 552, 278})
    EXPECT_EQ(random.between(-5, 1000), expected);
}

TEST(PythonRandom, SeedsAndRangesMayBeLongerThanOneWord) {
  PythonRandom random((std::uint64_t{1} << 40) + 7);
  for (const std::int64_t expected : {822974591194, 704138462757, 775543922676}) {
    EXPECT_EQ(random.between(0, 1'000'000'000'000), expected);
  }
}

}  // namespace
}  // namespace semblance::prepare
