#include "trainer/codec_identifier.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace semblance::trainer {
namespace {

TEST(CodecIdentifier, SequenceCountsFromOne) {
  EXPECT_EQ(issue_identifier("sequence", 0, 1), "1");
  EXPECT_EQ(issue_identifier("", 41, 1), "42");
}

TEST(CodecIdentifier, PatternTakesTheDigitsOfTheRow) {
  EXPECT_EQ(issue_identifier("P######", 0, 1), "P000001");
  EXPECT_EQ(issue_identifier("A##-##Z", 1233, 1), "A12-34Z");
  EXPECT_EQ(issue_identifier("P##", 12344, 1), "P12345");
  EXPECT_EQ(issue_identifier("ID", 6, 1), "ID7");
}

TEST(CodecIdentifier, UuidIsOfVersionFourAndDependsOnSeedAndRow) {
  const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  const std::string a = issue_identifier("uuid", 5, 1);
  EXPECT_TRUE(std::regex_match(a, form)) << a;
  EXPECT_EQ(a, issue_identifier("uuid", 5, 1));
  EXPECT_NE(a, issue_identifier("uuid", 5, 2));
  EXPECT_NE(a, issue_identifier("uuid", 6, 1));
}

TEST(CodecIdentifier, NhsCheckDigitIsThePublishedOne) {
  EXPECT_EQ(nhs_check_digit(943476591), 9);   // 943 476 5919, the data dictionary's example
  EXPECT_EQ(nhs_check_digit(999000000), 10);  // 9 * (10 + 9 + 8) = 243 = 22 * 11 + 1: there is none
}

TEST(CodecIdentifier, NhsNumbersAreValidDistinctAndOfTheTestRange) {
  std::set<std::string> seen;
  for (std::int64_t row = 0; row < 20'000; ++row) {
    const std::string number = issue_identifier("nhs-number", row, 1);
    ASSERT_EQ(number.size(), 10u);
    ASSERT_EQ(number.substr(0, 3), "999");
    ASSERT_EQ(nhs_check_digit(std::stoi(number.substr(0, 9))), number[9] - '0');
    ASSERT_TRUE(seen.insert(number).second) << number;
  }
}

TEST(CodecIdentifier, ColumnHoldsTheIdentifiersOfItsGlobalRows) {
  table::Column column{.spec = {.name = "id", .kind = table::Kind::kId, .id_pattern = "P####"}};
  issue_identifiers(10, 3, 1, column);
  ASSERT_EQ(column.size(), 3);
  EXPECT_EQ(column.as_text(0), "P0011");
  EXPECT_EQ(column.as_text(2), "P0013");
}

std::int64_t after(const std::string& pattern, std::vector<std::string> real) {
  table::Column column{.spec = {.name = "id", .kind = table::Kind::kId, .id_pattern = pattern}};
  column.levels = std::move(real);
  return first_free_row(column);
}

TEST(CodecIdentifier, IssuingBeginsBeyondEveryRealOneAtARoundNumber) {
  EXPECT_EQ(after("", {"7", "1234", "999"}), 10'000);
  EXPECT_EQ(after("sequence", {"10000"}), 10'000);
  EXPECT_EQ(after("P######", {"P000012", "P001234"}), 10'000);
  // Seven digits would not be of the pattern: the first digit is told.
  EXPECT_EQ(after("P######", {"P123456"}), 200'000);
  EXPECT_EQ(after("P######", {"P912345"}), 1'000'000);
  EXPECT_EQ(after("P##", {"P12345"}), 100'000);  // five digits: a number that has grown
  EXPECT_EQ(after("A##-##Z", {"A12-34Z", "A99-99"}), 2'000);
  EXPECT_EQ(after("ID", {"ID7"}), 10);
}

TEST(CodecIdentifier, RealOnesOfAnotherFormAreNotInTheWay) {
  EXPECT_EQ(after("P######", {"Q123456", "P12345", "P12X456", "123456", ""}), 0);
  EXPECT_EQ(after("", {"x1", "12b", "-5", "99999999999999999999"}), 0);
  EXPECT_EQ(after("uuid", {"123"}), 0);
  EXPECT_EQ(after("nhs-number", {"9434765919"}), 0);
}

TEST(CodecIdentifier, WhatIsIssuedFromThereOnIsNeverAmongTheRealOnes) {
  for (const std::string pattern : {"", "P####", "A#-#Z", "ID"}) {
    for (const std::int64_t most : {9, 10, 95, 100, 2'500, 9'999, 12'345}) {
      std::vector<std::string> real;
      for (std::int64_t row = 0; row < most; ++row)
        real.push_back(issue_identifier(pattern, row, 1));
      const std::set<std::string> known(real.begin(), real.end());
      const std::int64_t first = after(pattern, real);
      for (std::int64_t row = first; row < first + 2'000; ++row)
        ASSERT_FALSE(known.contains(issue_identifier(pattern, row, 1))) << pattern << " " << most;
    }
  }
}

}  // namespace
}  // namespace semblance::trainer
