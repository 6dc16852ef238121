#include "prepare/row_source.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "prepare/expression.hpp"
#include "table/csv_scanner.hpp"
#include "table/csv_shares.hpp"
#include "table/read_table.hpp"

namespace semblance::prepare {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

std::string file_name(const std::string& path) { return fs::path(path).filename().string(); }

// ---------------------------------------------------------------------------------------- CSV
struct CsvColumns {
  std::string file;
  std::vector<CellReader> readers;
  std::vector<std::string> names;  ///< as in the file
  std::vector<int> fields;         ///< of the file
  int row_number = -1;             ///< column that numbers the rows
};

class CsvRows : public RowBlock {
 public:
  CsvRows(const table::CsvBlock& block, const CsvColumns& columns, std::int64_t n_rows)
      : block_(block), columns_(columns), n_rows_(n_rows) {}
  std::int64_t n_rows() const override { return n_rows_; }
  Value load(std::int64_t row, int column) const override {
    if (column == columns_.row_number) return Value::of_integer(block_.first_row() + row);
    const auto c = static_cast<std::size_t>(column);
    try {
      return columns_.readers[c].read(block_.field(row, columns_.fields[c]));
    } catch (const base::Error& error) {
      base::fail(error.kind(), "{}, column {}: {}", place(row), columns_.names[c], error.what());
    }
  }
  std::string place(std::int64_t row) const override {
    return fmt::format("{}: row {}", columns_.file, block_.first_row() + row);
  }

 private:
  const table::CsvBlock& block_;
  const CsvColumns& columns_;
  std::int64_t n_rows_;
};

class CsvSource : public RowSource {
 public:
  CsvSource(const SourceSpec& spec, const std::string& path)
      : rows_(spec.rows), scanner_(path, options()) {
    columns_.file = file_name(path);
    const std::vector<std::string>& header = scanner_.header();
    for (const SourceColumn& column : spec.columns) {
      const auto found = std::find_if(header.begin(), header.end(), [&](const std::string& name) {
        return same_name(name, column.name);
      });
      if (found == header.end()) {
        base::fail(ErrorKind::kData, "{}: there is no column '{}' in {}{}", column.place,
                   column.name, path, did_you_mean(column.name, header));
      }
      columns_.names.push_back(*found);
      columns_.fields.push_back(static_cast<int>(found - header.begin()));
      columns_.readers.emplace_back(column.kind, column.date_format, spec.missing);
      if (same_name(column.name, spec.runs_column))
        runs_field_ = static_cast<int>(columns_.fields.size()) - 1;
    }
    scanner_.keep(columns_.fields);
    if (!spec.row_number.empty()) columns_.row_number = static_cast<int>(spec.columns.size());
    if (runs_field_ >= 0) runs_ = std::make_shared<NumberRuns>(spec.runs_rows);
  }

  void read(int threads, const std::function<void(const RowBlock&, std::int64_t)>& work) override {
    table::for_each_block(
        scanner_, threads,
        [&](const table::CsvBlock& block, std::int64_t number) { visit(block, number, work); },
        rows_);
  }

  bool can_share() const override { return table::CsvShares::can_share(scanner_); }
  void begin_shares(base::Communicator& communicator, std::int64_t share_bytes) override {
    communicator_ = &communicator;
    shares_ = std::make_unique<table::CsvShares>(scanner_, communicator, share_bytes);
  }
  bool next_share(int threads) override {
    return (rows_ < 0 || shares_->rows_so_far() < rows_) && shares_->next(threads);
  }
  void read_share(int threads,
                  const std::function<void(const RowBlock&, std::int64_t)>& work) override {
    table::CsvScanner records = shares_->records();
    table::for_each_block(records, threads, [&](const table::CsvBlock& block, std::int64_t number) {
      visit(block, number, work);
    });
  }
  void end_shares() override {
    if (runs_) runs_->merge_ranks(*communicator_);
  }

