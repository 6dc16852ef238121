#include "table/csv_scanner.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/turns.hpp"

namespace semblance::table {
namespace {

using detail::CsvError;
using detail::CsvFault;

constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";
constexpr std::size_t kMostHeaderBytes = std::size_t{64} << 20;

char find_separator(std::string_view header) {
  char best = ',';
  std::int64_t most = 0;
  for (const char candidate : {',', ';', '\t', '|'}) {
    std::int64_t count = 0;
    bool quoted = false;
    for (const char c : header) {
      if (c == '"') quoted = !quoted;
      if (c == '\n' && !quoted) break;
      count += c == candidate && !quoted;
    }
    if (count > most) most = count, best = candidate;
  }
  return best;
}

/// The end of an error message for a fault inside a field.
std::string_view fault_text(CsvFault fault) {
  switch (fault) {
    case CsvFault::kOpenQuote:
      return "a quote is opened here and never closed";
    case CsvFault::kTextAfterQuote:
      return "text follows the closing quote: a quote inside a quoted field must be doubled (\"\")";
    case CsvFault::kNulByte:
      return "holds a NUL byte: not a text file, or not UTF-8 (UTF-16?); save it as UTF-8";
    case CsvFault::kNotUtf8:
      return "holds bytes that are not UTF-8 (Latin-1 or Windows-1252?); save it as UTF-8";
    default:
      return "";
  }
}

void check_names(const std::string& path, const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    SEMBLANCE_EXPECT(
        !names[i].empty(), kData,
        "{}: column {} has no name in the header line; name it, or leave it out (R and "
        "pandas put row numbers there: row.names = FALSE, index=False)",
        path, i + 1);
    SEMBLANCE_EXPECT(names[i].find_first_of("\r\n") == std::string::npos, kData,
                     "{}: a line break in the name of column {}: lines must end in \\n or \\r\\n",
                     path, i + 1);
    SEMBLANCE_EXPECT(seen.insert(names[i]).second, kData,
                     "{}: two columns are called '{}', the second is column {}; names must differ",
                     path, names[i], i + 1);
  }
}

}  // namespace

struct CsvScanner::State {
  std::string path;
  CsvOptions options;
  std::unique_ptr<detail::TextPieces> pieces;
  std::vector<std::string> header;
  std::vector<char> kept;   // [columns] 1: blocks hold it
  std::vector<int> places;  // [columns] among the kept ones
  std::string left_over;    // read, but not yet given out: begins at a record
  std::int64_t next_piece = 0;
  bool all_taken = false;  // no piece is left
  bool only_rest = false;  // ... but `left_over` has not been given out
  std::int64_t next_row = 1, bytes_read = 0;

  void read_header();
  bool find_header_end();
  void parse_header(std::string_view text, std::size_t& used);
  void fetch(std::int64_t number, detail::PieceBuffer& piece) {
    pieces->fetch(number, piece);
    if (pieces->in_order()) all_taken = piece.last();
  }
  [[noreturn]] void report(const CsvError& error, std::int64_t first_row) const;
};

void CsvScanner::State::read_header() {
  detail::PieceBuffer piece;
  do {
    all_taken = next_piece == pieces->count();
    if (!all_taken) {
      fetch(next_piece++, piece);
      left_over += piece.text();
      bytes_read += static_cast<std::int64_t>(piece.text().size());
      all_taken = piece.last();
    }
    SEMBLANCE_EXPECT(!left_over.empty(), kData, "{}: the file is empty", path);
  } while (!find_header_end());
  std::size_t used = 0;
  parse_header(left_over, used);
  left_over.erase(0, used);
  only_rest = all_taken;
}

