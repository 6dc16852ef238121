#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include <cmath>

#include "base/error.hpp"
#include "base/file.hpp"
#include "table/detail/arrow_check.hpp"
#include "table/detail/table_writers.hpp"

namespace semblance::table::detail {
namespace {

constexpr std::int64_t kRowGroupRows = 1 << 20;

std::shared_ptr<arrow::DataType> arrow_type(Kind kind) {
  switch (kind) {
    case Kind::kInteger:
      return arrow::int64();
    case Kind::kFloat:
      return arrow::float64();
    case Kind::kDate:
      return arrow::date32();
    case Kind::kDatetime:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    default:
      return arrow::utf8();
  }
}

std::shared_ptr<arrow::Schema> arrow_schema(const Schema& schema) {
  arrow::FieldVector fields;
  for (const ColumnSpec& spec : schema.columns)
    fields.push_back(arrow::field(spec.name, arrow_type(spec.kind)));
  return arrow::schema(fields,
                       arrow::key_value_metadata({kParquetMetadataKey}, {metadata_yaml(schema)}));
}

template <class Builder, class Append>
std::shared_ptr<arrow::Array> built(Builder& builder, const Column& column, const Append& append) {
  check_arrow(builder.Reserve(column.size()), "memory");
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row)) {
      builder.UnsafeAppendNull();
    } else {
      append(static_cast<std::size_t>(row));
    }
  }
  return arrow_value(builder.Finish(), "memory");
}

std::shared_ptr<arrow::Array> arrow_texts(const Column& column) {
  arrow::StringBuilder builder;
  std::int64_t bytes = 0;
  for (const std::int32_t code : column.codes) {
    if (code >= 0)
      bytes += static_cast<std::int64_t>(column.levels[static_cast<std::size_t>(code)].size());
  }
  check_arrow(builder.ReserveData(bytes), "memory");
  return built(builder, column, [&](std::size_t i) {
    builder.UnsafeAppend(column.levels[static_cast<std::size_t>(column.codes[i])]);
  });
}

std::shared_ptr<arrow::Array> arrow_array(const Column& column) {
  switch (column.spec.kind) {
    case Kind::kInteger: {
      arrow::Int64Builder builder;
      return built(builder, column, [&](std::size_t i) { builder.UnsafeAppend(column.ints[i]); });
    }
    case Kind::kFloat: {
      arrow::DoubleBuilder builder;
      return built(builder, column, [&](std::size_t i) { builder.UnsafeAppend(column.reals[i]); });
    }
    case Kind::kDate: {
      arrow::Date32Builder builder;
      return built(builder, column, [&](std::size_t i) {
        builder.UnsafeAppend(static_cast<std::int32_t>(column.ints[i]));
      });
    }
    case Kind::kDatetime: {
      arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO),
                                      arrow::default_memory_pool());
      return built(builder, column, [&](std::size_t i) { builder.UnsafeAppend(column.ints[i]); });
    }
    default:
      return arrow_texts(column);
  }
}

class ParquetWriter : public TableWriter {
 public:
  ParquetWriter(const std::string& path, const Schema& schema)
      : pending_(path), path_(path), table_schema_(schema), schema_(arrow_schema(schema)) {
    file_ = arrow_value(arrow::io::FileOutputStream::Open(pending_.temporary().string()), path_);
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(parquet::Compression::ZSTD)
                                ->max_row_group_length(kRowGroupRows)
                                ->build();
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    writer_ = arrow_value(parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(),
                                                           file_, properties, arrow_properties),
                          path_);
  }

  void append(const Table& rows) override {
    check_rows(rows, table_schema_);
    constexpr std::int64_t kPiece = 1 << 17;  // texts of a piece stay below Arrow's 2 GiB
    for (std::int64_t first = 0; first < rows.n_rows(); first += kPiece) {
      const Table piece = slice_rows(rows, first, std::min(rows.n_rows(), first + kPiece));
      arrow::ArrayVector arrays;
      for (const Column& column : piece.columns) arrays.push_back(arrow_array(column));
      check_arrow(
          writer_->WriteRecordBatch(*arrow::RecordBatch::Make(schema_, piece.n_rows(), arrays)),
          path_);
    }
  }

  void finish() override {
    check_arrow(writer_->Close(), path_);
    check_arrow(file_->Close(), path_);
    pending_.commit();
  }

 private:
  base::PendingPath pending_;
  std::string path_;
  Schema table_schema_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::io::FileOutputStream> file_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

}  // namespace

std::unique_ptr<TableWriter> open_parquet_writer(const std::string& path, const Schema& schema) {
  return std::make_unique<ParquetWriter>(path, schema);
}

}  // namespace semblance::table::detail
