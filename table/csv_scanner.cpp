#include "table/csv_scanner.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "table/byte_source.hpp"

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
    SEMBLANCE_EXPECT(!names[i].empty(), kData, "{}: column {} has no name in the header line", path,
                     i + 1);
    SEMBLANCE_EXPECT(names[i].find_first_of("\r\n") == std::string::npos, kData,
                     "{}: a line break in the name of column {}: lines must end in \\n or \\r\\n",
                     path, i + 1);
    SEMBLANCE_EXPECT(seen.insert(names[i]).second, kData, "{}: two columns are called '{}'", path,
                     names[i]);
  }
}

}  // namespace

struct CsvScanner::State {
  std::string path;
  CsvOptions options;
  std::unique_ptr<ByteSource> source;
  std::vector<std::string> header;
  std::string left_over;  // read, but not yet given out: begins at a record
  bool source_ended = false;
  std::int64_t next_row = 1, bytes_read = 0;

  /// Reads on until the text holds `wanted` bytes or the file ends.
  void fill(std::vector<char>& text, std::size_t& size, std::size_t wanted) {
    if (text.size() < wanted) text.resize(wanted);
    const std::size_t n = source->read(text.data() + size, wanted - size);
    source_ended = n < wanted - size;
    size += n;
    bytes_read += static_cast<std::int64_t>(n);
  }
  void read_header();
  void parse_header(std::string_view text, std::size_t& used);
  [[noreturn]] void report(const CsvError& error, std::int64_t first_row) const;
};

void CsvScanner::State::read_header() {
  std::vector<char> text;
  std::size_t size = 0, wanted = std::size_t{1} << 16;
  detail::RecordEnd end;
  while (true) {
    fill(text, size, wanted);
    SEMBLANCE_EXPECT(size > 0, kData, "{}: the file is empty", path);
    const std::string_view all(text.data(), size);
    SEMBLANCE_EXPECT(!all.starts_with("\xff\xfe") && !all.starts_with("\xfe\xff"), kData,
                     "{}: is UTF-16 text: save it as UTF-8", path);
    if (options.separator == '\0') options.separator = find_separator(all);
    end = detail::find_record_end(all, options.separator, source_ended);
    if (end.bytes > 0) break;
    SEMBLANCE_EXPECT(size < kMostHeaderBytes, kData,
                     "{}: no end of the header line in the first {} MiB", path,
                     kMostHeaderBytes >> 20);
    wanted *= 2;
  }
  std::size_t used = 0;
  parse_header({text.data(), size}, used);
  left_over.assign(text.data() + used, size - used);
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
  state_->source = open_byte_source(path);
  state_->read_header();
}
CsvScanner::~CsvScanner() = default;
CsvScanner::CsvScanner(CsvScanner&&) noexcept = default;

const std::string& CsvScanner::path() const { return state_->path; }
const std::vector<std::string>& CsvScanner::header() const { return state_->header; }
char CsvScanner::separator() const { return state_->options.separator; }
std::int64_t CsvScanner::bytes_read() const { return state_->bytes_read; }

bool CsvScanner::next(CsvBlock& block) {
  if (!read(block)) return false;
  split(block);
  return true;
}

bool CsvScanner::read(CsvBlock& block) {
  State& s = *state_;
  block.n_fields_ = static_cast<int>(s.header.size());
  block.first_row_ = s.next_row;
  block.tokens_.n_rows = 0;
  block.size_ = s.left_over.size();
  if (block.buffer_.size() < block.size_) block.buffer_.resize(block.size_);
  std::copy(s.left_over.begin(), s.left_over.end(), block.buffer_.begin());
  detail::RecordEnd end;
  std::size_t wanted = block.size_ + s.options.block_bytes;
  while (true) {
    if (!s.source_ended) s.fill(block.buffer_, block.size_, wanted);
    end = detail::find_record_end({block.buffer_.data(), block.size_}, s.options.separator,
                                  s.source_ended);
    if (end.bytes > 0 || s.source_ended) break;
    SEMBLANCE_EXPECT(block.size_ < s.options.most_record_bytes, kData,
                     "{}: row {}: is longer than {} bytes: is a quote left open?", s.path,
                     s.next_row, s.options.most_record_bytes);
    wanted = 2 * block.size_;
  }
  s.left_over.assign(block.buffer_.data() + end.bytes, block.size_ - end.bytes);
  block.size_ = end.bytes;
  s.next_row += end.n_rows;
  return end.bytes > 0;
}

void CsvScanner::split(CsvBlock& block) const {
  const std::string_view text(block.buffer_.data(), block.size_);
  const CsvError error =
      detail::tokenise(text, state_->options.separator, block.n_fields_, block.tokens_);
  if (error.fault != CsvFault::kNone) state_->report(error, block.first_row_);
}

void for_each_block(CsvScanner& scanner, int threads,
                    const std::function<void(const CsvBlock& block, std::int64_t number)>& work) {
  if (threads <= 0) threads = base::default_threads();
  std::mutex reading, failing;
  std::int64_t next_number = 0, failed_number = 0;
  std::exception_ptr failure;
  const auto record_failure = [&](std::int64_t number) {
    const std::lock_guard lock(failing);
    if (!failure || number < failed_number)
      failure = std::current_exception(), failed_number = number;
  };
  // Each thread takes turns at reading (serial) and works on its block (parallel).
  const auto body = [&](std::int64_t) {
    CsvBlock block;
    while (true) {
      std::int64_t number = 0;
      try {
        const std::lock_guard lock(reading);
        number = next_number;
        {
          const std::lock_guard failed(failing);
          if (failure) return;
        }
        if (!scanner.read(block)) return;
        ++next_number;
      } catch (...) {
        record_failure(number);
        return;
      }
      try {
        scanner.split(block);
        work(block, number);
      } catch (...) {
        record_failure(number);
        return;
      }
    }
  };
  base::parallel_for(threads, threads, body);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace semblance::table
