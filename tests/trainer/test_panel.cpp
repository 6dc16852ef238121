#include "trainer/panel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "tests/trainer/codec_tables.hpp"

namespace semblance::trainer {
namespace {

using testing::ElementsAre;

/// Two patients with several rows, out of order, one with a single row, one row of nobody.
table::Table example() {
  return table_of({categories("who", {"b", "a", "b", "c", "a", "b", ""}),
                   dates("born", {100, 200, 100, 300, 200, 100, 400}),
                   dates("seen", {30, 25, 10, 5, table::kMissingInt, 20, 7}),
                   categories("sex", {"F", "M", "F", "", "M", "F", "M"}),
                   integers("x", {1, 2, 3, 4, 5, 6, 7})});
}

table::Schema schema_of_example() {
  table::Schema schema = example().schema();
  schema.entity = "who";
  return schema;
}

TEST(Panel, RowsOfAnEntityStandTogetherByDate) {
  table::Schema schema = schema_of_example();
  const Panel panel = prepare_panel(example(), schema);
  EXPECT_THAT(panel.begin, ElementsAre(0, 3, 5, 6, 7));
  EXPECT_THAT(panel.rows.column("x").ints, ElementsAre(3, 6, 1, 2, 5, 4, 7));
  EXPECT_THAT(panel.order, ElementsAre(2, 5, 0, 1, 4, 3, 6));
  EXPECT_THAT(panel.rows.column(kEntityRows).ints, ElementsAre(3, 3, 3, 2, 2, 1, 1));
  EXPECT_THAT(panel.entity_of(2, 6), ElementsAre(0, 1, 1, 2));
  EXPECT_EQ(schema.entity_time, "seen");
  EXPECT_THAT(schema.entity_constants, ElementsAre("born", "sex"));
  EXPECT_EQ(schema.columns.front().kind, table::Kind::kId);
  EXPECT_EQ(schema.columns.back().name, kEntityRows);
  EXPECT_EQ(first_rows(panel, 0, 7).n_rows(), 4);
}

TEST(Panel, DatesAreCountedFromTheLastOneOrFromTheirBase) {
  table::Table rows = example();
  rows.columns[2].spec.relative_to = "born";
  table::Schema schema = rows.schema();
  schema.entity = "who";
  const Panel panel = prepare_panel(rows, schema);
  EXPECT_THAT(panel.rows.column(kPreviousDate).ints, ElementsAre(100, 10, 20, 200, 25, 300, 400));
}

TEST(Panel, ACopiedBaseIsThatWhichItIsACopyOf) {
  table::Table rows = example();
  rows.columns.push_back(dates("birthday", {1, 2, 3, 4, 5, 6, 7}));  // of no account
  rows.columns.back().spec.derived = "born";
  rows.columns[2].spec.relative_to = "birthday";
  table::Schema schema = rows.schema();
  schema.entity = "who";
  const Panel panel = prepare_panel(rows, schema);
  EXPECT_THAT(panel.rows.column(kPreviousDate).ints, ElementsAre(100, 10, 20, 200, 25, 300, 400));
}

TEST(Panel, NewNumbersBeginAboveAllRealOnes) {
  table::Table rows = example();
  rows.columns[0] = integers("who", {7, 1234, 7, 3, 1234, 7, 1000});
  table::Schema schema = rows.schema();
  schema.entity = "who";
  EXPECT_EQ(prepare_panel(rows, schema).ids_after, 10'000);

  rows.columns[0] =
      categories("who", {"P0007", "P1234", "P0007", "P0003", "P1234", "P0007", "P1000"});
  rows.columns[0].spec.id_pattern = "P####";
  schema = rows.schema();
  schema.entity = "who";
  EXPECT_EQ(prepare_panel(rows, schema).ids_after, 2'000);
}

TEST(Panel, IsOnlyMadeOfEntitiesWithSeveralRows) {
  table::Schema schema = schema_of_example();
  EXPECT_TRUE(has_panel(example(), schema));
  EXPECT_FALSE(has_panel(table::take_rows(example(), {0, 1, 3}), schema));
  schema.entity.clear();
  EXPECT_FALSE(has_panel(example(), schema));
}

TEST(Panel, RefusesConstantsThatVaryAndTimesThatAreNone) {
  table::Schema schema = schema_of_example();
  schema.entity_constants = {"x"};
  EXPECT_THAT([&] { prepare_panel(example(), schema); },
              testing::ThrowsMessage<base::Error>(testing::HasSubstr("varies within 2 of 4")));
  schema = schema_of_example();
  schema.entity_time = "sex";
  EXPECT_THROW(prepare_panel(example(), schema), base::Error);
  schema.entity_time = "sen";
  EXPECT_THAT([&] { prepare_panel(example(), schema); },
              testing::ThrowsMessage<base::Error>(testing::HasSubstr("did you mean 'seen'")));
}

}  // namespace
}  // namespace semblance::trainer
