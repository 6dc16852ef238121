/// Every format keeps every value: kinds, missing values, dates of any century, odd names and
/// texts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "table/civil_date.hpp"
#include "table/read_table.hpp"
#include "table/shards.hpp"
#include "table/write_table.hpp"
#include "tests/table/files.hpp"

namespace semblance::table {
namespace {

std::int64_t micros(std::int64_t year, int month, int day, std::int64_t seconds = 0,
                    std::int64_t rest = 0) {
  return days_from_civil(year, month, day) * kMicrosPerDay + seconds * kMicrosPerSecond + rest;
}

Table sample_table() {
  Table t;
  t.columns.push_back({.spec = {.name = "n", .kind = Kind::kInteger},
                       .ints = {1, kMissingInt, -7, 123456789012345678, 0, 5}});
  t.columns.push_back({.spec = {.name = "whole/real", .kind = Kind::kInteger, .min_decimals = 1},
                       .ints = {160, 54, kMissingInt, 0, -3, 7}});
  t.columns.push_back(
      {.spec = {.name = "x", .kind = Kind::kFloat, .decimals = 3, .min_decimals = 1},
       .reals = {1.5, std::nan(""), -0.125, 1e6, 0.001, 38.0}});
  t.columns.push_back(
      {.spec = {.name = "exact", .kind = Kind::kFloat, .decimals = -1, .min_decimals = 1},
       .reals = {0.1 + 0.2, 14.260963484236049, std::nan(""), 53.0, -1.0 / 3, 2.5}});
  t.columns.push_back({.spec = {.name = "sex", .kind = Kind::kCategory},
                       .codes = {0, 1, kMissingCode, 1, 2, 0},
                       .levels = {"F", "M, or \"X\"", "é\nnew line"}});
  t.columns.push_back({.spec = {.name = "alive", .kind = Kind::kBoolean},
                       .codes = {0, 1, 1, kMissingCode, 0, 0},
                       .levels = {"no", "yes"}});
  t.columns.push_back(
      {.spec = {.name = "born", .kind = Kind::kDate, .format = "%d/%m/%Y", .unit = "day"},
       .ints = {days_from_civil(1850, 1, 31), days_from_civil(2400, 2, 29), kMissingInt, 0, -1,
                days_from_civil(1999, 12, 31)}});
  t.columns.push_back({.spec = {.name = "seen",
                                .kind = Kind::kDatetime,
                                .format = "%Y-%m-%d %H:%M:%S.%f",
                                .unit = "microsecond"},
                       .ints = {micros(1850, 6, 1, 3661, 500000), kMissingInt,
                                micros(2400, 12, 31, 86399), 0, -1, micros(2164, 10, 23, 76140)}});
  return t;
}

void expect_equal(const Table& a, const Table& b) {
  ASSERT_EQ(a.schema().names(), b.schema().names());
  ASSERT_EQ(a.n_rows(), b.n_rows());
  for (std::size_t c = 0; c < a.columns.size(); ++c) {
    const Column &x = a.columns[c], &y = b.columns[c];
    EXPECT_EQ(x.spec, y.spec) << x.spec.name;
    for (std::int64_t row = 0; row < a.n_rows(); ++row) {
      EXPECT_EQ(x.is_missing(row), y.is_missing(row)) << x.spec.name << " row " << row;
      EXPECT_EQ(x.as_text(row), y.as_text(row)) << x.spec.name << " row " << row;
    }
    EXPECT_EQ(x.ints, y.ints) << x.spec.name;
    for (std::size_t i = 0; i < x.reals.size(); ++i) {
      EXPECT_TRUE(x.reals[i] == y.reals[i] || (std::isnan(x.reals[i]) && std::isnan(y.reals[i])))
          << x.spec.name;
    }
  }
}

class RoundTrip : public testing::TestWithParam<std::string> {};

TEST_P(RoundTrip, KeepsEveryValue) {
  const TestFiles dir;
  const std::string path = dir / ("table" + GetParam());
  const Table table = sample_table();
  write_table(path, table, 4);
  expect_equal(read_table(path), table);
}

TEST_P(RoundTrip, KeepsIdentifiersWhereTheKindIsKnown) {
  const TestFiles dir;
  const std::string path = dir / ("table" + GetParam());
  Table t;
  t.columns.push_back({.spec = {.name = "who", .kind = Kind::kId, .id_pattern = "sequence"},
                       .codes = {0, 1, kMissingCode, 3, 2, 0},
                       .levels = {"1", "a longer one, é", "22", "333"}});
  const Schema schema = t.schema();
  write_table(path, t, 4);
  expect_equal(read_table(path, {.schema = &schema}), t);
}

TEST_P(RoundTrip, ExportedCsvIsTheSame) {
  const TestFiles dir;
  const Table table = sample_table();
  write_table(dir / "direct.csv", table);
  write_table(dir / ("table" + GetParam()), table, 2);
  write_table(dir / "exported.csv", read_table(dir / ("table" + GetParam())));
  EXPECT_EQ(base::read_text_file(dir / "direct.csv"), base::read_text_file(dir / "exported.csv"));
}

class OneFile : public testing::TestWithParam<std::string> {};  // what a TableWriter can write

TEST_P(OneFile, AppendingInPiecesIsTheSameAsAtOnce) {
  const TestFiles dir;
  const Table table = sample_table();
  const std::string path = dir / ("table" + GetParam());
  const auto writer = open_table_writer(path, table.schema());
  for (const auto& [first, last] : {std::pair{0, 3}, std::pair{3, 3}, std::pair{3, 6}}) {
    writer->append(slice_rows(table, first, last));
  }
  EXPECT_FALSE(std::filesystem::exists(path))
      << "nothing stands under the final name before finish()";
  writer->finish();
  expect_equal(read_table(path), table);
}

TEST_P(OneFile, AnUnfinishedWriterLeavesNothing) {
  const TestFiles dir;
  {
    open_table_writer(dir / ("table" + GetParam()), sample_table().schema())
        ->append(sample_table());
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST_P(RoundTrip, AnEmptyTableNeedsPermission) {
  const TestFiles dir;
  const std::string path = dir / ("table" + GetParam());
  write_table(path, slice_rows(sample_table(), 0, 0));
  EXPECT_THAT(error_of([&] { read_table(path); }).second, testing::HasSubstr("no rows"));
  EXPECT_EQ(read_table(path, {.allow_empty = true}).n_rows(), 0);
}

std::string format_name(const testing::TestParamInfo<std::string>& shape) {
  std::string name = shape.param.empty() ? "shards" : shape.param.substr(1);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Formats, RoundTrip,
                         testing::Values(".csv", ".csv.gz", ".parquet", ".h5", ""), format_name);
INSTANTIATE_TEST_SUITE_P(Formats, OneFile, testing::Values(".csv", ".csv.gz", ".parquet", ".h5"),
                         format_name);

TEST(Shards, IdentifiersOfEveryPartAreItsOwn) {
  // Each part issues its own identifiers, of different lengths; the virtual dataset holds them all.
  const TestFiles dir;
  Manifest manifest;
  std::vector<std::string> wanted;
  for (int part = 0; part < 3; ++part) {
    Table rows;
    Column& id = rows.columns.emplace_back(
        Column{.spec = {.name = "id", .kind = Kind::kId, .id_pattern = "sequence"}});
    for (int i = 0; i < 4; ++i) {
      id.codes.push_back(i == 2 ? kMissingCode : static_cast<std::int32_t>(id.levels.size()));
      wanted.push_back(i == 2 ? "" : std::to_string(part * 995 + i));
      if (i != 2) id.levels.push_back(wanted.back());
    }
    manifest.schema = rows.schema();
    manifest.parts.push_back(write_part(dir.path().string(), part, rows));
  }
  write_manifest(dir.path().string(), manifest);
  for (const std::string& path : {dir.path().string(), dir / "dataset.h5"}) {
    const Table table = read_table(path);
    ASSERT_EQ(table.n_rows(), 12);
    for (std::int64_t row = 0; row < 12; ++row) {
      EXPECT_EQ(table.columns[0].as_text(row), wanted[static_cast<std::size_t>(row)])
          << path << " row " << row;
    }
    EXPECT_EQ(table.columns[0].missing_count(), 3);
  }
}

TEST(Shards, VirtualDatasetHoldsAllParts) {
  const TestFiles dir;
  const Table table = sample_table();
  write_table(dir / "shards", table, 2);
  expect_equal(read_table(dir / "shards/dataset.h5"), table);
  const Manifest manifest = read_manifest(dir / "shards");
  EXPECT_EQ(manifest.parts.size(), 3u);
  for (const ShardPart& part : manifest.parts) EXPECT_TRUE(part_is_whole(dir / "shards", part));
}

}  // namespace
}  // namespace semblance::table
