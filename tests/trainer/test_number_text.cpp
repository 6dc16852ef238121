#include "trainer/number_text.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/philox.hpp"

namespace semblance::trainer {
namespace {

/// Text of what was read, for comparisons in one line: "position/decimals" and marks.
std::string read(const std::string& text) {
  const auto number = parse_number_text(text);
  if (!number) return "none";
  return std::to_string(number->position) + "/" + std::to_string(number->style.decimals) +
         (number->style.single ? " single" : "") + (number->bare ? " bare" : "") +
         (number->cut ? " cut" : "");
}

TEST(NumberText, PlainDecimalsAreRead) {
  EXPECT_EQ(read("0"), "0/0");
  EXPECT_EQ(read("-17"), "-17/0");
  EXPECT_EQ(read("98.60"), "9860/2");
  EXPECT_EQ(read("0.05"), "5/2");
  EXPECT_EQ(read("-0.05"), "-5/2");
  EXPECT_EQ(read(".5"), "5/1 bare");
  EXPECT_EQ(read("-.25"), "-25/2 bare");
  EXPECT_EQ(read("0.0"), "0/1");
  EXPECT_EQ(read("999999999999999"), "999999999999999/0");
}

TEST(NumberText, AllElseIsAText) {
  for (const char* text : {"",
                           "-",
                           ".",
                           "5.",
                           "007",
                           "00.5",
                           "-0",
                           "-0.0",
                           "+5",
                           "1e5",
                           "1,5",
                           " 5",
                           "5 ",
                           "<5",
                           "1+",
                           "12/3",
                           "nan",
                           "inf",
                           "0x1F",
                           "1.2.3",
                           "--1",
                           "1000000000000000",
                           "123456789.1234567"})
    EXPECT_EQ(read(text), "none") << text;
}

TEST(NumberText, ANumberThatPassedThroughSinglePrecisionIsReadAsItself) {
  EXPECT_EQ(read("57.299999237060547"), "573/1 single");
  EXPECT_EQ(read("36.277801513671875"), "362778/4 single");
  EXPECT_EQ(read(".60000002384185791"), "6/1 single bare");
  EXPECT_EQ(read("57.5"), "575/1");  // exact in single precision: no tail
  EXPECT_EQ(number_text({1, true}, 573, false), "57.299999237060547");
  EXPECT_EQ(number_text({1, true}, 6, true), ".60000002384185791");
}

TEST(NumberText, DecimalsBeyondNineAreCut) {
  EXPECT_EQ(read("37.333333333333336"), "37333333333/9 cut");
  EXPECT_EQ(read("0.12345678995"), "123456790/9 cut");
  EXPECT_EQ(read("0.0000000001"), "0/9 cut");
}

TEST(NumberText, ZeroBeforeThePointCanBeLeftOut) {
  EXPECT_EQ(number_text({2, false}, -5, false), "-0.05");
  EXPECT_EQ(number_text({2, false}, -5, true), "-.05");
  EXPECT_EQ(number_text({1, false}, 105, true), "10.5");
  EXPECT_EQ(number_text({0, false}, 0, true), "0");
}

TEST(NumberText, PositionsAreRescaledWithRounding) {
  EXPECT_EQ(rescaled(986, 1, 3), 98'600);
  EXPECT_EQ(rescaled(985, 1, 0), 99);
  EXPECT_EQ(rescaled(-985, 1, 0), -99);
  EXPECT_EQ(rescaled(1'000'000, 0, 9), std::nullopt);
}

TEST(NumberText, WhatIsWrittenIsReadAgain) {
  base::PhiloxStream random(1, base::Purpose::kEvaluate, 0);
  for (int i = 0; i < 200'000; ++i) {
    const int decimals = static_cast<int>(random.below(10));
    const auto size = static_cast<std::int64_t>(std::pow(10.0, 15 * random.uniform())) - 1;
    const std::int64_t position = random.uniform() < 0.3 ? -size : size;
    const bool bare = random.uniform() < 0.5;
    const std::string text = number_text({decimals, false}, position, bare);
    const auto number = parse_number_text(text);
    ASSERT_TRUE(number) << text;
    // A few numbers happen to have the tail of single precision: they are written back all the
    // same.
    if (!number->style.single) {
      ASSERT_EQ(number->position, position) << text;
    }
    ASSERT_EQ(number_text(number->style, number->position, number->bare), text);
    const std::string single = number_text({decimals % 6, true}, size % 10'000'000, bare);
    const auto again = parse_number_text(single);
    ASSERT_TRUE(again) << single;
    ASSERT_EQ(number_text(again->style, again->position, again->bare), single);
  }
}

TEST(NumberText, NoBytesMakeItFail) {
  base::PhiloxStream random(1, base::Purpose::kEvaluate, 1);
  const std::string bytes = std::string("0123456789.-+e <\xff", 17) + '\0';
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    for (std::uint64_t n = random.below(26); n > 0; --n) text += bytes[random.below(bytes.size())];
    const auto number = parse_number_text(text);
    if (number && !number->cut) {
      ASSERT_EQ(number_text(number->style, number->position, number->bare), text);
    }
  }
}

}  // namespace
}  // namespace semblance::trainer
