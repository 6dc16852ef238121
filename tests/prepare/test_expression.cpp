#include "prepare/expression.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/error.hpp"
#include "prepare/calendar.hpp"
#include "prepare/expression_functions.hpp"

namespace semblance::prepare {
namespace {

/// A row with AGE = 70, NAME = 'Sinus Rhythm', EMPTY (missing text), SEEN = 2101-03-09 17:05, BORN
/// = 2031-03-10, SICK = true.
class ExpressionTest : public testing::Test {
 protected:
  ExpressionTest() {
    shape_.set("AGE", CellKind::kInteger);
    shape_.set("NAME", CellKind::kText);
    shape_.set("EMPTY", CellKind::kText);
    shape_.set("SEEN", CellKind::kDatetime);
    shape_.set("BORN", CellKind::kDate);
    shape_.set("SICK", CellKind::kBoolean);
    row_ = {Value::of_integer(70),
            Value::of_text("Sinus Rhythm"),
            {},
            Value::of_integer((days_from_civil(2101, 3, 9) * 86400 + 17 * 3600 + 300) * 1'000'000,
                              CellKind::kDatetime),
            Value::of_integer(days_from_civil(2031, 3, 10), CellKind::kDate),
            Value::of_integer(1, CellKind::kBoolean)};
    context_.texts = &texts_;
  }
  std::string value(const std::string& text) {
    const Expression expression(text, shape_);
    const Value result = expression.evaluate(row_.data(), context_);
    if (result.missing()) return "(missing)";
    std::string out;
    append_text(out, result);
    return out;
  }
  std::string complaint(const std::string& text) {
    try {
      value(text);
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kData);
      return error.what();
    }
    return "(none)";
  }
  RowShape shape_;
  std::vector<Value> row_;
  TextArena texts_;
  EvaluationContext context_;
};

TEST_F(ExpressionTest, ArithmeticKeepsPrecedenceAndWholeNumbers) {
  EXPECT_EQ(value("1 + 2 * 3 - 4"), "3");
  EXPECT_EQ(value("(1 + 2) * -3"), "-9");
  EXPECT_EQ(value("7 / 2"), "3.5");
  EXPECT_EQ(value("-7 % 3"), "2");  // the sign of the divisor, as in Python
  EXPECT_EQ(value("AGE + 0.5"), "70.5");
  EXPECT_EQ(value("1 / 0"), "(missing)");
}

TEST_F(ExpressionTest, ComparesNumbersTextsAndDates) {
  EXPECT_EQ(value("AGE >= 70 and NAME = 'Sinus Rhythm'"), "true");
  EXPECT_EQ(value("age <> 70.0"), "false");
  EXPECT_EQ(value("BORN < SEEN and SEEN < date('2101-03-10')"), "true");
  EXPECT_EQ(value("AGE in (1, 70, 3)"), "true");
  EXPECT_EQ(value("NAME not in ('a', 'b')"), "true");
}

TEST_F(ExpressionTest, MissingValuesSpreadButDoNotOutvoteWhatIsKnown) {
  EXPECT_EQ(value("length(EMPTY) + 1"), "(missing)");
  EXPECT_EQ(value("EMPTY = 'x'"), "(missing)");
  EXPECT_EQ(value("EMPTY = 'x' or AGE = 70"), "true");
  EXPECT_EQ(value("EMPTY = 'x' and AGE = 1"), "false");
  EXPECT_EQ(value("EMPTY is missing and NAME is not missing"), "true");
  EXPECT_EQ(value("coalesce(EMPTY, NAME)"), "Sinus Rhythm");
  EXPECT_EQ(value("if(EMPTY = 'x', 1, 2)"), "2");
}

TEST_F(ExpressionTest, ChoosesAmongCases) {
  EXPECT_EQ(value("case(AGE < 18, 'child', AGE < 65, 'adult', 'old')"), "old");
  EXPECT_EQ(value("case(AGE < 18, 1, AGE > 60, 2.5, 3)"), "2.5");
}

TEST_F(ExpressionTest, WorksOnTexts) {
  EXPECT_EQ(value("concat(upper(substring(NAME, 1, 5)), '-', AGE)"), "SINUS-70");
  EXPECT_EQ(value("replace(NAME, 'Rhythm', 'Tachy')"), "Sinus Tachy");
  EXPECT_EQ(value("number(' 12.5 ') + integer('7.9')"), "19.5");
  EXPECT_EQ(value("number('n/a')"), "(missing)");
}

TEST_F(ExpressionTest, KnowsTheCalendar) {
  EXPECT_EQ(value("years_between(BORN, SEEN)"), "69");  // one day before the birthday
  EXPECT_EQ(value("add_years(date('2020-02-29'), 1)"), "2021-02-28");
  EXPECT_EQ(value("add_seconds(SEEN, 86400)"), "2101-03-10 17:05:00");
  EXPECT_EQ(value("days_between(date('1850-01-01'), date('2300-01-01'))"),
            "164359");  // Python's datetime
  EXPECT_EQ(value("weekday(date('1900-01-01'))"), "1");
  EXPECT_EQ(value("hour(SEEN)"), "17");
  EXPECT_EQ(value("date('31/12/1899', '%d/%m/%Y')"), "1899-12-31");
  EXPECT_EQ(value("year_ends_between(date('2000-01-01'), date('2021-12-01'))"), "21");
  EXPECT_EQ(value("year_ends_between(date('2021-12-01'), date('2000-01-01'))"), "0");
}

TEST_F(ExpressionTest, RoundsHalvesToTheEvenNumber) {
  EXPECT_EQ(value("round(0.5)"), "0");
  EXPECT_EQ(value("round(1.5)"), "2");
  EXPECT_EQ(value("round(-2.5)"), "-2");
  EXPECT_EQ(value("round_to(2.675, 1)"), "2.7");
}

TEST_F(ExpressionTest, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(complaint("AGE + NAMES"), testing::AllOf(testing::HasSubstr("character 7"),
                                                       testing::HasSubstr("did you mean 'NAME'")));
  EXPECT_THAT(complaint("yers_between(BORN, SEEN)"),
              testing::HasSubstr("did you mean 'years_between'"));
  EXPECT_THAT(complaint("AGE = 'x'"),
              testing::HasSubstr("a integer cannot be compared with a text"));
  EXPECT_THAT(complaint("BORN + 1"), testing::HasSubstr("days_between"));
  EXPECT_THAT(complaint("(AGE + 1"), testing::HasSubstr("')' is missing at the end"));
  EXPECT_THAT(complaint("'abc"), testing::HasSubstr("never closed"));
  EXPECT_THAT(complaint("AGE AGE"), testing::HasSubstr("not expected"));
  EXPECT_THAT(complaint("AGE +"), testing::HasSubstr("ends too early"));
  EXPECT_THAT(complaint("substring(NAME)"), testing::HasSubstr("takes 2 to 3 arguments"));
  EXPECT_THAT(complaint("length(AGE)"), testing::HasSubstr("must be a text"));
  EXPECT_THAT(complaint("if(AGE, 1, 2)"), testing::HasSubstr("a condition is needed"));
  EXPECT_THAT(complaint("if(SICK, 1, 'x')"), testing::HasSubstr("must be of one kind"));
  EXPECT_THAT(complaint("9223372036854775807 + AGE"), testing::HasSubstr("too large"));
  EXPECT_THAT(complaint("date('03/04/2012')"), testing::HasSubstr("more than one way"));
}

TEST(Icd9, ChaptersFollowTheFirstThreeDigits) {
  EXPECT_EQ(icd9_chapter("0389"), "infectious");
  EXPECT_EQ(icd9_chapter("4280"), "circulatory");
  EXPECT_EQ(icd9_chapter("V3000"), "supplementary");
  EXPECT_EQ(icd9_chapter("E8889"), "external cause");
  EXPECT_EQ(icd9_chapter("99591"), "injury");
  EXPECT_EQ(icd9_chapter("4x"), "");
}

}  // namespace
}  // namespace semblance::prepare
