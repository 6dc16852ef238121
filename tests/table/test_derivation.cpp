#include "table/derivation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "table/civil_date.hpp"

namespace semblance::table {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::int64_t moment(int month, int day, int hour, int minute) {
  return days_from_civil(2020, month, day) * kMicrosPerDay +
         (hour * 60 + minute) * 60 * kMicrosPerSecond;
}

/// Two rows, the second with gaps in `b` and `out`. `result` is a number of one decimal, `whole` an
/// integer, `day` a date, `text` a category: what is derived in these tests.
Table two_rows() {
  const double nan = std::nan("");
  Table rows;
  const auto add = [&](Column column) { rows.columns.push_back(std::move(column)); };
  add({.spec = {.name = "a", .kind = Kind::kInteger}, .ints = {3, 4}});
  add({.spec = {.name = "b", .kind = Kind::kFloat, .decimals = 2}, .reals = {5.25, nan}});
  add({.spec = {.name = "odd name", .kind = Kind::kInteger}, .ints = {90, 30}});
  add({.spec = {.name = "born", .kind = Kind::kDate},
       .ints = {days_from_civil(2000, 2, 29), days_from_civil(1950, 3, 1)}});
  add({.spec = {.name = "in", .kind = Kind::kDatetime},
       .ints = {moment(2, 28, 18, 0), moment(3, 1, 0, 30)}});
  add({.spec = {.name = "out", .kind = Kind::kDatetime},
       .ints = {moment(3, 1, 12, 0), kMissingInt}});
  add({.spec = {.name = "town", .kind = Kind::kCategory}, .codes = {1, -1}, .levels = {"x", "y"}});
  add({.spec = {.name = "result", .kind = Kind::kFloat, .decimals = 1}, .reals = {0, 0}});
  add({.spec = {.name = "whole", .kind = Kind::kInteger}, .ints = {0, 0}});
  add({.spec = {.name = "day", .kind = Kind::kDate}, .ints = {0, 0}});
  add({.spec = {.name = "text", .kind = Kind::kCategory}, .codes = {0, 0}, .levels = {"z"}});
  add({.spec = {.name = "id", .kind = Kind::kId}, .codes = {0, 1}, .levels = {"P1", "P2"}});
  return rows;
}

Derivation parsed(const std::string& column, const std::string& formula) {
  Schema schema = two_rows().schema();
  const int index = schema.find(column);
  schema.columns[static_cast<std::size_t>(index)].derived = formula;
  return parse_derivation(schema, index);
}

/// The results of both rows as text.
std::vector<std::string> results(const std::string& column, const std::string& formula) {
  Table rows = two_rows();
  const Derivation derivation = parsed(column, formula);
  derivation.compute(rows);
  EXPECT_TRUE(derivation.holds(rows, 0) && derivation.holds(rows, 1)) << formula;
  const Column& out = rows.column(column);
  return {out.as_text(0), out.as_text(1)};
}

TEST(Derivation, AddsColumnsWithFactors) {
  EXPECT_THAT(results("result", "a + b"), ElementsAre("8.3", ""));  // 8.25, a tie
  EXPECT_THAT(results("result", "2*a - \"odd name\"/60 + 0.5"), ElementsAre("5", "8"));
  EXPECT_THAT(results("result", "-a + a*3"), ElementsAre("6", "8"));
  EXPECT_THAT(results("whole", "10 - a"), ElementsAre("7", "6"));
}

TEST(Derivation, CountsTheTimeBetweenTwoDates) {
  EXPECT_THAT(results("result", "days(in, out)"), ElementsAre("1.8", ""));  // 1.75
  EXPECT_THAT(results("result", "hours(in, out)"), ElementsAre("42", ""));
  EXPECT_THAT(results("whole", "minutes(in, out)"), ElementsAre("2520", ""));
  EXPECT_THAT(results("whole", "seconds(in, out)"), ElementsAre("151200", ""));
  EXPECT_THAT(results("whole", "floor(days(in, out))"), ElementsAre("1", ""));
  EXPECT_THAT(results("whole", "nights(in, out)"), ElementsAre("2", ""));
  EXPECT_THAT(results("whole", "nights(in, out) + 1"), ElementsAre("3", ""));
}

TEST(Derivation, CountsBirthdaysToAnAge) {
  // Born on 29 February: not yet 20 on 28 February.
  EXPECT_THAT(results("whole", "years(born, in)"), ElementsAre("19", "70"));
  EXPECT_THAT(results("whole", "years(born, out)"), ElementsAre("20", ""));
  EXPECT_THAT(results("whole", "years(in, born)"), ElementsAre("-20", "-70"));
}

TEST(Derivation, RoundsAsItSays) {
  const auto first = [](const std::string& formula) { return results("whole", formula)[0]; };
  EXPECT_EQ(first("\"odd name\"/20"), "5");  // 4.5
  EXPECT_EQ(first("round(\"odd name\"/20)"), "5");
  EXPECT_EQ(first("round_even(\"odd name\"/20)"), "4");
  EXPECT_EQ(first("ceil(\"odd name\"/20)"), "5");
  EXPECT_EQ(first("floor(\"odd name\"/-20)"), "-5");
  EXPECT_EQ(first("trunc(\"odd name\"/-20)"), "-4");
  EXPECT_EQ(first("round(\"odd name\"/-20)"), "-5");
}

TEST(Derivation, NoiseOfDoublesIsNoReasonToRoundDown) {
  Table rows = two_rows();
  rows.columns[1].reals = {0.1, 0.7};
  const Derivation derivation = parsed("whole", "floor(3*b + 7*b)");
  derivation.compute(rows);
  EXPECT_THAT(rows.column("whole").ints, ElementsAre(1, 7));
}

TEST(Derivation, CopiesAnyKind) {
  EXPECT_THAT(results("text", "town"), ElementsAre("y", ""));
  EXPECT_THAT(results("day", "out"), ElementsAre("2020-03-01", ""));  // the day of a moment
  EXPECT_THAT(results("whole", "odd name"), ElementsAre("90", "30"));
  EXPECT_THAT(results("result", "a"), ElementsAre("3", "4"));
}

TEST(Derivation, AValueMayBeEitherNeighbourOfATieOfDecimals) {
  Table rows = two_rows();
  const Derivation derivation = parsed("result", "a + b");
  for (const double value : {8.2, 8.3}) {
    rows.columns[7].reals = {value, std::nan("")};
    EXPECT_TRUE(derivation.holds(rows, 0)) << value;
  }
  for (const double value : {8.1, 8.4}) {
    rows.columns[7].reals = {value, std::nan("")};
    EXPECT_FALSE(derivation.holds(rows, 0)) << value;
  }
  rows.columns[7].reals = {8.3, 1};
  EXPECT_FALSE(derivation.holds(rows, 1));  // `b` is missing, so it must be
}

TEST(Derivation, ComparesWholeNumbersToTheLastDigit) {
  Table rows = two_rows();
  const Derivation derivation = parsed("whole", "a + \"odd name\"");
  rows.columns[0].ints = {20'240'101'120'000, 4};
  rows.columns[8].ints = {20'240'101'120'090, 34};
  EXPECT_TRUE(derivation.holds(rows, 0));
  for (const std::int64_t off : {-20, -1, 1, 20}) {
    rows.columns[8].ints[0] = 20'240'101'120'090 + off;
    EXPECT_FALSE(derivation.holds(rows, 0)) << off;
  }
}

TEST(Derivation, AllowsAFewRoundingsOfDoubles) {
  Table rows = two_rows();
  rows.columns[1].reals = {0.1, 0.3};
  rows.columns[7].spec.decimals = -1;
  Schema schema = rows.schema();
  schema.columns[7].derived = "b + b/3 + 0.1";
  const Derivation derivation = parse_derivation(schema, 7);
  const double sum = 0.1 + (0.1 + 0.1 / 3);
  rows.columns[7].reals = {std::nextafter(std::nextafter(sum, 1.0), 1.0), 0.5 + 1e-12};
  EXPECT_TRUE(derivation.holds(rows, 0));
  EXPECT_FALSE(derivation.holds(rows, 1));
}

TEST(Derivation, OnlyIntegersHaveALargestNumber) {
  Table rows = two_rows();
  rows.columns[1].reals = {1e19, 1e308};
  rows.columns[7].spec.decimals = -1;
  Schema schema = rows.schema();
  schema.columns[7].derived = "10*b", schema.columns[8].derived = "10*b";
  parse_derivation(schema, 7).compute(rows);
  EXPECT_EQ(rows.columns[7].reals[0], 1e20);
  EXPECT_TRUE(rows.columns[7].is_missing(1));  // no number
  parse_derivation(schema, 8).compute(rows);
  EXPECT_TRUE(rows.columns[8].is_missing(0));
}

void expect_refused(const std::string& column, const std::string& formula, const std::string& why) {
  EXPECT_THAT([&] { parsed(column, formula); },
              ThrowsMessage<base::Error>(AllOf(HasSubstr(column), HasSubstr(why))))
      << formula;
}

TEST(Derivation, SaysWhatIsWrongWithAFormula) {
  expect_refused("whole", "a + bb", "no column 'bb' (did you mean 'b'?)");
  expect_refused("whole", "a + town", "column 'town' is of kind category; sums take numbers");
  expect_refused("whole", "days(a, in)", "column 'a' is of kind integer; days takes two dates");
  expect_refused("whole", "days(in)", "',' is missing");
  expect_refused("whole", "a +", "a column is missing at the end");
  expect_refused("whole", "a b", "'b' was not understood");
  expect_refused("whole", "a / 0", "divides by 0");
  expect_refused("whole", "3", "it names no column");
  expect_refused("whole", "whole + 1", "cannot follow from itself");
  expect_refused("whole", "weeks(in, out)", "'weeks' is no function here");
  expect_refused("whole", "\"odd name", "a quote is not closed");
  expect_refused("whole", "id", "column 'id' is of kind id");
  expect_refused("whole", "town", "cannot be of kind integer");
  expect_refused("text", "a + b", "the result is a number");
  expect_refused("id", "a", "an identifier is issued anew");
}

TEST(Derivation, ComesAfterWhatItFollowsFromAndNeverInACircle) {
  Schema schema = two_rows().schema();
  const auto derive = [&](const std::string& column, const std::string& formula) {
    schema.columns[static_cast<std::size_t>(schema.find(column))].derived = formula;
  };
  derive("a", "whole + 1"), derive("whole", "floor(days(in, out))");
  const std::vector<Derivation> formulas = parse_derivations(schema);
  EXPECT_EQ(formulas[0].spec.name, "whole");
  EXPECT_EQ(formulas[1].spec.name, "a");
  derive("whole", "a - 1");
  EXPECT_THAT([&] { parse_derivations(schema); },
              ThrowsMessage<base::Error>(AllOf(HasSubstr("'a', 'whole'"), HasSubstr("circle"))));
}

TEST(Derivation, RefusesADroppedColumnAndASettingThatSaysTheSame) {
  Schema schema = two_rows().schema();
  schema.columns[8].derived = "a";
  schema.columns[0].dropped = true;
  EXPECT_THAT([&] { parse_derivation(schema, 8); },
              ThrowsMessage<base::Error>(HasSubstr("column 'a' is dropped")));
  schema.columns[9].derived = "in", schema.columns[9].relative_to = "born";
  EXPECT_THAT([&] { parse_derivation(schema, 9); },
              ThrowsMessage<base::Error>(HasSubstr("take 'relative_to' off")));
}

TEST(Derivation, ARowThatBreaksItIsNamedWithBothValues) {
  Table rows = two_rows();
  Schema schema = rows.schema();
  schema.columns[8].derived = "a + 1";
  rows.columns[8].ints = {4, 6};
  EXPECT_THAT([&] { check_derivations(rows, schema, "stays.csv"); },
              ThrowsMessage<base::Error>(AllOf(HasSubstr("stays.csv: row 2, column 'whole'"),
                                               HasSubstr("'a + 1'"),
                                               HasSubstr("makes it '5', but it is '6'"))));
  rows.columns[8].ints = {4, kMissingInt};
  EXPECT_THAT([&] { check_derivations(rows, schema, "stays.csv"); },
              ThrowsMessage<base::Error>(HasSubstr("makes it '5', but it is missing")));
  rows.columns[8].ints = {4, 5};
  check_derivations(rows, schema, "stays.csv");
}

TEST(Derivation, TurnsAConditionIntoOneOnTheColumnThatItFollowsFrom) {
  const Schema schema = two_rows().schema();
  AllowedValues allowed;
  allowed.ranges = {{50, 100}};
  const auto before = parsed("whole", "5 - 2*a").before(allowed, schema);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->column, 0);
  EXPECT_EQ(before->ranges.size(), 1u);
  EXPECT_LE(before->ranges[0].low, -47.5);
  EXPECT_GE(before->ranges[0].high, -22.5);
  EXPECT_FALSE(parsed("whole", "a + b").before(allowed, schema));
  EXPECT_FALSE(parsed("whole", "days(in, out)").before(allowed, schema));
}

}  // namespace
}  // namespace semblance::table
