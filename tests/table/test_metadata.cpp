#include <gtest/gtest.h>

#include "table/schema.hpp"
#include "tests/table/files.hpp"

namespace semblance::table {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const ColumnSpec& column(const Metadata& metadata, const std::string& name) {
  for (const Metadata::Wish& wish : metadata.columns) {
    if (wish.spec.name == name) return wish.spec;
  }
  throw std::runtime_error("no column " + name);
}

TEST(Metadata, ReadsOurGrammar) {
  const Metadata m = parse_metadata(R"(
columns:
  age: {kind: integer}
  "odd / name: x":
    kind: float
    decimals: 2
    min_decimals: 1
    rounding: 0.05
    missing_text: "."
  admitted: {kind: datetime, format: "%d/%m/%Y %H:%M", unit: minute}
  discharged: {kind: datetime, relative_to: admitted}
  who: {kind: id, id_pattern: "P######"}
  secret: drop
  free:
constraints:
  - "age >= 0"
missing_markers: ["?", "unknown"]
entity: who
)",
                                    "m.yaml");
  EXPECT_EQ(column(m, "age").kind, Kind::kInteger);
  EXPECT_EQ(column(m, "odd / name: x"), (ColumnSpec{.name = "odd / name: x",
                                                    .kind = Kind::kFloat,
                                                    .decimals = 2,
                                                    .min_decimals = 1,
                                                    .rounding = 0.05,
                                                    .missing_text = "."}));
  EXPECT_EQ(column(m, "admitted").unit, "minute");
  EXPECT_EQ(column(m, "discharged").relative_to, "admitted");
  EXPECT_EQ(column(m, "who").id_pattern, "P######");
  EXPECT_TRUE(column(m, "secret").dropped);
  EXPECT_FALSE(m.columns.back().kind_given);
  EXPECT_THAT(m.constraints, ElementsAre("age >= 0"));
  EXPECT_THAT(m.missing_markers, ElementsAre("?", "unknown"));
  EXPECT_EQ(m.entity, "who");
}

TEST(Metadata, ReadsNhssynthsGrammar) {
  const Metadata m = parse_metadata(R"yaml(
columns:
  dob:
    dtype: {name: datetime64, floor: s}
  day:
    dtype: {name: "datetime64[ns]", floor: D, format: "%d/%m/%Y"}
  x1: {categorical: true, dtype: int64}
  x3: {categorical: true}
  x7: {dtype: int64}
  x8: {dtype: float64, missingness: {impute: mean}}
  x9: {dtype: float64, missingness: drop, transformer: {name: cluster, n_components: 5}}
  x10:
    dtype: {name: float64, rounding_scheme: 0.1}
constraints:
  - "x10 in (0,100)"
  #- "x10 < x12"
)yaml",
                                    "m.yaml");
  EXPECT_EQ(column(m, "dob").kind, Kind::kDatetime);
  EXPECT_EQ(column(m, "dob").unit, "second");
  EXPECT_EQ(column(m, "day").kind, Kind::kDate);
  EXPECT_EQ(column(m, "day").format, "%d/%m/%Y");
  EXPECT_EQ(column(m, "x1").kind, Kind::kCategory);
  EXPECT_EQ(column(m, "x3").kind, Kind::kCategory);
  EXPECT_EQ(column(m, "x7").kind, Kind::kInteger);
  EXPECT_EQ(column(m, "x8").missingness, "impute:mean");
  EXPECT_EQ(column(m, "x9").missingness, "drop");
  EXPECT_EQ(column(m, "x10").rounding, 0.1);
  EXPECT_THAT(m.constraints, ElementsAre("x10 in (0,100)"));
}

