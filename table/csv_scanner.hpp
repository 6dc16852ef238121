/// CSV at memory speed: RFC 4180 records out of a .csv or .csv.gz file in blocks, with row numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "table/detail/csv_tokens.hpp"

namespace semblance::table {

/// A block of whole records. Field views point into the block's own buffer. Give the same block
/// to the scanner again and again: its memory is kept.
class CsvBlock {
 public:
  std::int64_t n_rows() const { return tokens_.n_rows; }  ///< records; 0 before split()
  /// Of every record: the number of names in the header.
  int n_fields() const { return n_fields_; }
  /// Unquoted, with doubled quotes undone and blanks around an unquoted field trimmed.
  std::string_view field(std::int64_t row, int column) const {
    const detail::CsvField f = tokens_.fields[static_cast<std::size_t>(row * n_fields_ + column)];
    const char* text =
        (f.begin & detail::kUnescaped) != 0 ? tokens_.unescaped.data() : buffer_.data();
    return {text + (f.begin & ~detail::kUnescaped), f.length};
  }
  std::int64_t first_row() const {
    return first_row_;
  }  ///< 1-based number of the block's first record
  std::int64_t size_bytes() const { return static_cast<std::int64_t>(size_); }  ///< of its text

 private:
  friend class CsvScanner;
  std::vector<char> buffer_;  // the first size_ bytes are the block's text
  std::size_t size_ = 0;
  detail::CsvTokens tokens_;
  int n_fields_ = 0;
  std::int64_t first_row_ = 1;
};

/// How a file is cut up; the defaults suit any table.
struct CsvOptions {
  char separator = ',';  ///< '\0': found from the header line among , ; tab |
  /// Of text read at a time; a block grows until it holds one record.
  std::size_t block_bytes = std::size_t{1} << 20;
  std::size_t most_record_bytes = std::size_t{64}
                                  << 20;  ///< a longer record is an error (a quote left open)
};

/// Gives out the records of a file in order. Not thread-safe but for split(); see for_each_block().
class CsvScanner {
 public:
  /// Opens the file and reads its header.
  /// \throws Error{kIo} when unreadable, Error{kData} when empty, not a text, or with duplicate or
  /// empty column names
  explicit CsvScanner(const std::string& path, const CsvOptions& options = {});
  ~CsvScanner();
  CsvScanner(CsvScanner&&) noexcept;

  const std::string& path() const;                 ///< for messages
  const std::vector<std::string>& header() const;  ///< column names: non-empty, all different
  char separator() const;                          ///< the one found where CsvOptions left it open

  /// Fills `block` with the next records; false at the end of the file.
  /// \throws Error{kData} naming file and row (and column) for a wrong number of fields, an
  ///         unterminated quote, bytes that are not UTF-8, a truncated gzip stream; Error{kIo}
  bool next(CsvBlock& block);

  /// next() in two steps, for several threads: one thread calls read() (cheap: it finds where
  /// records end and numbers them), any thread calls split() on a block that read() filled.
  bool read(CsvBlock& block);
  /// The second step: finds the fields of a block that read() filled. Thread-safe.
  /// \throws Error{kData} as next() does for what is inside a record
  void split(CsvBlock& block) const;

  std::int64_t bytes_read() const;  ///< of uncompressed text

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads a whole file on several threads. `work(block, number)` is called for every block, split,
/// on any thread and in any order; blocks are numbered from 0 in file order. Memory: two blocks a
/// thread. The first exception (by block number, where several threads fail) ends the loop and is
/// rethrown.
void for_each_block(CsvScanner& scanner, int threads,
                    const std::function<void(const CsvBlock& block, std::int64_t number)>& work);

}  // namespace semblance::table
