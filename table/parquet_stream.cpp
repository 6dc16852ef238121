#include "table/parquet_stream.hpp"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>

#include <numeric>

#include "base/error.hpp"
#include "table/detail/arrow_check.hpp"
#include "table/detail/parquet_column.hpp"

namespace semblance::table {
namespace {

constexpr std::int64_t kRowsAtOnce = 65'536;

/// Calls a function of the Parquet library, which may throw.
template <class Function>
auto guarded(const std::string& path, Function function) {
  try {
    return function();
  } catch (const parquet::ParquetException& e) {
    base::fail(base::ErrorKind::kData, "{}: damaged Parquet file: {}", path, e.what());
  }
}

}  // namespace

struct ParquetStream::State {
  std::string path;
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::shared_ptr<arrow::RecordBatchReader> batches;
  std::vector<std::string> names;
  std::vector<int> chosen;
};

ParquetStream::ParquetStream(const std::string& path) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.path = path;
  guarded(path, [&] {
    auto file = detail::arrow_value(arrow::io::ReadableFile::Open(path), path);
    s.reader =
        detail::arrow_content(parquet::arrow::OpenFile(file, arrow::default_memory_pool()), path);
    s.reader->set_batch_size(kRowsAtOnce);
    s.reader->set_use_threads(false);
    std::shared_ptr<arrow::Schema> schema;
    const arrow::Status status = s.reader->GetSchema(&schema);
    SEMBLANCE_EXPECT(status.ok(), kData, "{}: damaged Parquet file: {}", path, status.ToString());
    s.names = schema->field_names();
  });
}
ParquetStream::~ParquetStream() = default;

const std::vector<std::string>& ParquetStream::names() const { return state_->names; }

void ParquetStream::choose(const std::vector<int>& columns) {
  State& s = *state_;
  s.chosen = columns;
  guarded(s.path, [&] {
    std::vector<int> groups(static_cast<std::size_t>(s.reader->num_row_groups()));
    std::iota(groups.begin(), groups.end(), 0);
    s.batches = detail::arrow_content(s.reader->GetRecordBatchReader(groups, columns), s.path);
  });
}

bool ParquetStream::next(Table& rows) {
  State& s = *state_;
  return guarded(s.path, [&] {
    std::shared_ptr<arrow::RecordBatch> batch;
    const arrow::Status status = s.batches->ReadNext(&batch);
    SEMBLANCE_EXPECT(status.ok(), kData, "{}: damaged Parquet file: {}", s.path, status.ToString());
    rows.columns.clear();
    if (batch == nullptr) return false;
    for (const int chosen : s.chosen) {
      Column& column = rows.columns.emplace_back();
      column.spec.name = s.names[static_cast<std::size_t>(chosen)];
      const auto array = batch->GetColumnByName(column.spec.name);
      SEMBLANCE_EXPECT(
          array != nullptr && detail::read_arrow_column(arrow::ChunkedArray(array), {}, column),
          kData,
          "{}: column '{}' has a type which a table cannot hold: turn it into a "
          "number, text or date",
          s.path, column.spec.name);
    }
    return true;
  });
}

}  // namespace semblance::table
