#include "table/format_value.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "table/detail/number_text.hpp"

namespace semblance::table {
namespace {

std::string real(double value, int decimals, int min_decimals = 0) {
  std::string text;
  append_real(text, value, decimals, min_decimals);
  return text;
}

TEST(FormatValue, FixedDecimalsLoseClosingZerosDownToTheFewest) {
  EXPECT_EQ(real(1.5, 3), "1.5");
  EXPECT_EQ(real(1.5, 3, 2), "1.50");
  EXPECT_EQ(real(2, 3), "2");
  EXPECT_EQ(real(2, 3, 1), "2.0");
  EXPECT_EQ(real(-0.0004, 3), "0");
  EXPECT_EQ(real(-0.0, -1, 1), "0.0");
  EXPECT_EQ(real(0.126, 2), "0.13");
  EXPECT_EQ(real(-1234.5678, 2), "-1234.57");
  EXPECT_EQ(real(1e15 + 0.5, 1), "1000000000000000.5");
}

TEST(FormatValue, DigitsBeyondADoubleNeverShow) { EXPECT_EQ(real(2222221.7, 15), "2222221.7"); }

TEST(FormatValue, ShortestFormReadsBackExactly) {
  EXPECT_EQ(real(0.1, -1), "0.1");
  EXPECT_EQ(real(100000, -1), "100000");
  EXPECT_EQ(real(1e300, -1), "1e+300");
  EXPECT_EQ(real(53, -1, 1), "53.0");
  std::mt19937_64 random(3);
  for (int i = 0; i < 200000; ++i) {
    std::uint64_t bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    const detail::NumberText read = detail::parse_number(real(value, -1, i % 3));
    ASSERT_TRUE(read.is_number) << real(value, -1);
    ASSERT_EQ(read.value, value) << real(value, -1);
  }
}

TEST(FormatValue, DecimalNumbersReadBackExactly) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 200000; ++i) {
    const int decimals = static_cast<int>(random() % 7);
    std::string text = std::to_string(static_cast<std::int64_t>(random() % 100'000'000));
    if (decimals > 0)
      text += "." + std::to_string(1'000'000 + random() % 1'000'000)
                        .substr(1, static_cast<std::size_t>(decimals));
    const detail::NumberText read = detail::parse_number(text);
    ASSERT_EQ(read.value, std::strtod(text.c_str(), nullptr)) << text;
    ASSERT_EQ(real(read.value, decimals, decimals), text);
  }
}

TEST(FormatValue, IntegersMayKeepAPointAndZeros) {
  std::string text;
  append_integer(text, -160, 1);
  EXPECT_EQ(text, "-160.0");
}

TEST(NumberText, TellsNumbersFromCodes) {
  using detail::parse_number;
  for (const char* text :
       {"0", "-1", "160.0", ".5", "-.5", "5.", "1e5", "1E-3", "0.0", "-0", "123456789012345678"}) {
    EXPECT_TRUE(parse_number(text).is_number) << text;
  }
  for (const char* text : {"", "-", ".", "007", "00", "-01", "+5", "1,234", "1.2.3", "0x10", "inf",
                           "nan", "1e", "12a", "1 2", "1e999", "NaN", "--1", "1-"}) {
    EXPECT_FALSE(parse_number(text).is_number) << text;
  }
  EXPECT_TRUE(parse_number("160.00").is_whole);
  EXPECT_FALSE(parse_number("160.01").is_whole);
  EXPECT_FALSE(parse_number("1e5").is_whole);
  EXPECT_FALSE(parse_number("1234567890123456789").is_whole)
      << "19 digits: an identifier, not a count";
}

TEST(NumberText, AgreesWithStrtodOnRandomTexts) {
  std::mt19937_64 random(5);
  const std::string_view letters = "0123456789.-e";
  int numbers = 0;
  for (int i = 0; i < 500000; ++i) {
    std::string text;
    for (std::uint64_t n = 1 + random() % 24; n > 0; --n)
      text += letters[random() % (random() % 4 == 0 ? 13 : 11)];
    const detail::NumberText read = detail::parse_number(text);
    if (!read.is_number) continue;
    char* end = nullptr;
    ASSERT_EQ(read.value, std::strtod(text.c_str(), &end)) << text;
    ASSERT_EQ(*end, '\0') << text;
    ++numbers;
  }
  EXPECT_GT(numbers, 20000);
}

}  // namespace
}  // namespace semblance::table
