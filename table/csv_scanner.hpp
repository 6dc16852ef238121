/// CSV at memory speed: RFC 4180 records out of a .csv or .csv.gz file in blocks, with row numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace semblance::table {

/// A block of whole records. Field views point into the block's own buffer.
class CsvBlock {
 public:
  std::int64_t n_rows() const {
    return n_fields_ == 0 ? 0 : static_cast<std::int64_t>(fields_.size()) / n_fields_;
  }
  int n_fields() const { return n_fields_; }
  /// Unquoted, with doubled quotes undone and blanks around an unquoted field trimmed.
  std::string_view field(std::int64_t row, int column) const {
    return fields_[static_cast<std::size_t>(row * n_fields_ + column)];
  }
  std::int64_t first_row() const {
    return first_row_;
  }  ///< 1-based number of the block's first record

 private:
  friend class CsvScanner;
  std::string buffer_, unescaped_;
  std::vector<std::string_view> fields_;
  int n_fields_ = 0;
  std::int64_t first_row_ = 1;
};

struct CsvOptions {
  char separator = ',';  ///< '\0': found from the header line among , ; tab |
  std::size_t block_bytes = std::size_t{4} << 20;
};

class CsvScanner {
 public:
  /// Opens the file and reads its header.
  /// \throws Error{kIo} when unreadable, Error{kData} when empty, not a text, or with duplicate or
  /// empty column names
  explicit CsvScanner(const std::string& path, const CsvOptions& options = {});
  ~CsvScanner();
  CsvScanner(CsvScanner&&) noexcept;

  const std::vector<std::string>& header() const;
  /// Fills `block` with the next records; false at the end of the file.
  /// \throws Error{kData} naming file and row (and column) for a wrong number of fields, an
  ///         unterminated quote, bytes that are not UTF-8, a truncated gzip stream; Error{kIo}
  bool next(CsvBlock& block);
  std::int64_t bytes_read() const;  ///< of uncompressed text

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace semblance::table
