#include "table/shards.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "base/hdf5.hpp"
#include "table/file_summary.hpp"
#include "table/read_table.hpp"
#include "table/write_table.hpp"
#include "tests/table/files.hpp"

namespace semblance::table {
namespace {

using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

Table numbers(std::int64_t n) {
  Table table;
  table.columns.reserve(2);
  Column& number =
      table.columns.emplace_back(Column{.spec = {.name = "n", .kind = Kind::kInteger}});
  Column& level =
      table.columns.emplace_back(Column{.spec = {.name = "k", .kind = Kind::kCategory}});
  level.levels = {"a", "b", "c"};
  for (std::int64_t i = 0; i < n; ++i) {
    number.ints.push_back((i * 2654435761) % 1'000'003);
    level.codes.push_back(static_cast<std::int32_t>(i % 3));
  }
  return table;
}

void overwrite(const std::string& path, std::streamoff at, char byte) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(at);
  file.put(byte);
}

/// A limit on the size of files stands for a full disk: writes beyond it fail.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : old_handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_limit_);
    const rlimit limit{bytes, old_limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old_limit_);
    ::signal(SIGXFSZ, old_handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit old_limit_{};
  void (*old_handler_)(int);
};

TEST(Shards, PartsAreCheckedByTheirChecksum) {
  const TestFiles dir;
  const std::string path = dir / "shards";
  write_table(path, numbers(1000), 300);
  const Manifest manifest = read_manifest(path);
  ASSERT_EQ(manifest.parts.size(), 4u);
  EXPECT_EQ(manifest.n_rows(), 1000);
  EXPECT_EQ(manifest.parts[3].rows, 100);
  EXPECT_EQ(read_shards(path, true).columns[0].ints, numbers(1000).columns[0].ints);
  const std::string part = path + "/" + manifest.parts[2].file;
  overwrite(part, static_cast<std::streamoff>(fs::file_size(part)) - 1, '\x7f');
  EXPECT_FALSE(part_is_whole(path, manifest.parts[2]));
  EXPECT_TRUE(part_is_whole(path, manifest.parts[1]));
  EXPECT_THAT(error_of([&] { read_shards(path, true); }).second,
              AllOf(HasSubstr("part-00002.h5"), HasSubstr("checksum")));
  fs::remove(part);
  EXPECT_THAT(error_of([&] { read_shards(path); }).second,
              AllOf(HasSubstr("part-00002.h5"), HasSubstr("absent")));
}

TEST(Shards, WithoutChecksumAPartIsOpenedAndItsRowsCounted) {
  const TestFiles dir;
  const ShardPart part = write_part(dir.path().string(), 7, numbers(50));
  EXPECT_EQ(part.file, "part-00007.h5");
  EXPECT_TRUE(part_is_whole(dir.path().string(), {part.file, 50, ""}));
  EXPECT_FALSE(part_is_whole(dir.path().string(), {part.file, 51, ""}));
  EXPECT_FALSE(part_is_whole(dir.path().string(), {part_file_name(8), 50, ""}));
  fs::resize_file(dir / part.file, fs::file_size(dir / part.file) / 2);
  EXPECT_FALSE(part_is_whole(dir.path().string(), {part.file, 50, ""}));
}

TEST(Shards, NoManifestNoDataset) {
  const TestFiles dir;
  write_part(dir.path().string(), 0, numbers(50));
  const auto [kind, message] = error_of([&] { read_table(dir.path().string()); });
  EXPECT_EQ(kind, base::ErrorKind::kData);
  EXPECT_THAT(message, AllOf(HasSubstr(dir.path().string()), HasSubstr("manifest.json"),
                             HasSubstr("did not finish")));
}

TEST(Shards, DamagedManifestsAreRefused) {
  const TestFiles dir;
  const std::string path = dir / "shards", file = path + "/manifest.json";
  write_table(path, numbers(10));
  const std::string whole = base::read_text_file(file);
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const std::string& text :
       {whole.substr(0, whole.size() / 2), std::string("{}"),
        changed("part-00000.h5", "../part-00000.h5"), changed("semblance-shards", "other"),
        changed("\"rows\": 10,\n      \"sha256\"", "\"rows\": -10,\n      \"sha256\"")}) {
    base::write_text_file(file, text);
    const auto [kind, message] = error_of([&] { read_manifest(path); });
    EXPECT_EQ(kind, base::ErrorKind::kData) << text;
    EXPECT_THAT(message, HasSubstr("manifest.json"));
  }
  base::write_text_file(
      file, changed("\"rows\": 10,\n      \"sha256\"", "\"rows\": 11,\n      \"sha256\""));
  EXPECT_THAT(error_of([&] { read_shards(path); }).second, HasSubstr("part-00000.h5"));
}

