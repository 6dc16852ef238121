#include "table/convert_table.hpp"

#include <filesystem>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "table/shards.hpp"
#include "table/write_table.hpp"

namespace semblance::table {
namespace {

namespace fs = std::filesystem;

Converted convert_parts(const std::string& in, const std::string& out) {
  const Manifest manifest = read_manifest(in);
  const std::unique_ptr<TableWriter> writer = open_table_writer(out, manifest.schema);
  for (const ShardPart& part : manifest.parts) {
    const std::string path = (fs::path(in) / part.file).string();
    const Table rows = read_table(path, {.schema = &manifest.schema, .allow_empty = true});
    SEMBLANCE_EXPECT(rows.n_rows() == part.rows, kData, "{}: has {} rows, its manifest says {}",
                     path, rows.n_rows(), part.rows);
    writer->append(rows);
  }
  writer->finish();
  return {manifest.n_rows(), static_cast<int>(manifest.schema.columns.size())};
}

/// \throws Error{kData} when no column is left
void leave_out_dropped(Table& table, const std::string& path) {
  std::erase_if(table.columns, [](const Column& column) { return column.spec.dropped; });
  SEMBLANCE_EXPECT(!table.columns.empty(), kData, "{}: the metadata drop all columns", path);
}

}  // namespace

Converted convert_table(const std::string& in, const std::string& out, const ReadOptions& options,
                        std::int64_t rows_per_part) {
  base::expect_no_input_replaced(out, {in});
  const bool in_parts = fs::is_directory(in) && table_format(out) != TableFormat::kShards &&
                        options.metadata == nullptr && options.schema == nullptr;
  if (in_parts) return convert_parts(in, out);
  Table table = read_table(in, options);
  if (options.metadata != nullptr) leave_out_dropped(table, in);
  write_table(out, table, rows_per_part);
  return {table.n_rows(), table.n_columns()};
}

}  // namespace semblance::table
