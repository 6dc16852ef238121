#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/error.hpp"
#include "base/file.hpp"
#include "table/detail/byte_sink.hpp"
#include "table/detail/table_writers.hpp"
#include "table/format_value.hpp"

namespace semblance::table::detail {
namespace {

constexpr std::size_t kFlushBytes = std::size_t{1} << 20;

bool needs_quotes(std::string_view text) {
  return text.find_first_of(",\"\r\n") != std::string_view::npos ||
         (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.back() == ' ' ||
                            text.back() == '\t'));
}

void append_field(std::string& out, std::string_view text) {
  if (!needs_quotes(text)) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

class CsvWriter : public TableWriter {
 public:
  CsvWriter(const std::string& path, const Schema& schema, bool gzip)
      : pending_(path),
        sink_(open_byte_sink(pending_.temporary().string(), path, gzip)),
        schema_(schema) {
    for (const ColumnSpec& spec : schema_.columns) {
      formatters_.emplace_back(spec);
      if (!text_.empty()) text_ += ',';
      append_field(text_, spec.name);
    }
    text_ += '\n';
  }

  void append(const Table& rows) override {
    check_rows(rows, schema_);
    quote_levels(rows);
    for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
      for (std::size_t c = 0; c < rows.columns.size(); ++c) {
        if (c > 0) text_ += ',';
        append_value(rows.columns[c], c, row);
      }
      text_ += '\n';
      if (text_.size() >= kFlushBytes) flush();
    }
  }

  void finish() override {
    flush();
    sink_->finish();
    sink_.reset();
    pending_.commit();
  }

 private:
  void flush() {
    sink_->write(text_);
    text_.clear();
  }

  /// Levels as they stand in the file, so that quoting is decided once a level.
  void quote_levels(const Table& rows) {
    quoted_.assign(rows.columns.size(), {});
    for (std::size_t c = 0; c < rows.columns.size(); ++c) {
      for (const std::string& level : rows.columns[c].levels)
        append_field(quoted_[c].emplace_back(), level);
    }
  }

  void append_value(const Column& column, std::size_t c, std::int64_t row) {
    const std::size_t begin = text_.size();
    if (column.is_missing(row)) {
      append_field(text_, schema_.columns[c].missing_text);
    } else if (!column.codes.empty()) {
      text_ += quoted_[c][static_cast<std::size_t>(column.codes[static_cast<std::size_t>(row)])];
    } else {
      formatters_[c].append(text_, column, row);
    }
    // A line that is empty would be taken for no record at all.
    if (formatters_.size() == 1 && text_.size() == begin) text_ += "\"\"";
  }

  base::PendingPath pending_;
  std::unique_ptr<ByteSink> sink_;
  Schema schema_;
  std::vector<ValueFormatter> formatters_;
  std::vector<std::vector<std::string>> quoted_;
  std::string text_;
};

}  // namespace

std::unique_ptr<TableWriter> open_csv_writer(const std::string& path, const Schema& schema,
                                             bool gzip) {
  return std::make_unique<CsvWriter>(path, schema, gzip);
}

}  // namespace semblance::table::detail