TEST(Shards, TheManifestCarriesItsOrigin) {
  const TestFiles dir;
  Manifest manifest{.schema = numbers(1).schema(),
                    .seed = 18446744073709551615u,
                    .model_sha256 = "abc",
                    .program = "semblance 1"};
  manifest.schema.constraints = {"n > 0"};
  manifest.parts.push_back(write_part(dir.path().string(), 0, numbers(5)));
  write_manifest(dir.path().string(), manifest);
  const Manifest read = read_manifest(dir.path().string());
  EXPECT_EQ(read.seed, manifest.seed);
  EXPECT_EQ(read.model_sha256, "abc");
  EXPECT_EQ(read.program, "semblance 1");
  EXPECT_EQ(read.schema, manifest.schema);
}

TEST(Hdf5Tables, ForeignFilesAreReadByTheContract) {
  const TestFiles dir;
  {
    const base::H5Handle file = base::h5_create(dir / "t.h5");
    const base::H5Handle columns = base::h5_create_group(file.get(), "columns");
    const base::H5Handle categories = base::h5_create_group(file.get(), "categories");
    base::h5_write<std::int8_t>(columns.get(), "sex", {0, 1, -1});
    base::h5_write_texts(categories.get(), "sex", {"F", "M"});
    base::h5_write<std::int64_t>(columns.get(), "when", {0, 3600, -9});
    const base::H5Handle when(H5Dopen2(columns.get(), "when", H5P_DEFAULT), H5Dclose, "when");
    base::h5_write_attribute(when.get(), "units", std::string("seconds since 2000-01-01 00:00:00"));
    base::h5_write_attribute(when.get(), "_FillValue", std::int64_t{-9});
    base::h5_write<double>(columns.get(), "x", {1.5, 2.5, -1});
    base::h5_write_texts(columns.get(), "text", {"10", "NA", "12"});
  }
  const Table table = read_table(dir / "t.h5");
  EXPECT_EQ(table.column("sex").as_text(1), "M");
  EXPECT_TRUE(table.column("sex").is_missing(2));
  EXPECT_EQ(table.column("when").as_text(1), "2000-01-01 01:00:00");
  EXPECT_TRUE(table.column("when").is_missing(2));
  EXPECT_EQ(table.column("text").spec.kind, Kind::kInteger);
}

TEST(Hdf5Tables, DamagedFilesAreRefused) {
  const TestFiles dir;
  const std::string path = dir / "t.h5";
  write_table(path, numbers(1000));
  fs::resize_file(path, fs::file_size(path) - 100);
  EXPECT_EQ(error_of([&] { read_table(path); }).first, base::ErrorKind::kData);
  { const base::H5Handle file = base::h5_create(dir / "other.h5"); }
  EXPECT_THAT(error_of([&] { read_table(dir / "other.h5"); }).second,
              AllOf(HasSubstr("other.h5"), HasSubstr("no group 'columns'")));
  {
    const base::H5Handle file = base::h5_create(dir / "codes.h5");
    const base::H5Handle columns = base::h5_create_group(file.get(), "columns"),
                         categories = base::h5_create_group(file.get(), "categories");
    base::h5_write<std::int32_t>(columns.get(), "k", {0, 5});
    base::h5_write_texts(categories.get(), "k", {"a"});
  }
  EXPECT_THAT(error_of([&] { read_table(dir / "codes.h5"); }).second,
              AllOf(HasSubstr("row 2"), HasSubstr("'k'"), HasSubstr("5")));
  {
    const base::H5Handle file = base::h5_create(dir / "ragged.h5");
    const base::H5Handle columns = base::h5_create_group(file.get(), "columns");
    base::h5_write<double>(columns.get(), "a", {1, 2});
    base::h5_write<double>(columns.get(), "b", {1});
  }
  EXPECT_THAT(error_of([&] { read_table(dir / "ragged.h5"); }).second, HasSubstr("'b' has 1 rows"));
}

TEST(Hdf5Tables, ImpossibleDatesAreRefused) {
  const TestFiles dir;
  for (const std::int64_t value :
       {std::int64_t{1} << 40, std::int64_t{1} << 62, -(std::int64_t{1} << 62)}) {
    const base::H5Handle file = base::h5_create(dir / "t.h5");
    const base::H5Handle columns = base::h5_create_group(file.get(), "columns");
    base::h5_write<std::int64_t>(columns.get(), "day", {0, value});
    base::h5_write_attribute(
        base::H5Handle(H5Dopen2(columns.get(), "day", H5P_DEFAULT), H5Dclose, "day").get(), "units",
        std::string("days since 1970-01-01"));
    H5Fflush(file.get(), H5F_SCOPE_GLOBAL);
    EXPECT_THAT(error_of([&] { read_table(dir / "t.h5"); }).second,
                AllOf(HasSubstr("'day'"), HasSubstr("out of range")));
  }
}

