/// CSV at memory speed: RFC 4180 records out of a .csv or .csv.gz file in blocks, with row numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "table/detail/csv_tokens.hpp"
#include "table/detail/text_pieces.hpp"

namespace semblance::table {

/// A block of whole records. Field views point into the block's own buffer. Give the same block
/// to the scanner again and again: its memory is kept.
class CsvBlock {
 public:
  std::int64_t n_rows() const { return tokens_.n_rows; }  ///< records
  /// Of every record: the number of names in the header.
  int n_fields() const { return n_fields_; }
  /// Unquoted, with doubled quotes undone and blanks around an unquoted field trimmed.
  /// \param column  one that the scanner keeps
  std::string_view field(std::int64_t row, int column) const {
    const auto kept = static_cast<std::int64_t>(places_[static_cast<std::size_t>(column)]);
    const detail::CsvField f = tokens_.fields[static_cast<std::size_t>(row * n_kept_ + kept)];
    const char* text =
        (f.begin & detail::kUnescaped) != 0 ? tokens_.unescaped.data() : piece_.text().data();
    return {text + (f.begin & ~detail::kUnescaped), f.length};
  }
  std::int64_t first_row() const {
    return first_row_;
  }  ///< 1-based number of the block's first record
  std::int64_t size_bytes() const { return static_cast<std::int64_t>(size_); }  ///< of its text

 private:
  friend class CsvScanner;
  detail::PieceBuffer piece_;  // the first size_ bytes of its text are the block's
  std::int64_t number_ = -1;   // of the piece; -1 when it has been fetched
  std::size_t size_ = 0;
  detail::CsvTokens tokens_;
  int n_fields_ = 0;
  std::int64_t n_kept_ = 0;
  std::vector<int> places_;  // [n_fields] where a kept field stands in its record
  std::int64_t first_row_ = 1;
};

/// How a file is cut up; the defaults suit any table.
struct CsvOptions {
  char separator = ',';  ///< '\0': found from the header line among , ; tab |
  /// Of text read at a time. Small enough to stay in a cache.
  std::size_t block_bytes = std::size_t{1} << 18;
  std::size_t most_record_bytes = std::size_t{64}
                                  << 20;  ///< a longer record is an error (a quote left open)
  bool split = true;  ///< inflate gzip members side by side where they can be found
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
  /// From now on blocks hold these columns only; the others are checked and left out.
  void keep(const std::vector<int>& columns);

  /// Fills `block` with the next records; false at the end of the file.
  /// \throws Error{kData} naming file and row (and column) for a wrong number of fields, an
  ///         unterminated quote, bytes that are not UTF-8, a truncated gzip stream; Error{kIo}
  bool next(CsvBlock& block);

  /// next() in four steps, for several threads. One thread at a time, in the order of the blocks:
  /// take() and place(). Any thread, in between: fetch() and split(). A block may turn out to hold
  /// no record. take() is false when there are no more blocks.
  bool take(CsvBlock& block);
  void fetch(CsvBlock& block);  ///< reads or inflates the text of a block that take() gave
  void place(CsvBlock& block);  ///< finds where records end, and numbers them
  /// The last step: finds the fields of a block.
  /// \throws Error{kData} as next() does for what is inside a record
  void split(CsvBlock& block) const;

  std::int64_t bytes_read() const;  ///< of uncompressed text

  /// The records of a text in memory (which must outlive the scanner), under the header of another
  /// file: same columns, same messages.
  CsvScanner(const CsvScanner& like, std::string_view records, std::int64_t first_row);

  /// The pieces of the file that come after those that the header was read from, and the text
  /// that was read with it; for those who share out the pieces themselves.
  struct Rest {
    detail::TextPieces* pieces;  ///< of the whole file
    std::int64_t first_piece;    ///< the first that the header does not reach into
    std::string_view text;       ///< of the pieces before it, after the header
    const CsvOptions* options;   ///< with the separator that was found
  };
  Rest rest() const;  ///< valid as long as the scanner, and until it is read from

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads a whole file on several threads. `work(block, number)` is called for every block, split,
/// on any thread and in any order; blocks are numbered from 0 in file order. Memory: two blocks a
/// thread. The first exception, in the order of the blocks, ends the loop and is rethrown.
/// \param most_rows  stop at the block that holds this row; the block may hold more. -1: all rows
void for_each_block(CsvScanner& scanner, int threads,
                    const std::function<void(const CsvBlock& block, std::int64_t number)>& work,
                    std::int64_t most_rows = -1);

}  // namespace semblance::table
