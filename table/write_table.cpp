#include "table/write_table.hpp"

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "base/file.hpp"
#include "table/detail/table_writers.hpp"
#include "table/shards.hpp"

namespace semblance::table {
namespace {

namespace fs = std::filesystem;

/// What stands at the path is replaced as a whole: only a directory that holds nothing else may be.
void check_replaced(const std::string& path) {
  if (!fs::exists(path)) return;
  SEMBLANCE_EXPECT(fs::is_directory(path), kIo,
                   "{}: is a file; a name without an ending is a shard directory", path);
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    SEMBLANCE_EXPECT(is_shard_file(name), kUsage,
                     "{} holds {}, which is no part of a table: choose an empty directory", path,
                     name);
  }
}

void write_shards(const std::string& path, const Table& table, std::int64_t rows_per_part) {
  check_replaced(path);
  base::PendingPath pending(path);
  std::error_code code;
  fs::create_directory(pending.temporary(), code);
  SEMBLANCE_EXPECT(!code, kIo, "{}: cannot make the directory: {}", path, code.message());
  const std::string directory = pending.temporary().string();
  Manifest manifest{.schema = table.schema()};
  const std::int64_t n_parts =
      std::max<std::int64_t>(1, (table.n_rows() + rows_per_part - 1) / rows_per_part);
  for (std::int64_t part = 0; part < n_parts; ++part) {
    const std::int64_t first = part * rows_per_part,
                       last = std::min(table.n_rows(), first + rows_per_part);
    manifest.parts.push_back(write_part(directory, part, slice_rows(table, first, last)));
  }
  write_manifest(directory, manifest);
  pending.commit();
}

}  // namespace

void detail::check_rows(const Table& rows, const Schema& schema) {
  SEMBLANCE_ASSERT(rows.columns.size() == schema.columns.size());
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    SEMBLANCE_ASSERT(rows.columns[c].spec.name == schema.columns[c].name);
    SEMBLANCE_ASSERT(rows.columns[c].spec.kind == schema.columns[c].kind);
    SEMBLANCE_ASSERT(rows.columns[c].size() == rows.n_rows());
  }
}

TableFormat table_format(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  if (name.ends_with(".csv")) return TableFormat::kCsv;
  if (name.ends_with(".csv.gz")) return TableFormat::kCsvGz;
  if (name.ends_with(".parquet")) return TableFormat::kParquet;
  if (name.ends_with(".h5") || name.ends_with(".hdf5")) return TableFormat::kHdf5;
  SEMBLANCE_EXPECT(name.find('.', 1) == std::string::npos, kUsage,
                   "{}: a table's name must end in .csv, .csv.gz, .parquet or .h5; a name without "
                   "an ending is a "
                   "shard directory",
                   path);
  return TableFormat::kShards;
}

std::unique_ptr<TableWriter> open_table_writer(const std::string& path, const Schema& schema) {
  switch (table_format(path)) {
    case TableFormat::kCsv:
      return detail::open_csv_writer(path, schema, false);
    case TableFormat::kCsvGz:
      return detail::open_csv_writer(path, schema, true);
    case TableFormat::kParquet:
      return detail::open_parquet_writer(path, schema);
    case TableFormat::kHdf5:
      return detail::open_hdf5_writer(path, schema);
    case TableFormat::kShards:
      break;
  }
  base::fail(base::ErrorKind::kUsage, "{}: one file is needed here: .csv, .csv.gz, .parquet or .h5",
             path);
}

void write_table(const std::string& path, const Table& table, std::int64_t rows_per_part) {
  SEMBLANCE_EXPECT(rows_per_part > 0, kUsage, "rows per part must be more than 0, not {}",
                   rows_per_part);
  if (table_format(path) == TableFormat::kShards) return write_shards(path, table, rows_per_part);
  const std::unique_ptr<TableWriter> writer = open_table_writer(path, table.schema());
  writer->append(table);
  writer->finish();
}

}  // namespace semblance::table