/// True when `left_over` holds the whole header line; also finds the separator.
bool CsvScanner::State::find_header_end() {
  SEMBLANCE_EXPECT(!left_over.starts_with("\xff\xfe") && !left_over.starts_with("\xfe\xff"), kData,
                   "{}: is UTF-16 text: save it as UTF-8", path);
  const char separator = options.separator == '\0' ? find_separator(left_over) : options.separator;
  if (detail::find_record_end(left_over, separator, all_taken).bytes == 0) {
    SEMBLANCE_EXPECT(left_over.size() < kMostHeaderBytes, kData,
                     "{}: no end of the header line in the first {} MiB", path,
                     kMostHeaderBytes >> 20);
    return false;
  }
  options.separator = separator;
  return true;
}

void CsvScanner::State::parse_header(std::string_view text, std::size_t& used) {
  const std::size_t mark = text.starts_with(kUtf8Mark) ? kUtf8Mark.size() : 0;
  const CsvError error =
      detail::tokenise_header(text.substr(mark), options.separator, header, used);
  used += mark;
  SEMBLANCE_EXPECT(error.fault == CsvFault::kNone, kData, "{}: header line, column {}: {}", path,
                   error.column + 1, fault_text(error.fault));
  check_names(path, header);
}

void CsvScanner::State::report(const CsvError& error, std::int64_t first_row) const {
  const std::int64_t row = first_row + error.row;
  SEMBLANCE_EXPECT(error.fault != CsvFault::kFieldCount, kData,
                   "{}: row {}: has {} fields, but the header has {} columns", path, row,
                   error.column, header.size());
  const std::size_t column = static_cast<std::size_t>(error.column);
  base::fail(base::ErrorKind::kData, "{}: row {}, column {}: {}", path, row,
             column < header.size() ? "'" + header[column] + "'" : std::to_string(column + 1),
             fault_text(error.fault));
}

CsvScanner::CsvScanner(const std::string& path, const CsvOptions& options)
    : state_(std::make_unique<State>()) {
  SEMBLANCE_EXPECT(options.separator != '"' && options.separator != '\n', kUsage,
                   "a quote or a newline cannot separate fields");
  SEMBLANCE_EXPECT(options.block_bytes > 0 && options.most_record_bytes < detail::kMostBlockBytes,
                   kUsage,
                   "blocks of {} bytes and records of up to {} bytes: must be over 0 and under {}",
                   options.block_bytes, options.most_record_bytes, detail::kMostBlockBytes);
  state_->path = path;
  state_->options = options;
  state_->options.block_bytes = std::min(options.block_bytes, options.most_record_bytes);
  state_->pieces =
      detail::open_text_pieces(path, state_->options.block_bytes, state_->options.split);
  state_->read_header();
  std::vector<int> all(state_->header.size());
  std::iota(all.begin(), all.end(), 0);
  keep(all);
}
CsvScanner::CsvScanner(const CsvScanner& like, std::string_view records, std::int64_t first_row)
    : state_(std::make_unique<State>()) {
  const State& other = *like.state_;
  state_->path = other.path;
  state_->options = other.options;
  state_->header = other.header;
  state_->kept = other.kept;
  state_->places = other.places;
  state_->pieces = detail::pieces_of_text(records, other.options.block_bytes);
  state_->next_row = first_row;
}
CsvScanner::~CsvScanner() = default;
CsvScanner::CsvScanner(CsvScanner&&) noexcept = default;

const std::string& CsvScanner::path() const { return state_->path; }
const std::vector<std::string>& CsvScanner::header() const { return state_->header; }
char CsvScanner::separator() const { return state_->options.separator; }
std::int64_t CsvScanner::bytes_read() const { return state_->bytes_read; }

void CsvScanner::keep(const std::vector<int>& columns) {
  state_->kept.assign(state_->header.size(), 0);
  state_->places.assign(state_->header.size(), 0);
  for (const int column : columns) state_->kept[static_cast<std::size_t>(column)] = 1;
  int place = 0;
  for (std::size_t c = 0; c < state_->kept.size(); ++c) {
    if (state_->kept[c] != 0) state_->places[c] = place++;
  }
}

