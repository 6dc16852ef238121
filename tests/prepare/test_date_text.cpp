#include "prepare/date_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "prepare/value.hpp"

namespace semblance::prepare {
namespace {

std::string read(const std::string& text, const std::string& format = "") {
  const auto time = DateReader(format).read(text);
  if (!time) return "(none)";
  std::string out;
  append_text(out, Value::of_integer(*time, CellKind::kDatetime));
  return out;
}

TEST(DateText, ReadsIsoDatesWithAndWithoutTimeAndZone) {
  EXPECT_EQ(read("2101-03-09"), "2101-03-09 00:00:00");
  EXPECT_EQ(read("1845-03-09 17:05"), "1845-03-09 17:05:00");
  EXPECT_EQ(read("2401-03-09T17:05:09.25"), "2401-03-09 17:05:09.250000");
  EXPECT_EQ(read("2001-01-01 00:30:00+01:00"), "2000-12-31 23:30:00");
  EXPECT_EQ(read("2001-01-01T00:30:00Z"), "2001-01-01 00:30:00");
}

TEST(DateText, RefusesDaysAndTimesThatAreNone) {
  for (const char* const text :
       {"2001-02-29", "2001-13-01", "2001-00-10", "2001-01-01 24:00", "2001-01-01 x", "2001-1-1",
        "20010101", "", "2001-01-01 10:00:00+99:00"}) {
    EXPECT_EQ(read(text), "(none)") << text;
  }
}

TEST(DateText, ReadsOtherOrdersByTheirFormat) {
  EXPECT_EQ(read("09/03/2101", "%d/%m/%Y"), "2101-03-09 00:00:00");
  EXPECT_EQ(read("03/09/99", "%m/%d/%y"), "1999-03-09 00:00:00");
  EXPECT_EQ(read("9/3/2101 17:05", "%d/%m/%Y %H:%M"), "2101-03-09 17:05:00");
  EXPECT_EQ(read("30/02/2101", "%d/%m/%Y"), "(none)");
}

TEST(DateText, AmbiguityIsReportedNotGuessed) {
  EXPECT_THAT(DateReader().complaint("03/04/2012"),
              testing::AllOf(testing::HasSubstr("more than one way"),
                             testing::HasSubstr("%d/%m/%Y"), testing::HasSubstr("%m/%d/%Y")));
  EXPECT_THAT(DateReader().complaint("23/04/2012"),
              testing::AllOf(testing::HasSubstr("needs a date format"),
                             testing::Not(testing::HasSubstr("'%m/%d/%Y'"))));
  EXPECT_THAT(DateReader().complaint("soon"), testing::HasSubstr("is not a date"));
}

}  // namespace
}  // namespace semblance::prepare
