#include <algorithm>

#include "base/error.hpp"
#include "prepare/expression.hpp"
#include "prepare/source_columns.hpp"
#include "table/csv_scanner.hpp"
#include "table/csv_shares.hpp"

namespace semblance::prepare {
namespace {

/// The rows of a block of text.
class CsvRows : public RowBlock {
 public:
  CsvRows(const table::CsvBlock& block, const SourceColumns& columns, std::int64_t n_rows)
      : block_(block), columns_(columns), n_rows_(n_rows) {}
  std::int64_t n_rows() const override { return n_rows_; }
  Value load(std::int64_t row, int column) const override {
    const auto c = static_cast<std::size_t>(column);
    const int field = columns_.fields[c];
    if (field < 0) {
      return field == SourceColumns::kRowNumber ? Value::of_integer(block_.first_row() + row)
                                                : Value{};
    }
    try {
      return columns_.readers[c].read(block_.field(row, field));
    } catch (const base::Error& error) {
      base::fail(error.kind(), "{}, column {}: {}", place(row), columns_.names[c], error.what());
    }
  }
  std::string place(std::int64_t row) const override {
    return fmt::format("{}: row {}", columns_.file, block_.first_row() + row);
  }

 private:
  const table::CsvBlock& block_;
  const SourceColumns& columns_;
  std::int64_t n_rows_;
};

/// A CSV file, plain or gzip, streamed.
class CsvSource : public RowSource {
 public:
  CsvSource(const SourceSpec& spec, const std::string& path)
      : rows_(spec.rows),
        scanner_(path, options()),
        columns_(match_columns(spec, path, scanner_.header())) {
    scanner_.keep(columns_.fields_in_file());
    for (std::size_t c = 0; c < spec.columns.size() && !spec.runs_column.empty(); ++c) {
      if (same_name(spec.columns[c].name, spec.runs_column)) runs_column_ = static_cast<int>(c);
    }
    if (runs_column_ >= 0 && columns_.fields[static_cast<std::size_t>(runs_column_)] >= 0)
      runs_ = std::make_shared<NumberRuns>(spec.runs_rows);
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
      const auto c = static_cast<std::size_t>(runs_column_);
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
  SourceColumns columns_;
  int runs_column_ = -1;
};

}  // namespace

std::unique_ptr<RowSource> open_csv_source(const SourceSpec& spec, const std::string& path) {
  return std::make_unique<CsvSource>(spec, path);
}

}  // namespace semblance::prepare
