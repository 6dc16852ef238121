#include "table/condition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "table/civil_date.hpp"

namespace semblance::table {
namespace {

Schema example() {
  Schema schema;
  const auto add = [&](const char* name, Kind kind) {
    schema.columns.push_back({.name = name, .kind = kind});
  };
  add("age", Kind::kInteger), add("dose", Kind::kFloat), add("sex", Kind::kCategory);
  add("born", Kind::kDate), add("seen", Kind::kDatetime), add("who", Kind::kId);
  add("type of ward (long)", Kind::kCategory);
  return schema;
}

AllowedValues one(const std::vector<std::string>& texts) {
  const auto all = parse_conditions(texts, example());
  EXPECT_EQ(all.size(), 1u);
  return all.front();
}

TEST(Condition, ComparesNumbersWithEndsAsTheyAreWritten) {
  EXPECT_TRUE(one({"age >= 65"}).allows(65));
  EXPECT_FALSE(one({"age > 65"}).allows(65));
  EXPECT_TRUE(one({"dose < -0.5"}).allows(-0.6));
  EXPECT_FALSE(one({"dose<-0.5"}).allows(-0.5));
  EXPECT_TRUE(one({"age=7"}).allows(7));
  EXPECT_FALSE(one({"age = 7"}).allows(8));
  EXPECT_FALSE(one({"age != 7"}).allows(7));
  EXPECT_TRUE(one({"age NOT IN (7, 9)"}).allows(8));
  EXPECT_FALSE(one({"age not in (7, 9)"}).allows(9));
}

TEST(Condition, SeveralOnOneColumnHoldTogether) {
  const AllowedValues allowed = one({"age >= 18", "age < 65", "age != 30"});
  EXPECT_FALSE(allowed.allows(17));
  EXPECT_TRUE(allowed.allows(18));
  EXPECT_FALSE(allowed.allows(30));
  EXPECT_TRUE(allowed.allows(64));
  EXPECT_FALSE(allowed.allows(65));
  EXPECT_FALSE(allowed.missing);
}

TEST(Condition, NamesLevelsWithQuotesWhereTheyNeedThem) {
  const AllowedValues allowed = one({"sex IN (F, \"not, known\")"});
  EXPECT_TRUE(allowed.allows_level("F"));
  EXPECT_TRUE(allowed.allows_level("not, known"));
  EXPECT_FALSE(allowed.allows_level("M"));
  EXPECT_TRUE(one({"\"type of ward (long)\" = acute care"}).allows_level("acute care"));
  EXPECT_FALSE(one({"sex != F"}).allows_level("F"));
}

TEST(Condition, TakesApostrophesForQuotesWhereTheyStandAroundAValue) {
  EXPECT_TRUE(one({"sex = 'F'"}).allows_level("F"));
  const AllowedValues allowed = one({"sex IN ('F','not, known', 's-Hertogenbosch, O'Brien)"});
  for (const char* level : {"F", "not, known", "'s-Hertogenbosch", "O'Brien"})
    EXPECT_TRUE(allowed.allows_level(level)) << level;
  EXPECT_TRUE(one({"born = '2150-01-31'"}).allows(days_from_civil(2150, 1, 31)));
}

TEST(Condition, RefusesSeveralInOneAndSaysSo) {
  for (const char* text :
       {"age > 30 AND age < 40", "sex = F or sex = M", "sex=F and age IS MISSING"}) {
    try {
      parse_conditions({text}, example());
      ADD_FAILURE() << text;
    } catch (const base::Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("not joined by AND or OR")) << text;
    }
  }
  EXPECT_TRUE(one({"sex = drugs AND alcohol"}).allows_level("drugs AND alcohol"));
}

TEST(Condition, ADayOfAColumnWithTimesIsTheWholeDay) {
  const double day = static_cast<double>(days_from_civil(2150, 1, 31)),
               micros = day * static_cast<double>(kMicrosPerDay);
  EXPECT_TRUE(one({"born = 2150-01-31"}).allows(day));
  EXPECT_FALSE(one({"born > 2150-01-31"}).allows(day));
  EXPECT_TRUE(one({"seen = 2150-01-31"}).allows(micros + 3600e6));
  EXPECT_FALSE(one({"seen > 2150-01-31"}).allows(micros + 3600e6));
  EXPECT_TRUE(one({"seen <= 2150-01-31"}).allows(micros + 3600e6));
  EXPECT_FALSE(one({"seen < \"2150-01-31 00:30\""}).allows(micros + 3600e6));
}

TEST(Condition, MissingMeetsOnlyIsMissing) {
  EXPECT_FALSE(one({"sex != F"}).missing);
  const AllowedValues missing = one({"age IS MISSING"});
  EXPECT_TRUE(missing.missing);
  EXPECT_FALSE(missing.allows(3));
  const AllowedValues present = one({"age is not missing"});
  EXPECT_FALSE(present.missing);
  EXPECT_TRUE(present.allows(3));
  Column column{.spec = {.name = "age", .kind = Kind::kInteger}, .ints = {4, kMissingInt}};
  EXPECT_TRUE(present.holds(column, 0));
  EXPECT_FALSE(present.holds(column, 1));
  EXPECT_TRUE(missing.holds(column, 1));
}

TEST(Condition, WhatIsNotUnderstoodSaysWhatWouldBeRight) {
  for (const auto& [text, hint] :
       std::vector<std::pair<std::string, std::string>>{{"agee > 3", "did you mean 'age'"},
                                                        {"who = x", "identifier"},
                                                        {"sex > F", "=, != or IN"},
                                                        {"age > old", "not a number"},
                                                        {"born > 31/01/2150", "2150-01-31"},
                                                        {"age", "a condition is"},
                                                        {"age >", "a condition is"},
                                                        {"age IN 3", "brackets"},
                                                        {"age IS ABSENT", "not understood"},
                                                        {"age ~ 3", "a condition is"}}) {
    EXPECT_THAT([&] { parse_conditions({text}, example()); },
                testing::ThrowsMessage<base::Error>(testing::HasSubstr(hint)))
        << text;
  }
  EXPECT_THAT(
      [&] {
        parse_conditions({"age > 3", "age < 2"}, example());
      },
      testing::ThrowsMessage<base::Error>(testing::HasSubstr("no value meets it")));
  EXPECT_THROW(parse_conditions({"sex = F", "sex = M"}, example()), base::Error);
  EXPECT_THROW(parse_conditions({"age IS MISSING", "age > 3"}, example()), base::Error);
}

}  // namespace
}  // namespace semblance::table