 private:
  static table::CsvOptions options() {
    table::CsvOptions options;
    options.separator = '\0';
    return options;
  }
  void visit(const table::CsvBlock& block, std::int64_t number,
             const std::function<void(const RowBlock&, std::int64_t)>& work) {
    const std::int64_t n =
        rows_ < 0 ? block.n_rows()
                  : std::clamp<std::int64_t>(rows_ + 1 - block.first_row(), 0, block.n_rows());
    if (runs_) {
      NumberRuns::Block seen = runs_->block();
      const auto c = static_cast<std::size_t>(runs_field_);
      for (std::int64_t row = 0; row < n; ++row) {
        const std::string_view text = block.field(row, columns_.fields[c]);
        seen.add(block.first_row() + row, text, columns_.readers[c].is_missing(text));
      }
      runs_->merge(seen);
    }
    work(CsvRows(block, columns_, n), number);
  }

  std::int64_t rows_;
  table::CsvScanner scanner_;
  std::unique_ptr<table::CsvShares> shares_;
  base::Communicator* communicator_ = nullptr;
  CsvColumns columns_;
  int runs_field_ = -1;
};

// -------------------------------------------------------------------------- tables in memory
class TableRows : public RowBlock {
 public:
  TableRows(const table::Table& table, const std::string& file, const std::vector<int>& columns,
            const std::vector<CellReader>& readers)
      : table_(table), file_(file), columns_(columns), readers_(readers) {}
  std::int64_t first = 0, count = 0;
  std::int64_t n_rows() const override { return count; }
  std::string place(std::int64_t row) const override {
    return fmt::format("{}: row {}", file_, first + row + 1);
  }
  Value load(std::int64_t row, int index) const override {
    if (static_cast<std::size_t>(index) == columns_.size())
      return Value::of_integer(first + row + 1);
    const table::Column& column =
        table_.columns[static_cast<std::size_t>(columns_[static_cast<std::size_t>(index)])];
    const CellReader& reader = readers_[static_cast<std::size_t>(index)];
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
        if (reader.kind() == CellKind::kText) return Value::of_text(level);
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
  const std::string& file_;
  const std::vector<int>& columns_;
  const std::vector<CellReader>& readers_;
  mutable TextArena texts_;  ///< a block belongs to one thread
};

class TableSource : public RowSource {
 public:
  TableSource(const SourceSpec& spec, const std::string& path)
      : rows_(spec.rows), file_(file_name(path)) {
    table::ReadOptions options;
    options.allow_empty = true;
    table_ = table::read_table(path, options);
    std::vector<std::string> header;
    for (const table::Column& column : table_.columns) header.push_back(column.spec.name);
    for (const SourceColumn& column : spec.columns) {
      const auto found = std::find_if(header.begin(), header.end(), [&](const std::string& name) {
        return same_name(name, column.name);
      });
      if (found == header.end()) {
        base::fail(ErrorKind::kData, "{}: there is no column '{}' in {}{}", column.place,
                   column.name, path, did_you_mean(column.name, header));
      }
      columns_.push_back(static_cast<int>(found - header.begin()));
      readers_.emplace_back(column.kind, column.date_format, spec.missing);
    }
    SEMBLANCE_EXPECT(spec.runs_column.empty(), kData,
                     "{}: number_runs is for CSV files; {} has kinds of its own", spec.place, path);
  }

  void read(int threads, const std::function<void(const RowBlock&, std::int64_t)>& work) override {
    constexpr std::int64_t kRows = 16384;
    const std::int64_t n = rows_ < 0 ? table_.n_rows() : std::min(rows_, table_.n_rows());
    base::parallel_for((n + kRows - 1) / kRows, threads, [&](std::int64_t number) {
      TableRows block(table_, file_, columns_, readers_);
      block.first = number * kRows;
      block.count = std::min(kRows, n - block.first);
      work(block, number);
    });
  }