CsvScanner::Rest CsvScanner::rest() const {
  return {state_->pieces.get(), state_->next_piece, state_->left_over, &state_->options};
}

bool CsvScanner::next(CsvBlock& block) {
  while (take(block)) {
    fetch(block);
    place(block);
    if (block.n_rows() == 0) continue;
    split(block);
    if (block.n_rows() > 0) return true;
  }
  return false;
}

bool CsvScanner::take(CsvBlock& block) {
  State& s = *state_;
  if (s.only_rest) {
    s.only_rest = false;
    block.number_ = -1;
    block.piece_.clear();
    block.piece_.set_last(true);
    return true;
  }
  s.all_taken = s.all_taken || s.next_piece == s.pieces->count();
  if (s.all_taken) return false;
  block.number_ = s.next_piece++;
  if (s.pieces->in_order()) {
    s.fetch(block.number_, block.piece_);
    block.number_ = -1;
  }
  return true;
}

void CsvScanner::fetch(CsvBlock& block) {
  if (block.number_ >= 0) state_->pieces->fetch(block.number_, block.piece_);
}

void CsvScanner::place(CsvBlock& block) {
  State& s = *state_;
  s.bytes_read += static_cast<std::int64_t>(block.piece_.text().size());
  block.piece_.prepend(s.left_over);
  const std::string_view text = block.piece_.text();
  const detail::RecordEnd end =
      detail::find_record_end(text, s.options.separator, block.piece_.last());
  SEMBLANCE_EXPECT(text.size() - end.bytes < s.options.most_record_bytes, kData,
                   "{}: row {}: is longer than {} bytes: is a quote left open?", s.path,
                   s.next_row + end.n_rows, s.options.most_record_bytes);
  s.left_over.assign(text.substr(end.bytes));
  block.size_ = end.bytes;
  block.n_fields_ = static_cast<int>(s.header.size());
  block.first_row_ = s.next_row;
  block.tokens_.n_rows = end.n_rows;
  s.next_row += end.n_rows;
}

void CsvScanner::split(CsvBlock& block) const {
  const std::string_view text = block.piece_.text().substr(0, block.size_);
  const CsvError error = detail::tokenise(text, state_->options.separator, block.n_fields_,
                                          block.tokens_, state_->kept);
  block.places_ = state_->places;
  block.n_kept_ = std::count(state_->kept.begin(), state_->kept.end(), 1);
  if (error.fault != CsvFault::kNone) state_->report(error, block.first_row_);
}

void for_each_block(CsvScanner& scanner, int threads,
                    const std::function<void(const CsvBlock& block, std::int64_t number)>& work,
                    std::int64_t most_rows) {
  if (threads <= 0) threads = base::default_threads();
  std::mutex taking, failing;
  base::Turns placing;
  std::atomic<bool> done{false};
  std::int64_t next_number = 0, failed_number = std::numeric_limits<std::int64_t>::max();
  std::exception_ptr failure;
  const auto take = [&](CsvBlock& block, std::int64_t& number) {
    const std::lock_guard lock(taking);
    number = next_number;
    if (done || !scanner.take(block)) return false;
    ++next_number;
    return true;
  };
  const auto read = [&](CsvBlock& block, std::int64_t number) {
    scanner.fetch(block);
    placing.take(number, [&] {
      scanner.place(block);
      if (most_rows >= 0 && block.first_row() + block.n_rows() > most_rows) done = true;
    });
    scanner.split(block);
  };
  base::parallel_for(threads, threads, [&](std::int64_t) {
    CsvBlock block;
    std::int64_t number = 0;
    try {
      while (take(block, number)) {
        read(block, number);
        work(block, number);
      }
    } catch (...) {
      done = true;
      placing.fail(number);
      const std::lock_guard lock(failing);
      if (number < failed_number) failure = std::current_exception(), failed_number = number;
    }
  });
  if (failure) std::rethrow_exception(failure);
}

}  // namespace semblance::table
