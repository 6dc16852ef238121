#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>

#include "base/error.hpp"
#include "table/detail/arrow_check.hpp"
#include "table/detail/column_builder.hpp"
#include "table/detail/loaded_table.hpp"
#include "table/detail/parquet_column.hpp"

namespace semblance::table::detail {
namespace {

std::vector<std::string> markers_of(const ReadOptions& options) {
  if (options.schema != nullptr && !options.schema->missing_markers.empty())
    return options.schema->missing_markers;
  if (options.metadata != nullptr && !options.metadata->missing_markers.empty())
    return options.metadata->missing_markers;
  return default_missing_markers();
}

std::shared_ptr<arrow::Table> read_arrow_table(const std::string& path,
                                               std::string& metadata_text) {
  auto file = arrow_value(arrow::io::ReadableFile::Open(path), path);
  auto reader = arrow_content(parquet::arrow::OpenFile(file, arrow::default_memory_pool()), path);
  std::shared_ptr<arrow::Table> table = arrow_content(reader->ReadTable(), path);
  const auto metadata = table->schema()->metadata();
  if (metadata != nullptr && metadata->Contains(kParquetMetadataKey)) {
    metadata_text = arrow_value(metadata->Get(kParquetMetadataKey), path);
  }
  return table;
}

/// The file's own schema, where it has one and the columns are still the same.
bool adopt_schema(LoadedTable& loaded, const std::string& metadata_text, const std::string& path) {
  if (metadata_text.empty()) return false;
  Schema schema = schema_of(parse_metadata(metadata_text, path + " (metadata in the file)"));
  if (schema.names() != loaded.table.schema().names()) return false;
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    conform(loaded.table.columns[c], {.spec = &schema.columns[c], .kind_given = true}, path,
            loaded.warnings);
    loaded.table.columns[c].spec = schema.columns[c];
  }
  loaded.schema = std::move(schema);
  loaded.kind_known.assign(loaded.table.columns.size(), true);
  return true;
}

}  // namespace

LoadedTable load_parquet(const std::string& path, const ReadOptions& options) {
  LoadedTable loaded;
  std::string metadata_text;
  std::shared_ptr<arrow::Table> source;
  try {
    source = read_arrow_table(path, metadata_text);
  } catch (const parquet::ParquetException& e) {
    base::fail(base::ErrorKind::kData, "{}: damaged Parquet file: {}", path, e.what());
  }
  for (int c = 0; c < source->num_columns(); ++c) {
    Column& column = loaded.table.columns.emplace_back();
    column.spec.name = source->field(c)->name();
    const std::string type = source->field(c)->type()->ToString();
    SEMBLANCE_EXPECT(read_arrow_column(*source->column(c), markers_of(options), column), kData,
                     "{}: column '{}' has the type {}, which a table cannot hold: turn it into a "
                     "number, text or date",
                     path, column.spec.name, type);
  }
  loaded.kind_known.assign(loaded.table.columns.size(), false);
  if (adopt_schema(loaded, metadata_text, path)) return loaded;
  for (Column& column : loaded.table.columns) {
    if (column.spec.kind != Kind::kCategory) continue;
    infer_from_levels(column, loaded.warnings);
    if (!column.codes.empty()) sort_levels(column);
  }
  return loaded;
}

}  // namespace semblance::table::detail