 private:
  std::int64_t rows_;
  std::string file_;
  table::Table table_;
  std::vector<int> columns_;
  std::vector<CellReader> readers_;
};

constexpr std::string_view kExtensions[] = {"", ".csv", ".csv.gz", ".parquet", ".h5"};

}  // namespace

void RowSource::begin_shares(base::Communicator&, std::int64_t) { SEMBLANCE_ASSERT(can_share()); }
bool RowSource::next_share(int) { return false; }
void RowSource::read_share(int, const std::function<void(const RowBlock&, std::int64_t)>&) {}
void RowSource::end_shares() {}

CellReader::CellReader(CellKind kind, const std::string& date_format,
                       std::vector<std::string> missing)
    : kind_(kind), dates_(date_format), missing_(std::move(missing)) {}

bool CellReader::is_missing(std::string_view text) const {
  return text.empty() || std::find(missing_.begin(), missing_.end(), text) != missing_.end();
}

Value CellReader::read_date(std::string_view text) const {
  const auto time = dates_.read(text);
  SEMBLANCE_EXPECT(time, kData, "{}", dates_.complaint(text));
  const Value value = Value::of_integer(*time, CellKind::kDatetime);
  if (kind_ == CellKind::kDatetime) return value;
  SEMBLANCE_EXPECT(*time == value.days() * kMicrosecondsPerDay, kData,
                   "'{}' has a time of day: declare the column as datetime, and use date() where "
                   "the day is wanted",
                   text);
  return Value::of_integer(value.days(), CellKind::kDate);
}

Value CellReader::read(std::string_view text) const {
  if (is_missing(text)) return {};
  const char* const end = text.data() + text.size();
  switch (kind_) {
    case CellKind::kInteger: {
      std::int64_t value = 0;
      auto result = std::from_chars(text.data(), end, value);
      if (result.ec == std::errc() && result.ptr != end &&
          *result.ptr == '.') {  // 12.0, as pandas writes
        while (++result.ptr != end && *result.ptr == '0') {
        }
      }
      SEMBLANCE_EXPECT(result.ec == std::errc() && result.ptr == end, kData,
                       "'{}' is not a whole number", text);
      return Value::of_integer(value);
    }
    case CellKind::kReal: {
      double value = 0;
      const auto result = std::from_chars(text.data(), end, value);
      SEMBLANCE_EXPECT(result.ec == std::errc() && result.ptr == end, kData, "'{}' is not a number",
                       text);
      return Value::of_real(value);
    }
    case CellKind::kBoolean:
      for (const std::string_view yes : {"1", "true", "yes", "t", "y"}) {
        if (same_name(text, yes)) return Value::of_integer(1, CellKind::kBoolean);
      }
      for (const std::string_view no : {"0", "false", "no", "f", "n"}) {
        if (same_name(text, no)) return Value::of_integer(0, CellKind::kBoolean);
      }
      base::fail(ErrorKind::kData, "'{}' is not true or false (nor yes, no, 1, 0)", text);
    case CellKind::kDate:
    case CellKind::kDatetime:
      return read_date(text);
    default:
      return Value::of_text(text);
  }
}

std::string find_source_file(const SourceSpec& spec, const std::string& directory) {
  std::error_code error;
  std::vector<std::string> all, found;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    all.push_back(name);
    for (const std::string_view extension : kExtensions) {
      if (same_name(name, spec.file + std::string(extension))) found.push_back(name);
    }
  }
  SEMBLANCE_EXPECT(!error, kIo, "cannot read the directory '{}': {}", directory, error.message());
  std::sort(found.begin(), found.end());
  if (found.size() > 1) {
    base::fail(ErrorKind::kData, "{}: '{}' may be {} or {} in {}: write the whole file name",
               spec.place, spec.file, found[0], found[1], directory);
  }
  if (found.empty()) {
    std::vector<std::string> stems;
    for (const std::string& name : all) stems.push_back(name.substr(0, name.find('.')));
    base::fail(ErrorKind::kData,
               "{}: there is no table '{}' (.csv, .csv.gz, .parquet, .h5) in {}{}", spec.place,
               spec.file, directory, did_you_mean(spec.file, stems));
  }
  return (fs::path(directory) / found[0]).string();
}

std::unique_ptr<RowSource> open_source(const SourceSpec& spec, const std::string& directory) {
  const std::string path = find_source_file(spec, directory);
  const std::string extension = fs::path(path).extension().string();
  if (same_name(extension, ".parquet") || same_name(extension, ".h5"))
    return std::make_unique<TableSource>(spec, path);
  return std::make_unique<CsvSource>(spec, path);
}

}  // namespace semblance::prepare