TEST(Metadata, WrittenMetadataReadBackToTheSameSchema) {
  Schema schema;
  schema.columns = {
      {.name = "n", .kind = Kind::kInteger, .min_decimals = 1, .rounding = 5},
      {.name = "\"quoted\": # and\ttab",
       .kind = Kind::kFloat,
       .decimals = 3,
       .min_decimals = 1,
       .rounding = 0.001},
      {.name = "yes", .kind = Kind::kBoolean, .missing_text = "n/a"},
      {.name = "été", .kind = Kind::kCategory, .missingness = "impute:mode"},
      {.name = "123", .kind = Kind::kDate, .format = "%-d/%-m/%Y", .unit = "day"},
      {.name = "null",
       .kind = Kind::kDatetime,
       .format = "%Y-%m-%d %H:%M:%S.%3f",
       .unit = "microsecond",
       .relative_to = "123"},
      {.name = "~", .kind = Kind::kId, .id_pattern = "P######", .missingness = "drop"},
      {.name = " blank ", .kind = Kind::kCategory, .dropped = true},
      {.name = "item", .kind = Kind::kCategory, .levels = "public"},
  };
  schema.constraints = {"n > 0", "\"odd\" in [1,2)"};
  schema.missing_markers = {"?", "", "N/A", "-"};
  schema.entity = "~";
  EXPECT_EQ(schema_of(parse_metadata(metadata_yaml(schema), "m.yaml")), schema);
}

TEST(Metadata, ErrorsNameFileLineAndNearestWord) {
  struct Case {
    std::string text;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {"columns:\n  a:\n    kidn: integer\n", {"m.yaml:3", "'kidn'", "did you mean 'kind'"}},
      {"colums:\n  a: {}\n", {"m.yaml:1", "'colums'", "did you mean 'columns'"}},
      {"columns:\n  a: {kind: integr}\n", {"m.yaml:2", "'a'", "did you mean 'integer'"}},
      {"columns:\n  a:\n    dtype: flaot64\n", {"m.yaml:3", "flaot64"}},
      {"columns:\n  a: {decimals: 2.5}\n", {"m.yaml:2", "2.5", "whole number"}},
      {"columns:\n  a: {decimals: 99}\n", {"m.yaml:2", "0 to 15"}},
      {"columns:\n  a: {rounding: -1}\n", {"m.yaml:2", "more than 0"}},
      {"columns:\n  a: {format: \"%Q\"}\n", {"m.yaml:2", "'a'", "%Q"}},
      {"columns:\n  a: {unit: week}\n", {"m.yaml:2", "week", "day"}},
      {"columns:\n  a: {missingness: droop}\n", {"m.yaml:2", "droop", "did you mean 'drop'"}},
      {"columns:\n  a: {levels: pubic}\n", {"m.yaml:2", "'a'", "did you mean 'public'"}},
      {"columns:\n  a: {categorical: perhaps}\n", {"m.yaml:2", "true or false"}},
      {"columns:\n  a: keep\n", {"m.yaml:2", "drop"}},
      {"columns:\n  a: {}\n  a: {}\n", {"m.yaml:3", "twice"}},
      {"columns: [a, b]\n", {"m.yaml:1", "map"}},
      {"columns:\n  a: {relative_to: a}\n", {"m.yaml", "itself"}},
      {"constraints: x > 1\n", {"m.yaml:1", "list"}},
      {"columns:\n  a: {kind: [integer}\n", {"m.yaml:2", "YAML"}},
      {"just text", {"m.yaml:1", "columns:"}},
  };
  for (const Case& c : cases) {
    const auto [kind, message] = error_of([&] { parse_metadata(c.text, "m.yaml"); });
    EXPECT_EQ(kind, base::ErrorKind::kData) << c.text;
    for (const std::string& part : c.parts) EXPECT_THAT(message, HasSubstr(part)) << c.text;
  }
}

TEST(Metadata, AnAbsentFileIsAnIoError) {
  EXPECT_EQ(error_of([] { read_metadata("/nowhere/m.yaml"); }).first, base::ErrorKind::kIo);
}

TEST(Metadata, KindNamesGoThereAndBack) {
  for (const char* name : {"integer", "float", "boolean", "category", "date", "datetime", "id"}) {
    EXPECT_EQ(kind_name(kind_from_name(name)), name);
  }
  EXPECT_THAT(error_of([] { kind_from_name("dat"); }).second,
              AllOf(HasSubstr("'dat'"), HasSubstr("date")));
}

}  // namespace
}  // namespace semblance::table
