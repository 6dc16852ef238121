/// Parquet files, streamed, and HDF5 tables, held in memory.
#include <algorithm>
#include <mutex>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "prepare/source_columns.hpp"
#include "prepare/text_arena.hpp"
#include "table/file_summary.hpp"
#include "table/parquet_stream.hpp"
#include "table/read_table.hpp"

namespace semblance::prepare {
namespace {

/// Rows of a table in memory.
class TableRows : public RowBlock {
 public:
  /// \param table      its columns are those of `positions`
  /// \param positions  [columns of the source] in the table, or a mark of SourceColumns
  TableRows(const table::Table& table, const SourceColumns& columns,
            const std::vector<int>& positions)
      : table_(table), columns_(columns), positions_(positions) {}
  std::int64_t first = 0;         ///< row of the table
  std::int64_t count = 0;         ///< rows
  std::int64_t first_number = 1;  ///< of the file: 1 for its first row
  std::int64_t n_rows() const override { return count; }
  std::string place(std::int64_t row) const override {
    return fmt::format("{}: row {}", columns_.file, first_number + row);
  }
  Value load(std::int64_t row, int index) const override {
    const auto c = static_cast<std::size_t>(index);
    const int position = positions_[c];
    if (position == SourceColumns::kRowNumber) return Value::of_integer(first_number + row);
    if (position < 0) return {};
    const table::Column& column = table_.columns[static_cast<std::size_t>(position)];
    const CellReader& reader = columns_.readers[c];
    const std::int64_t at = first + row;
    if (column.is_missing(at)) return {};
    switch (column.spec.kind) {
      case table::Kind::kFloat:
        if (reader.kind() == CellKind::kReal)
          return Value::of_real(column.reals[static_cast<std::size_t>(at)]);
        break;
      case table::Kind::kInteger:
        if (reader.kind() == CellKind::kReal)
          return Value::of_real(static_cast<double>(column.ints[static_cast<std::size_t>(at)]));
        if (reader.kind() == CellKind::kInteger)
          return Value::of_integer(column.ints[static_cast<std::size_t>(at)]);
        break;
      case table::Kind::kDatetime:
        if (reader.kind() == CellKind::kDatetime)
          return Value::of_integer(column.ints[static_cast<std::size_t>(at)], CellKind::kDatetime);
        break;
      case table::Kind::kDate:
        if (reader.kind() == CellKind::kDate)
          return Value::of_integer(column.ints[static_cast<std::size_t>(at)], CellKind::kDate);
        if (reader.kind() == CellKind::kDatetime)
          return Value::of_integer(column.ints[static_cast<std::size_t>(at)] * kMicrosecondsPerDay,
                                   CellKind::kDatetime);
        break;
      default: {
        const std::string& level =
            column.levels[static_cast<std::size_t>(column.codes[static_cast<std::size_t>(at)])];
        if (reader.kind() == CellKind::kText) return reader.read(level);
      }
    }
    return from_text(column, reader, at, row);
  }

 private:
  Value from_text(const table::Column& column, const CellReader& reader, std::int64_t at,
                  std::int64_t row) const {
    try {
      return reader.read(texts_.keep(column.as_text(at)));
    } catch (const base::Error& error) {
      base::fail(error.kind(), "{}, column {}: {}", place(row), column.spec.name, error.what());
    }
  }
  const table::Table& table_;
  const SourceColumns& columns_;
  const std::vector<int>& positions_;
  mutable TextArena texts_;  ///< a block belongs to one thread
};

class ParquetSource : public RowSource {
 public:
  ParquetSource(const SourceSpec& spec, const std::string& path)
      : rows_(spec.rows), stream_(path), columns_(match_columns(spec, path, stream_.names())) {
    const std::vector<int> chosen = columns_.fields_in_file();
    for (const int field : columns_.fields) {
      positions_.push_back(
          field < 0
              ? field
              : static_cast<int>(std::find(chosen.begin(), chosen.end(), field) - chosen.begin()));
    }
    stream_.choose(chosen);
  }

  /// Batches are decoded one after the other, and worked on side by side.
  void read(int threads, const std::function<void(const RowBlock&, std::int64_t)>& work) override {
    if (threads <= 0) threads = base::default_threads();
    std::mutex reading;
    std::int64_t next_number = 0, next_row = 1;
    bool done = false;
    base::parallel_for(threads, threads, [&](std::int64_t) {
      table::Table batch;
      while (true) {
        TableRows block(batch, columns_, positions_);
        std::int64_t number = 0;
        {
          const std::lock_guard lock(reading);
          if (done || (rows_ >= 0 && next_row > rows_) || !stream_.next(batch)) return;
          number = next_number++;
          block.first_number = next_row;
          next_row += batch.n_rows();
        }
        block.count =
            rows_ < 0 ? batch.n_rows() : std::min(batch.n_rows(), rows_ + 1 - block.first_number);
        try {
          work(block, number);
        } catch (...) {
          const std::lock_guard lock(reading);
          done = true;
          throw;
        }
      }
    });
  }

 private:
  std::int64_t rows_;
  table::ParquetStream stream_;
  SourceColumns columns_;
  std::vector<int> positions_;
};

class Hdf5Source : public RowSource {
 public:
  Hdf5Source(const SourceSpec& spec, const std::string& path, MemoryBudget& budget)
      : rows_(spec.rows), held_(budget) {
    const table::FileSummary summary = table::summarise_file(path);
    held_.set(8 * std::max<std::int64_t>(0, summary.n_rows) *
                  static_cast<std::int64_t>(summary.schema.columns.size()),
              path + " (HDF5 tables are held in memory; CSV and Parquet files are streamed)");
    table::ReadOptions options;
    options.allow_empty = true;
    table_ = table::read_table(path, options);
    columns_ = match_columns(spec, path, table_.schema().names());
  }

  void read(int threads, const std::function<void(const RowBlock&, std::int64_t)>& work) override {
    constexpr std::int64_t kRows = 16384;
    const std::int64_t n = rows_ < 0 ? table_.n_rows() : std::min(rows_, table_.n_rows());
    base::parallel_for((n + kRows - 1) / kRows, threads, [&](std::int64_t number) {
      TableRows block(table_, columns_, columns_.fields);
      block.first = number * kRows;
      block.count = std::min(kRows, n - block.first);
      block.first_number = block.first + 1;
      work(block, number);
    });
  }

 private:
  std::int64_t rows_;
  BudgetShare held_;
  table::Table table_;
  SourceColumns columns_;
};

}  // namespace

std::unique_ptr<RowSource> open_parquet_source(const SourceSpec& spec, const std::string& path) {
  return std::make_unique<ParquetSource>(spec, path);
}

std::unique_ptr<RowSource> open_hdf5_source(const SourceSpec& spec, const std::string& path,
                                            MemoryBudget& budget) {
  return std::make_unique<Hdf5Source>(spec, path, budget);
}

}  // namespace semblance::prepare