TEST(Hdf5Tables, AForgedSizeIsRefusedBeforeMemoryGoes) {
  const TestFiles dir;
  {
    const base::H5Handle file = base::h5_create(dir / "t.h5");
    const base::H5Handle columns = base::h5_create_group(file.get(), "columns");
    const hsize_t rows = hsize_t{1} << 32, chunk = 1000;
    const base::H5Handle space(H5Screate_simple(1, &rows, nullptr), H5Sclose, "space");
    const base::H5Handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "list");
    H5Pset_chunk(list.get(), 1, &chunk);
    const base::H5Handle dataset(H5Dcreate2(columns.get(), "x", H5T_NATIVE_DOUBLE, space.get(),
                                            H5P_DEFAULT, list.get(), H5P_DEFAULT),
                                 H5Dclose, "x");
  }
  const auto [kind, message] = error_of([&] { read_table(dir / "t.h5"); });
  EXPECT_EQ(kind, base::ErrorKind::kData);
  EXPECT_THAT(message, AllOf(HasSubstr("'x'"), HasSubstr("damaged")));
}

TEST(ReadTable, DamagedBytesNeverDoMoreThanFail) {
  const TestFiles dir;
  std::mt19937_64 random(6);
  for (const char* name : {"t.parquet", "t.csv.gz", "t.csv"}) {
    write_table(dir / name, numbers(200));
    const std::string whole = base::read_text_file(dir / name);
    for (int round = 0; round < 60; ++round) {
      std::string damaged = whole;
      for (std::uint64_t n = 1 + random() % 8; n > 0; --n)
        damaged[random() % damaged.size()] = static_cast<char>(random());
      if (round % 10 == 0) damaged.resize(random() % damaged.size());
      base::write_text_file(dir / name, damaged);
      try {
        read_table(dir / name);
      } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::kData) << error.what();
      }
    }
  }
}

class WriteFailure : public testing::TestWithParam<std::string> {};

TEST_P(WriteFailure, AFullDiskIsAnIoErrorAndLeavesNothing) {
  const TestFiles dir;
  const Table table = numbers(300'000);
  {
    const FullDisk full(20'000);
    EXPECT_EQ(error_of([&] { write_table(dir / ("t" + GetParam()), table, 100'000); }).first,
              base::ErrorKind::kIo);
  }
  EXPECT_TRUE(fs::is_empty(dir.path())) << "something was left behind";
  write_table(dir / ("t" + GetParam()), table, 100'000);
  EXPECT_EQ(read_table(dir / ("t" + GetParam())).n_rows(), 300'000) << "the next try works";
}

TEST_P(WriteFailure, AnAbsentDirectoryIsAnIoError) {
  const TestFiles dir;
  const std::string path = dir / ("nowhere/t" + GetParam());
  const auto [kind, message] = error_of([&] { write_table(path, numbers(3)); });
  EXPECT_EQ(kind, base::ErrorKind::kIo);
  EXPECT_THAT(message, HasSubstr(path));
}

INSTANTIATE_TEST_SUITE_P(Formats, WriteFailure,
                         testing::Values(".csv", ".csv.gz", ".parquet", ".h5", ""),
                         [](const auto& shape) {
                           std::string name =
                               shape.param.empty() ? "shards" : shape.param.substr(1);
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(TableFormat, IsChosenByTheEnding) {
  EXPECT_EQ(table_format("a/b.csv"), TableFormat::kCsv);
  EXPECT_EQ(table_format("b.csv.gz"), TableFormat::kCsvGz);
  EXPECT_EQ(table_format("b.parquet"), TableFormat::kParquet);
  EXPECT_EQ(table_format("b.v1.h5"), TableFormat::kHdf5);
  EXPECT_EQ(table_format("some/shards"), TableFormat::kShards);
  const auto [kind, message] = error_of([] { table_format("b.xlsx"); });
  EXPECT_EQ(kind, base::ErrorKind::kUsage);
  EXPECT_THAT(message, HasSubstr(".parquet"));
}

TEST(FileSummary, TellsTablesShardsAndModelsApart) {
  const TestFiles dir;
  write_table(dir / "t.h5", numbers(10));
  write_table(dir / "t.csv", numbers(10));
  write_table(dir / "shards", numbers(10), 4);
  {
    const base::H5Handle file = base::h5_create(dir / "model.h5");
    base::h5_write_attribute(file.get(), "format", std::string("semblance-model"));
    const base::H5Handle group = base::h5_create_group(file.get(), "training");
    base::h5_write_attribute(group.get(), "epochs", std::int64_t{20});
  }
  for (const char* name : {"t.h5", "t.csv"}) {
    const FileSummary summary = summarise_file(dir / name);
    EXPECT_EQ(summary.what, "table");
    EXPECT_EQ(summary.n_rows, 10);
    EXPECT_EQ(summary.schema.names(), numbers(1).schema().names());
  }
  EXPECT_EQ(summarise_file(dir / "shards").parts.size(), 3u);
  const FileSummary model = summarise_file(dir / "model.h5");
  EXPECT_EQ(model.what, "model");
  EXPECT_EQ(model.n_rows, -1);
  EXPECT_THAT(model.facts, testing::Contains(std::pair<std::string, FileSummary::Value>(
                               "training/epochs", std::int64_t{20})));
}

}  // namespace
}  // namespace semblance::table
