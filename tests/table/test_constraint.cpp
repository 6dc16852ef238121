#include "table/constraint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "table/civil_date.hpp"

namespace semblance::table {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// One row: a = 3, b = 5, c missing, born 2000-01-01, seen 2020-05-05 12:00, "odd name" = 7, town
/// x, ward y.
Table one_row() {
  Table rows;
  rows.columns.push_back({.spec = {.name = "a", .kind = Kind::kInteger}, .ints = {3}});
  rows.columns.push_back({.spec = {.name = "b", .kind = Kind::kFloat}, .reals = {5}});
  rows.columns.push_back({.spec = {.name = "c", .kind = Kind::kFloat}, .reals = {std::nan("")}});
  rows.columns.push_back(
      {.spec = {.name = "born", .kind = Kind::kDate}, .ints = {days_from_civil(2000, 1, 1)}});
  rows.columns.push_back(
      {.spec = {.name = "seen", .kind = Kind::kDatetime},
       .ints = {days_from_civil(2020, 5, 5) * kMicrosPerDay + kMicrosPerDay / 2}});
  rows.columns.push_back({.spec = {.name = "odd name", .kind = Kind::kInteger}, .ints = {7}});
  rows.columns.push_back(
      {.spec = {.name = "town", .kind = Kind::kCategory}, .codes = {0}, .levels = {"x"}});
  rows.columns.push_back(
      {.spec = {.name = "ward", .kind = Kind::kCategory}, .codes = {0}, .levels = {"y"}});
  return rows;
}

bool holds(const std::string& text) {
  const Table rows = one_row();
  return parse_constraint(text, rows.schema()).holds(rows, 0);
}

TEST(Constraint, ComparesColumnsAndConstants) {
  EXPECT_TRUE(holds("a < b"));
  EXPECT_FALSE(holds("a > b"));
  EXPECT_TRUE(holds("b >= 5"));
  EXPECT_FALSE(holds("b > 5"));
  EXPECT_TRUE(holds("a<=3"));
  EXPECT_TRUE(holds("2.5 < a"));
  EXPECT_TRUE(holds("\"odd name\" > b"));
  EXPECT_TRUE(holds("odd name > b"));
}

TEST(Constraint, IntervalsTakeTheirEndsInOrNot) {
  EXPECT_TRUE(holds("a in [3, 4)"));
  EXPECT_FALSE(holds("a in (3, 4)"));
  EXPECT_TRUE(holds("b in (a, 5]"));
  EXPECT_FALSE(holds("b in (a,5)"));
  EXPECT_TRUE(holds("a in (-inf, inf)"));
}

TEST(Constraint, SignsAreUnderstood) {
  EXPECT_TRUE(holds("a positive"));
  EXPECT_TRUE(holds("a nonnegative"));
  EXPECT_FALSE(holds("a negative"));
  EXPECT_FALSE(holds("a nonpositive"));
}

TEST(Constraint, DatesCompareWithDatesAndDatetimes) {
  EXPECT_TRUE(holds("born < seen"));
  EXPECT_TRUE(holds("born >= 2000-01-01"));
  EXPECT_FALSE(holds("born > 2000-01-01"));
  EXPECT_TRUE(holds("seen in [2020-05-05 12:00, 2021-01-01)"));
}

TEST(Constraint, AMissingValueMeetsEveryRule) {
  EXPECT_TRUE(holds("c > b"));
  EXPECT_TRUE(holds("c < b"));
  EXPECT_TRUE(holds("c in (0, 1)"));
}

TEST(Constraint, AFixedCombinationNamesItsColumns) {
  const Constraint constraint = parse_constraint("fixcombo town ward", one_row().schema());
  EXPECT_EQ(constraint.type, Constraint::Type::kFixedCombination);
  EXPECT_THAT(constraint.columns, testing::ElementsAre(6, 7));
}

TEST(Constraint, SaysWhatIsWrongAndWhatWouldBeRight) {
  const Schema schema = one_row().schema();
  const auto parse = [&](const std::string& text) {
    return [&schema, text] { parse_constraint(text, schema); };
  };
  EXPECT_THAT(parse("sean > born"), ThrowsMessage<base::Error>(AllOf(
                                        HasSubstr("sean"), HasSubstr("did you mean 'seen'"))));
  EXPECT_THAT(parse("a is small"), ThrowsMessage<base::Error>(
                                       AllOf(HasSubstr("a is small"), HasSubstr("A in (lo, hi]"))));
  EXPECT_THAT(parse("a > born"),
              ThrowsMessage<base::Error>(HasSubstr("compares a date with a number")));
  EXPECT_THAT(parse("town > 3"), ThrowsMessage<base::Error>(HasSubstr("only numbers and dates")));
  EXPECT_THAT(parse("fixcombo town"), ThrowsMessage<base::Error>(HasSubstr("two columns")));
  EXPECT_THAT(parse("fixcombo town a"), ThrowsMessage<base::Error>(HasSubstr("takes categories")));
  EXPECT_THAT(parse("a in (5, 1)"), ThrowsMessage<base::Error>(HasSubstr("above its upper end")));
  EXPECT_THAT(parse("a in (5; 1)"), ThrowsMessage<base::Error>(HasSubstr("comma")));
  EXPECT_THAT(parse("1 < 2"), ThrowsMessage<base::Error>(HasSubstr("two constants")));
  EXPECT_THAT(parse("a <"), ThrowsMessage<base::Error>(HasSubstr("empty")));
  EXPECT_THAT(parse(""), ThrowsMessage<base::Error>(HasSubstr("empty")));
}

}  // namespace
}  // namespace semblance::table
