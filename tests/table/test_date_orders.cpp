#include "table/date_orders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "table/civil_date.hpp"

namespace semblance::table {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

/// A table of date columns, days since 1970.
struct Dates {
  Table table;
  Schema schema;

  void add(const std::string& name, std::vector<std::int64_t> days) {
    Column column;
    column.spec.name = name;
    column.spec.kind = Kind::kDate;
    column.ints = std::move(days);
    table.columns.push_back(column);
    schema.columns.push_back(column.spec);
  }
};

/// 200 people: born over 80 years, admitted over ten, out again within a month, seen a year later.
Dates stays() {
  std::mt19937 random(5);
  const auto below = [&](int n) { return static_cast<std::int64_t>(random() % n); };
  std::vector<std::int64_t> born, in, out, seen;
  for (int i = 0; i < 200; ++i) {
    born.push_back(-20'000 + below(29'000));
    in.push_back(10'000 + below(3'650));
    out.push_back(in.back() + below(30));
    seen.push_back(out.back() + 300 + below(100));
  }
  Dates dates;
  dates.add("seen", seen), dates.add("out", out), dates.add("born", born), dates.add("in", in);
  return dates;
}

TEST(TieOrderedDates, TiesADateToTheNearestThatIsNeverAfterIt) {
  Dates dates = stays();
  EXPECT_THAT(tie_ordered_dates(dates.table, dates.schema),
              ElementsAre(Pair("out", "seen"), Pair("in", "out")));
  EXPECT_EQ(dates.schema.columns[0].relative_to, "out");
  EXPECT_EQ(dates.schema.columns[1].relative_to, "in");
}

TEST(TieOrderedDates, LeavesAloneADateThatTheOtherTellsLittleOf) {
  // Everybody is born before admission, but that says next to nothing of the admission's date.
  Dates dates = stays();
  tie_ordered_dates(dates.table, dates.schema);
  EXPECT_EQ(dates.schema.columns[2].relative_to, "");
  EXPECT_EQ(dates.schema.columns[3].relative_to, "");
}

TEST(TieOrderedDates, AsksForOrderInEveryRowThatHasBoth) {
  Dates broken = stays();
  broken.table.columns[1].ints[17] = broken.table.columns[3].ints[17] - 1;
  EXPECT_THAT(tie_ordered_dates(broken.table, broken.schema), ElementsAre(Pair("out", "seen")));
  Dates missing = stays();
  missing.table.columns[1].ints[17] = kMissingInt;
  EXPECT_EQ(tie_ordered_dates(missing.table, missing.schema).size(), 2u);
}

TEST(TieOrderedDates, KeepsWhatIsSaidAlreadyAndDroppedColumnsOut) {
  Dates said = stays();
  said.schema.columns[0].relative_to = "in";
  EXPECT_THAT(tie_ordered_dates(said.table, said.schema), ElementsAre(Pair("in", "out")));
  EXPECT_EQ(said.schema.columns[0].relative_to, "in");
  Dates dropped = stays();
  dropped.schema.columns[1].dropped = true;
  EXPECT_THAT(tie_ordered_dates(dropped.table, dropped.schema), IsEmpty());
}

TEST(TieOrderedDates, DoesNotTieTwoDatesThatAreAlwaysEqual) {
  Dates dates;
  std::vector<std::int64_t> days;
  for (int i = 0; i < 100; ++i) days.push_back(i * 7 % 100);
  dates.add("a", days), dates.add("b", days);
  EXPECT_THAT(tie_ordered_dates(dates.table, dates.schema), IsEmpty());
}

}  // namespace
}  // namespace semblance::table
