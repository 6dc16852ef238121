#include "table/read_table.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "table/civil_date.hpp"
#include "table/detail/identifiers.hpp"
#include "table/write_table.hpp"
#include "tests/table/files.hpp"

namespace semblance::table {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

/// A CSV of one column "v" beside a counter that keeps blank values from being blank lines.
std::string one_column(const std::vector<std::string>& values, int copies = 1) {
  std::string text = "i,v\n";
  int i = 0;
  for (int copy = 0; copy < copies; ++copy) {
    for (const std::string& value : values) text += fmt::format("{},{}\n", ++i, value);
  }
  return text;
}

Column read_column(const std::vector<std::string>& values, const ReadOptions& options = {},
                   int copies = 1) {
  const TestFiles dir;
  return read_table(dir.write("t.csv", one_column(values, copies)), options).columns[1];
}

std::vector<std::string> warnings_for(const std::vector<std::string>& values, int copies = 1) {
  const TestFiles dir;
  return inspect_table(dir.write("t.csv", one_column(values, copies))).warnings;
}

TEST(Inference, KindsOfPlainColumns) {
  struct Case {
    std::vector<std::string> values;
    Kind kind;
  };
  const std::vector<Case> cases = {
      {{"1", "-2", "30"}, Kind::kInteger},
      {{"1", "2.5", ""}, Kind::kFloat},
      {{"160.0", "54.0"}, Kind::kInteger},
      {{"1e3", "2"}, Kind::kFloat},
      {{"a", "b"}, Kind::kCategory},
      {{"007", "012"}, Kind::kCategory},
      {{"1", "2", "x"}, Kind::kCategory},
      {{"Yes", "no"}, Kind::kBoolean},
      {{"true", "false", "?"}, Kind::kBoolean},
      {{"Y", "N", "T"}, Kind::kCategory},
      {{"0", "1"}, Kind::kInteger},
      {{"2003-02-01", "1850-01-31"}, Kind::kDate},
      {{"31/12/1999", "01/02/2003"}, Kind::kDate},
      {{"12/31/1999", "01/02/2003"}, Kind::kDate},
      {{"2003-02-01 10:20:30", "2400-01-01 00:00:00"}, Kind::kDatetime},
      {{"2003-02-01T10:20:30Z"}, Kind::kDatetime},
      {{"20030201", "19991231", "18500131"}, Kind::kDate},
      {{"20030201", "19991232", "18500131"}, Kind::kInteger},
      {{"", "NA", "?"}, Kind::kCategory},
      {{"1234567890123456789012", "1"}, Kind::kCategory},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(read_column(c.values).spec.kind, c.kind) << testing::PrintToString(c.values);
  }
}

TEST(Inference, DateFormats) {
  struct Case {
    std::vector<std::string> values;
    std::string format, unit;
  };
  const std::vector<Case> cases = {
      {{"2003-02-01 10:20:30.500000", "2003-02-01 10:20:31"},
       "%Y-%m-%d %H:%M:%S.%f",
       "microsecond"},
      {{"2003-02-01 10:20:30.500", "2003-02-01 10:20:31.000"},
       "%Y-%m-%d %H:%M:%S.%3f",
       "microsecond"},
      {{"2003-02-01T10:20:30", "2003-02-01T10:21:00"}, "%Y-%m-%dT%H:%M:%S", "second"},
      {{"2003-02-01 10:20", "2003-02-01 10:21"}, "%Y-%m-%d %H:%M", "minute"},
      {{"2003-02-01 10:00:00", "2003-02-01 11:00:00"}, "%Y-%m-%d %H:%M:%S", "hour"},
      {{"1/2/2003", "13/2/2003", "28/12/2003"}, "%-d/%-m/%Y", "day"},
      {{"2/13/03", "12/28/03"}, "%-m/%-d/%y", "day"},
      {{"13.02.2003", "28.12.2003"}, "%d.%m.%Y", "day"},
      {{"13-FEB-2003", "28-DEC-2003"}, "%d-%b-%Y", "day"},
      {{"2003-02-01T10:20:30+01:00", "2003-07-01T10:20:30+01:00"}, "%Y-%m-%dT%H:%M:%S%z", "second"},
      {{"13/02/2003 01:05 PM", "14/02/2003 11:00 AM"}, "%d/%m/%Y %I:%M %p", "minute"},
  };
  for (const Case& c : cases) {
    const Column column = read_column(c.values);
    EXPECT_EQ(column.spec.format, c.format) << testing::PrintToString(c.values);
    EXPECT_EQ(column.spec.unit, c.unit) << testing::PrintToString(c.values);
  }
}

TEST(Inference, DatesOutsideThePandasRangeAreRight) {
  const Column column = read_column({"1850-01-31", "2400-02-29", ""});
  EXPECT_THAT(column.ints,
              ElementsAre(days_from_civil(1850, 1, 31), days_from_civil(2400, 2, 29), kMissingInt));
}

TEST(Inference, DayAndMonthAreToldApartByEvidenceOrReported) {
  EXPECT_EQ(read_column({"01/02/2003", "31/12/1999"}).ints[0], days_from_civil(2003, 2, 1));
  EXPECT_EQ(read_column({"01/02/2003", "12/31/1999"}).ints[0], days_from_civil(2003, 1, 2));
  EXPECT_EQ(read_column({"01/02/2003", "03/04/1999"}).ints[0], days_from_civil(2003, 2, 1))
      << "no evidence: day first";
  EXPECT_THAT(warnings_for({"01/02/2003", "03/04/1999"}),
              Contains(HasSubstr("nothing tells day from month")));
  EXPECT_THAT(warnings_for({"01/02/2003", "31/12/1999"}), IsEmpty());
  EXPECT_THAT(warnings_for({"01/02/03", "31/12/99"}), Contains(HasSubstr("two digits")));
}

TEST(Inference, EvidenceFarDownTheFileCounts) {
  // The first rows are looked at as a sample; these values come after it.
  std::vector<std::string> days(30'000, "01/02/2003");
  days.back() = "12/31/1999";
  EXPECT_EQ(read_column(days).ints[0], days_from_civil(2003, 1, 2));
  std::vector<std::string> whole(30'000, "5");
  whole.back() = "5.25";
  EXPECT_EQ(read_column(whole).spec.kind, Kind::kFloat);
  EXPECT_EQ(read_column(whole).spec.decimals, 2);
  whole.back() = "five";
  EXPECT_EQ(read_column(whole).spec.kind, Kind::kCategory);
  std::vector<std::string> late(30'000, "");
  late.back() = "2003-02-01";
  EXPECT_EQ(read_column(late).spec.kind, Kind::kDate);
  std::vector<std::string> truth(30'000, "Y");
  truth.back() = "Z";
  EXPECT_EQ(read_column(truth).spec.kind, Kind::kCategory);
}

TEST(Inference, DecimalsAreThoseOfTheSource) {
  EXPECT_EQ(read_column({"1.50", "2.25"}).spec.min_decimals, 2);
  const Column mixed = read_column({"38.0", "38.19531"});
  EXPECT_EQ(mixed.spec.decimals, 5);
  EXPECT_EQ(mixed.spec.min_decimals, 1);
  EXPECT_EQ(mixed.as_text(0), "38.0");
  EXPECT_EQ(mixed.as_text(1), "38.19531");
  EXPECT_EQ(read_column({"14.260963484236049", "1.5"}).spec.decimals, -1);
  EXPECT_EQ(read_column({"160.0", "54.0"}).as_text(0), "160.0");
}

TEST(Inference, MissingMarkersAndTheirTextAreKept) {
  const Column column = read_column({"1", "?", "2", "?", ""});
  EXPECT_EQ(column.missing_count(), 3);
  EXPECT_EQ(column.spec.missing_text, "?");
  EXPECT_EQ(read_column({"1", "", "2"}).spec.missing_text, "");
  Metadata metadata{.missing_markers = {"unknown"}};
  EXPECT_EQ(read_column({"1", "unknown"}, {.metadata = &metadata}).spec.kind, Kind::kInteger);
  EXPECT_EQ(read_column({"1", "?"}, {.metadata = &metadata}).spec.kind, Kind::kCategory);
}

TEST(Inference, LevelsAreInOrderWhateverTheirPlace) {
  EXPECT_THAT(read_column({"b", "a", "c", "a"}).levels, ElementsAre("a", "b", "c"));
  Metadata metadata{
      .columns = {{.spec = {.name = "v", .kind = Kind::kCategory}, .kind_given = true}}};
  EXPECT_THAT(read_column({"10", "9", "100"}, {.metadata = &metadata}).levels,
              ElementsAre("9", "10", "100"));
}

TEST(Inference, IdentifiersAreFound) {
  std::vector<std::string> uuids, codes, numbers;
  for (int i = 0; i < 40; ++i) {
    uuids.push_back(fmt::format("{:08x}-0000-4000-8000-{:012x}", i * 7919, i));
    codes.push_back(fmt::format("P{:06}", i * 31));
    numbers.push_back(fmt::format("{}", 1000 + i));
  }
  EXPECT_EQ(read_column(uuids).spec.id_pattern, "uuid");
  EXPECT_EQ(read_column(codes).spec.id_pattern, "P######");
  EXPECT_EQ(read_column(numbers).spec.kind, Kind::kInteger)
      << "a unique number without a telling name";
  EXPECT_THAT(warnings_for(codes), Contains(HasSubstr("an identifier")));
  const TestFiles dir;
  std::string text = "patient_id,week_no\n";
  for (int i = 0; i < 120; ++i) text += fmt::format("{},{}\n", 5000 + i / 2, i / 2);
  const Table table = read_table(dir.write("t.csv", text));
  EXPECT_EQ(table.columns[0].spec.kind, Kind::kId);
  EXPECT_EQ(table.columns[1].spec.kind, Kind::kInteger);
  EXPECT_EQ(table.columns[0].as_text(3), "5001");
}

TEST(Inference, NhsNumbersHaveACheckDigit) {
  using detail::is_nhs_number;
  EXPECT_TRUE(is_nhs_number("9434765919"));  // the example of the NHS Data Dictionary
  EXPECT_TRUE(is_nhs_number("943 476 5919"));
  EXPECT_FALSE(is_nhs_number("9434765918"));
  EXPECT_FALSE(is_nhs_number("943476591"));
  EXPECT_FALSE(is_nhs_number("94347659199"));
}

TEST(Inspection, WarnsOfPersonalContent) {
  EXPECT_THAT(warnings_for({"SW1A 1AA", "M1 1AE", "EC1A 1BB", "B33 8TH"}),
              Contains(HasSubstr("UK postcodes")));
  EXPECT_THAT(warnings_for({"07700 900123", "+44 20 7946 0123", "020 7946 0999"}),
              Contains(HasSubstr("telephone")));
  EXPECT_THAT(warnings_for({"a@nhs.net", "b.c@example.org"}), Contains(HasSubstr("e-mail")));
  EXPECT_THAT(warnings_for({"9434765919", "943 476 5919"}), Contains(HasSubstr("NHS numbers")));
  const TestFiles dir;
  EXPECT_THAT(inspect_table(dir.write("t.csv", "Surname,n\nSmith,1\nJones,2\n")).warnings,
              Contains(HasSubstr("names")));
}

TEST(Inspection, WarnsOfConstantMissingAndStrayValues) {
  EXPECT_THAT(warnings_for({"x", "x"}), Contains(HasSubstr("every value is 'x'")));
  EXPECT_THAT(warnings_for({"", "NA"}), Contains(HasSubstr("every value is missing")));
  EXPECT_THAT(warnings_for({"1", "2", "3", "4", "5", "n.k."}), Contains(HasSubstr("'n.k.'")));
  EXPECT_THAT(
      warnings_for({"2003-02-01", "2003-02-02", "2003-02-03", "2003-02-04", "2003-02-05", "soon"}),
      Contains(AllOf(HasSubstr("dates"), HasSubstr("'soon'"))));
}

TEST(Inference, NumbersOfPeopleAreIdentifiersHoweverFew) {
  const TestFiles dir;
  for (const std::string name : {"SUBJECT_ID", "patient id", "hadm_id", "MRN", "ward_id"}) {
    std::string text = name + ",x\n";
    for (int row = 0; row < 60; ++row) text += fmt::format("{},{}\n", 10006 + row % 3, row);
    const Inspection seen = inspect_table(dir.write("t.csv", text));
    EXPECT_EQ(seen.schema.columns[0].kind, name == "ward_id" ? Kind::kInteger : Kind::kId) << name;
    EXPECT_THAT(seen.warnings, Contains(HasSubstr(name == "ward_id" ? "different whole numbers"
                                                                    : "name it as entity")))
        << name;
  }
}

TEST(Inspection, HoldsRelativeDatesAgainstTheRows) {
  const TestFiles dir;
  const std::string path =
      dir.write("t.csv",
                "a,b,s\n2020-01-01,2020-01-01 10:00,F\n2020-01-02,2020-01-03 09:00,M\n,2020-01-01 "
                "00:00,F\n2020-01-09,2020-01-08 23:00,F\n");
  const auto warnings = [&](const std::string& text) {
    const Metadata metadata = parse_metadata(text, "m.yaml");
    return inspect_table(path, {.metadata = &metadata}).warnings;
  };
  EXPECT_THAT(
      warnings("columns: {b: {relative_to: a}}"),
      Contains(HasSubstr("column 'b': comes before 'a' in 1 of 4 rows (row 4 is the first)")));
  EXPECT_THAT(warnings("columns: {a: {relative_to: b}}"),
              Contains(HasSubstr("in 1 of 4 rows (row 2 is the first)")));
  EXPECT_THROW(warnings("columns: {b: {relative_to: s}}"), base::Error);
  EXPECT_THROW(warnings("columns: {s: {relative_to: a}}"), base::Error);
}

TEST(Inspection, WarnsOfNumbersWithCommas) {
  EXPECT_THAT(warnings_for({"\"70,5\"", "\"71,25\"", "72"}), Contains(HasSubstr("'70,5'")));
  EXPECT_THAT(warnings_for({"\"1,234.5\"", "\"20,000\""}), Contains(HasSubstr("thousands")));
  for (const std::vector<std::string>& texts :
       {std::vector<std::string>{"70.5", "71"}, {"\"a,b\"", "7"}, {"x", "\"7,5\""}})
    EXPECT_THAT(warnings_for(texts), Not(Contains(HasSubstr("comma"))));
}

TEST(Inspection, CountsMissingAndDistinct) {
  const TestFiles dir;
  const Inspection found =
      inspect_table(dir.write("t.csv", "a,b,c\n1,x,1.5\n1,y,\n2,,1.5\n,x,2\n"));
  EXPECT_EQ(found.n_rows, 4);
  EXPECT_THAT(found.missing, ElementsAre(1, 1, 1));
  EXPECT_THAT(found.distinct, ElementsAre(2, 2, 2));
}

TEST(Inspection, ProposesTheNearestEarlierDate) {
  const TestFiles dir;
  std::string text = "born,admitted,discharged,seen\n";
  for (int i = 0; i < 30; ++i) {
    std::string row;
    const DatePattern day("%Y-%m-%d");
    day.append(row, days_from_civil(1950 + i, 3, 1) * kMicrosPerDay), row += ',';
    day.append(row, (days_from_civil(2015, 3, 1) + i) * kMicrosPerDay), row += ',';
    day.append(row, (days_from_civil(2015, 3, 1) + 2 * i) * kMicrosPerDay), row += ',';
    day.append(row, (days_from_civil(2015, 3, 20) - 5 * (i % 7)) * kMicrosPerDay);
    text += row + "\n";
  }
  const Inspection found = inspect_table(dir.write("t.csv", text));
  EXPECT_THAT(found.orders,
              ElementsAre(std::pair("born", "admitted"), std::pair("admitted", "discharged"),
                          std::pair("born", "seen")));
}

TEST(Inspection, ProposesDependencesWithEnoughEvidence) {
  const TestFiles dir;
  std::string text = "ward,unit,code,other,rare\n";
  for (int i = 0; i < 400; ++i) {
    const int ward = i % 8;
    text += fmt::format("w{},{},{},{},{}\n", ward, ward < 3 ? "icu" : "general", 100 + ward, i % 5,
                        i == 7 ? "odd" : "usual");
  }
  // code and ward name each other, both tell the unit; "rare" differs in one row only: chance.
  EXPECT_THAT(
      inspect_table(dir.write("t.csv", text)).dependences,
      ElementsAre(std::pair("ward", "unit"), std::pair("ward", "code"), std::pair("code", "unit")));
}

TEST(Inspection, FindsAgesThatDatesAlreadyTell) {
  const TestFiles dir;
  std::string text = "born,admitted,age,n\n";
  for (int i = 0; i < 60; ++i)
    text +=
        fmt::format("{}-05-01,2015-03-{:02},{},{}\n", 1930 + i, 1 + i % 28, 2014 - 1930 - i, i % 9);
  const Inspection exact = inspect_table(dir.write("t.csv", text));
  EXPECT_THAT(exact.derived, ElementsAre(Pair("age", "years(born, admitted)")));
  EXPECT_THAT(exact.warnings, IsEmpty());
  text.replace(text.find(",84,"), 4, ",85,");  // now of the year, not of the birthday
  const Inspection near = inspect_table(dir.write("near.csv", text));
  EXPECT_THAT(near.derived, IsEmpty());
  EXPECT_THAT(near.warnings,
              ElementsAre(AllOf(HasSubstr("'age'"), HasSubstr("years from 'born' to 'admitted'"))));
}

TEST(ReadTable, MetadataDecideKinds) {
  const TestFiles dir;
  const std::string path =
      dir.write("t.csv", "a,b,c\n1,2003-02-01 10:20:30,5\n2,2003-02-02 11:00:00,6\n");
  const Metadata metadata = parse_metadata(
      "columns:\n  a: {kind: category, levels: public}\n  b: {dtype: {name: datetime64, floor: "
      "h}}\n  c: {kind: "
      "float, decimals: 2, min_decimals: 2}\n",
      "m.yaml");
  Schema schema;
  const Table table = read_table(path, {.metadata = &metadata}, &schema);
  EXPECT_THAT(table.columns[0].levels, ElementsAre("1", "2"));
  EXPECT_EQ(table.columns[1].as_text(0), "2003-02-01 10:00:00");
  EXPECT_EQ(table.columns[2].as_text(0), "5.00");
  EXPECT_EQ(schema.columns[1].unit, "hour");
  EXPECT_EQ(schema.columns[0].levels, "public");
}

TEST(ReadTable, AnIntegerDtypeRoundsButAnIntegerKindRefuses) {
  const TestFiles dir;
  const std::string path = dir.write("t.csv", "a\n1.0\n2.5\n\"\"\n");
  const Metadata pandas = parse_metadata("columns: {a: {dtype: int64}}", "m.yaml");
  EXPECT_THAT(read_table(path, {.metadata = &pandas}).columns[0].ints,
              ElementsAre(1, 2, kMissingInt));
  const Metadata ours = parse_metadata("columns: {a: {kind: integer}}", "m.yaml");
  EXPECT_THAT(
      error_of([&] { read_table(path, {.metadata = &ours}); }).second,
      AllOf(HasSubstr(path), HasSubstr("row 2"), HasSubstr("column 'a'"), HasSubstr("2.5")));
}

TEST(ReadTable, ASecondTableIsReadWithTheSchemaOfTheFirst) {
  const TestFiles dir;
  Schema schema;
  const Table first =
      read_table(dir.write("a.csv", "x,d,k\n1.5,31/12/1999,a\n2.5,01/02/2003,b\n"), {}, &schema);
  const Table second = read_table(
      dir.write("b.csv", "k,extra,d,x\nb,9,03/04/2001,7\nc,9,05/06/2001,8\n"), {.schema = &schema});
  EXPECT_EQ(second.schema().names(), schema.names());
  EXPECT_EQ(second.columns[0].spec, first.columns[0].spec);
  EXPECT_EQ(second.columns[1].ints[0], days_from_civil(2001, 4, 3));
  EXPECT_THAT(second.columns[0].reals, ElementsAre(7, 8));
  for (const char* ending : {".parquet", ".h5"}) {
    write_table(dir / (std::string("c") + ending), second);
    EXPECT_EQ(read_table(dir / (std::string("c") + ending), {.schema = &schema}).columns[1].ints,
              second.columns[1].ints);
  }
}

TEST(ReadTable, ValuesThatDoNotFitNameFileRowAndColumn) {
  const TestFiles dir;
  struct Case {
    std::string metadata, value;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {"columns: {v: {kind: integer}}", "16O", {"row 3", "column 'v'", "'16O'", "whole number"}},
      {"columns: {v: {kind: float}}", "abc", {"row 3", "column 'v'", "'abc'", "a number"}},
      {"columns: {v: {kind: date, format: \"%Y-%m-%d\"}}",
       "2003-02-30",
       {"row 1", "column 'v'", "a date"}},
      {"columns: {v: {kind: date}}", "soon", {"row 1", "column 'v'", "a date"}},
  };
  for (const Case& c : cases) {
    const std::string path = dir.write("t.csv", "i,v\n1,5\n2,6\n3," + c.value + "\n");
    const Metadata metadata = parse_metadata(c.metadata, "m.yaml");
    const auto [kind, message] = error_of([&] { read_table(path, {.metadata = &metadata}); });
    EXPECT_EQ(kind, base::ErrorKind::kData);
    EXPECT_THAT(message, HasSubstr(path));
    for (const std::string& part : c.parts) EXPECT_THAT(message, HasSubstr(part));
  }
}

TEST(ReadTable, UnknownColumnsInTheMetadataNameTheNearest) {
  const TestFiles dir;
  const std::string path = dir.write("t.csv", "age,sex\n1,F\n");
  for (const char* text : {"columns: {agee: {kind: integer}}",
                           "columns: {age: {kind: integer, relative_to: agee}}", "entity: agee"}) {
    const Metadata metadata = parse_metadata(text, "m.yaml");
    const auto [kind, message] = error_of([&] { read_table(path, {.metadata = &metadata}); });
    EXPECT_EQ(kind, base::ErrorKind::kData);
    EXPECT_THAT(message, AllOf(HasSubstr("m.yaml"), HasSubstr("'agee'"), HasSubstr(path),
                               HasSubstr("did you mean 'age'")));
  }
  Schema schema{.columns = {{.name = "sexx"}}};
  EXPECT_THAT(error_of([&] { read_table(path, {.schema = &schema}); }).second,
              AllOf(HasSubstr(path), HasSubstr("did you mean 'sex'")));
}

TEST(ReadTable, EmptyTablesAndOddFilesAreRefused) {
  const TestFiles dir;
  EXPECT_THAT(error_of([&] { read_table(dir.write("t.csv", "a,b\n")); }).second,
              HasSubstr("no rows"));
  EXPECT_THAT(error_of([&] { read_table(dir.write("t.csv", "")); }).second, HasSubstr("empty"));
  EXPECT_EQ(error_of([&] { read_table(dir / "absent.csv"); }).first, base::ErrorKind::kIo);
  EXPECT_EQ(error_of([&] { read_table(dir.path().string()); }).first, base::ErrorKind::kData)
      << "no manifest.json";
  EXPECT_EQ(error_of([&] {
              read_table(dir.write("t.parquet", "PAR1 and then nothing of the kind"));
            }).first,
            base::ErrorKind::kData);
  EXPECT_EQ(
      error_of([&] { read_table(dir.write("t.h5", "\x89HDF\r\n\x1a\n and then nothing")); }).first,
      base::ErrorKind::kData);
}

TEST(ReadTable, DaysAmongTimesAreReadAsMidnight) {
  const TestFiles dir;
  for (const std::string& text :
       {std::string("d\n2003-02-01\n2003-02-02 10:30:00\n2003-02-03\n"),
        std::string("d\n2003-02-01 00:00:00\n2003-02-02 10:30:00\n2003-02-03\n")}) {
    const Table table = read_table(dir.write("t.csv", text));
    EXPECT_EQ(table.columns[0].spec.kind, Kind::kDatetime);
    EXPECT_EQ(table.columns[0].spec.format, "%Y-%m-%d[ %H:%M:%S]");
    EXPECT_EQ(table.columns[0].as_text(0), "2003-02-01 00:00:00");
    EXPECT_EQ(table.columns[0].as_text(1), "2003-02-02 10:30:00");
    const Inspection seen = inspect_table(dir / "t.csv");
    ASSERT_EQ(seen.warnings.size(), 1u);
    EXPECT_THAT(seen.warnings[0], HasSubstr("read as midnight"));
  }
  const Table table = read_table(dir.write("t.csv", "d\n2003-02-01\n2003-02-02 10:30\nsoon\n"));
  EXPECT_EQ(table.columns[0].spec.kind, Kind::kCategory);
}

TEST(ReadTable, InspectionAsksWhetherNoneIsAnAnswer) {
  const TestFiles dir;
  const std::string path = dir.write("t.csv", "a\nNone\nA1C\nNone\nA1D\n");
  const Inspection seen = inspect_table(path);
  ASSERT_EQ(seen.warnings.size(), 1u);
  EXPECT_THAT(seen.warnings[0], HasSubstr("'None' is read as missing"));
  const Metadata metadata = parse_metadata("missing_markers: [NA]\n", "here");
  EXPECT_EQ(read_table(path, {.metadata = &metadata}).columns[0].missing_count(), 0);
}

TEST(ReadTable, InspectionAsksWhetherFewWholeNumbersAreCodes) {
  const TestFiles dir;
  std::string text = "WARD_ID,DOSES\n";
  for (int i = 0; i < 60; ++i) text += fmt::format("{},{}\n", 7 + i % 3 * 11, i % 4);
  const Inspection seen = inspect_table(dir.write("t.csv", text));
  ASSERT_EQ(seen.warnings.size(), 1u);
  EXPECT_THAT(seen.warnings[0], HasSubstr("'WARD_ID': 3 different whole numbers"));
}

TEST(ReadTable, OneRowIsATable) {
  const TestFiles dir;
  const Table table = read_table(dir.write("t.csv", "a,b,c\n1,x,2003-02-01\n"));
  EXPECT_EQ(table.n_rows(), 1);
  EXPECT_EQ(table.columns[2].spec.kind, Kind::kDate);
}

TEST(ReadTable, ThreadsDoNotChangeTheTable) {
  const TestFiles dir;
  std::mt19937_64 random(9);
  std::string text = "k,x,d\n";
  for (int i = 0; i < 200'000; ++i) {
    text += fmt::format("{},{},2003-02-{:02}\n", static_cast<char>('a' + random() % 20),
                        random() % 1000 * 0.5, 1 + random() % 28);
  }
  const std::string path = dir.write("t.csv", text);
  const Table one = read_table(path, {.threads = 1}), four = read_table(path, {.threads = 4});
  ASSERT_EQ(one.n_rows(), 200'000);
  EXPECT_EQ(one.columns[0].codes, four.columns[0].codes);
  EXPECT_EQ(one.columns[0].levels, four.columns[0].levels);
  EXPECT_EQ(one.columns[1].reals, four.columns[1].reals);
  EXPECT_EQ(one.columns[2].ints, four.columns[2].ints);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(one.columns[c].spec, four.columns[c].spec);
}

}  // namespace
}  // namespace semblance::table
