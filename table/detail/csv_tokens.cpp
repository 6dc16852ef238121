#include "table/detail/csv_tokens.hpp"

#include <algorithm>
#include <bit>

#include "table/detail/csv_masks.hpp"
#include "table/detail/utf8.hpp"

namespace semblance::table::detail {
namespace {

bool is_blank_line(std::string_view line, char separator) {
  return std::all_of(line.begin(), line.end(),
                     [separator](char c) { return is_blank(c) && c != separator; });
}

/// Blanks and quotes need a closer look, and so do control characters.
bool is_plain(char c) { return static_cast<unsigned char>(c) > '"'; }

/// Collects fields into records. Both tokenisers below feed it.
class RecordBuilder {
 public:
  RecordBuilder(std::string_view text, int n_fields, CsvTokens& tokens,
                std::span<const char> keep = {})
      : text_(text), n_fields_(n_fields), tokens_(tokens), keep_(keep) {
    tokens_.n_rows = 0;
    tokens_.unescaped.clear();
  }

  /// Room for `count` more fields.
  void reserve(std::size_t count) {
    if (n_ + count > tokens_.fields.size())
      tokens_.fields.resize(std::max(2 * tokens_.fields.size(), n_ + count));
    out_ = tokens_.fields.data();
  }
  /// A field of raw text, quoted or not. False for text after a closing quote.
  [[gnu::always_inline]] bool add(std::size_t begin, std::size_t end) {
    const auto column = static_cast<std::size_t>(column_++);
    if (column < keep_.size() && keep_[column] == 0) return true;
    if (end > begin && !(is_plain(text_[begin]) && is_plain(text_[end - 1]))) {
      if (!trim(begin, end)) return false;
    }
    out_[n_++] = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
    return true;
  }
  /// Ends a record whose raw text is [row_begin, row_end). False for a wrong number of fields.
  bool end_record(std::size_t row_begin, std::size_t row_end) {
    if (column_ == 1 && is_blank_line(text_.substr(row_begin, row_end - row_begin), '\0')) {
      n_ = row_first_, column_ = 0;
      return true;
    }
    if (column_ != n_fields_) return false;
    row_first_ = n_;
    ++tokens_.n_rows;
    column_ = 0;
    return true;
  }
  /// \param less  1 for a fault of the field that add() took last
  CsvError error(CsvFault fault, int less = 0) const {
    return {fault, tokens_.n_rows, column_ - less};
  }

 private:
  /// Takes blanks off an unquoted field, quotes off a quoted one.
  [[gnu::noinline]] bool trim(std::size_t& begin, std::size_t& end) {
    while (begin < end && is_blank(text_[begin])) ++begin;
    while (begin < end && is_blank(text_[end - 1])) --end;
    if (begin == end || text_[begin] != '"') return true;
    const std::size_t close = closing_quote(begin + 1, end);
    if (close + 1 != end) return false;
    ++begin, --end;
    const std::string_view inner = text_.substr(begin, end - begin);
    if (inner.find('"') != std::string_view::npos) unescape(inner, begin, end);
    return true;
  }
  /// Position of the quote that closes a field whose inner text begins at `from`; `end` if none.
  std::size_t closing_quote(std::size_t from, std::size_t end) const {
    for (std::size_t i = from; i < end; ++i) {
      if (text_[i] != '"') continue;
      if (i + 1 == end || text_[i + 1] != '"') return i;
      ++i;
    }
    return end;
  }
  void unescape(std::string_view inner, std::size_t& begin, std::size_t& end) {
    const std::size_t start = tokens_.unescaped.size();
    for (std::size_t i = 0; i < inner.size(); ++i) {
      tokens_.unescaped += inner[i];
      if (inner[i] == '"') ++i;
    }
    begin = start | kUnescaped;
    end = begin + tokens_.unescaped.size() - start;
  }

  std::string_view text_;
  int n_fields_;
  CsvTokens& tokens_;
  std::span<const char> keep_;
  CsvField* out_ = nullptr;
  std::size_t n_ = 0, row_first_ = 0;
  int column_ = 0;
};

/// What tokenise_regular saw besides the fields.
struct Outcome {
  CsvError error;
  bool regular = true;  ///< false: quotes in the middle of fields, do it again the slow way
  bool any_high = false, any_nul = false;
};

/// 64 bytes at a time; right for texts whose quotes stand at the ends of fields.
Outcome tokenise_regular(std::string_view text, char separator, int n_fields, CsvTokens& tokens,
                         std::span<const char> keep) {
  RecordBuilder builder(text, n_fields, tokens, keep);
  QuoteTracker quotes;
  PaddedWord padded;
  Outcome outcome;
  std::size_t field_begin = 0, row_begin = 0;
  for (std::size_t base = 0; base < text.size(); base += 64) {
    builder.reserve(65);
    const char* word = padded.at(text.data(), text.size(), base);
    const CsvMasks masks = classify(word, separator);
    outcome.any_high |= masks.any_high;
    outcome.any_nul |= masks.any_nul;
    const std::uint64_t outside = ~quotes.inside(word, masks) & padded.valid();
    if (!quotes.regular()) return {.regular = false};
    for (std::uint64_t bits = (masks.separator | masks.newline) & outside; bits != 0;
         bits &= bits - 1) {
      const std::uint64_t bit = bits & (~bits + 1);
      const std::size_t end = base + static_cast<std::size_t>(std::countr_zero(bits));
      if (!builder.add(field_begin, end)) return {.regular = false};
      field_begin = end + 1;
      if ((masks.newline & bit) == 0) continue;
      if (!builder.end_record(row_begin, end)) return {builder.error(CsvFault::kFieldCount)};
      row_begin = field_begin;
    }
  }
  if (quotes.ends_inside()) return {.regular = false};
  if (row_begin < text.size()) {
    builder.reserve(1);
    if (!builder.add(field_begin, text.size())) return {.regular = false};
    if (!builder.end_record(row_begin, text.size()))
      outcome.error = builder.error(CsvFault::kFieldCount);
  }
  return outcome;
}

/// One field at `begin`, byte by byte.
struct RawField {
  std::size_t end = 0;  ///< position of the separator or newline after it, or the end of the text
  bool open = false;    ///< the quote is never closed
};
RawField raw_field(std::string_view text, std::size_t begin, char separator) {
  std::size_t i = begin;
  while (i < text.size() && is_blank(text[i]) && text[i] != separator) ++i;
  if (i < text.size() && text[i] == '"') {
    for (++i; i < text.size(); ++i) {
      if (text[i] != '"') continue;
      if (i + 1 == text.size() || text[i + 1] != '"') break;
      ++i;
    }
    if (i >= text.size()) return {text.size(), true};
  }
  while (i < text.size() && text[i] != separator && text[i] != '\n') ++i;
  return {i, false};
}

/// Byte by byte: the meaning of which tokenise_regular is the fast form.
CsvError tokenise_bytewise(std::string_view text, char separator, int n_fields, CsvTokens& tokens,
                           std::span<const char> keep) {
  RecordBuilder builder(text, n_fields, tokens, keep);
  std::size_t begin = 0, row_begin = 0;
  while (row_begin < text.size()) {
    builder.reserve(1);
    const RawField field = raw_field(text, begin, separator);
    if (field.open) return builder.error(CsvFault::kOpenQuote);
    if (!builder.add(begin, field.end)) return builder.error(CsvFault::kTextAfterQuote, 1);
    begin = field.end + 1;
    if (field.end < text.size() && text[field.end] == separator) continue;
    if (!builder.end_record(row_begin, field.end)) return builder.error(CsvFault::kFieldCount);
    row_begin = begin;
  }
  return {};
}

/// The first field that holds a NUL byte or is not UTF-8.
CsvError find_bad_bytes(std::string_view text, int n_fields, const CsvTokens& tokens) {
  for (std::int64_t i = 0; i < tokens.n_rows * n_fields; ++i) {
    const CsvField field = tokens.fields[static_cast<std::size_t>(i)];
    const std::string_view whole =
        (field.begin & kUnescaped) != 0 ? std::string_view(tokens.unescaped) : text;
    const std::string_view value = whole.substr(field.begin & ~kUnescaped, field.length);
    const int column = static_cast<int>(i % n_fields);
    if (value.find('\0') != std::string_view::npos)
      return {CsvFault::kNulByte, i / n_fields, column};
    if (!is_utf8(value)) return {CsvFault::kNotUtf8, i / n_fields, column};
  }
  return {};
}

RecordEnd find_end_bytewise(std::string_view text, char separator, bool at_end) {
  RecordEnd result;
  std::size_t begin = 0, row_begin = 0;
  while (row_begin < text.size()) {
    const RawField field = raw_field(text, begin, separator);
    begin = field.end + 1;
    result.open_quote = field.open;
    if (field.end < text.size() && text[field.end] == separator) continue;
    if (field.end >= text.size() && !at_end) break;
    result.n_rows += !is_blank_line(text.substr(row_begin, field.end - row_begin), separator);
    row_begin = begin;
    result.bytes = std::min(begin, text.size());
  }
  return result;
}

}  // namespace

CsvError tokenise(std::string_view text, char separator, int n_fields, CsvTokens& tokens,
                  std::span<const char> keep) {
  Outcome outcome = tokenise_regular(text, separator, n_fields, tokens, keep);
  if (!outcome.regular) {
    outcome.error = tokenise_bytewise(text, separator, n_fields, tokens, keep);
    outcome.any_high = outcome.any_nul = true;
  }
  const bool suspicious = outcome.any_nul || (outcome.any_high && !is_utf8(text));
  if (suspicious) {
    CsvTokens all;  // fields that are not kept are looked at too
    tokenise_bytewise(text, separator, n_fields, all, {});
    const CsvError bad = find_bad_bytes(text, n_fields, all);
    if (bad.fault != CsvFault::kNone) return bad;
  }
  return outcome.error;
}

CsvError tokenise_header(std::string_view text, char separator, std::vector<std::string>& names,
                         std::size_t& used) {
  CsvTokens tokens;
  std::size_t begin = 0;
  names.clear();
  while (true) {
    const RawField raw = raw_field(text, begin, separator);
    if (raw.open) return {CsvFault::kOpenQuote, 0, static_cast<int>(names.size())};
    RecordBuilder builder(text, 1, tokens);
    builder.reserve(1);
    if (!builder.add(begin, raw.end))
      return {CsvFault::kTextAfterQuote, 0, static_cast<int>(names.size())};
    const CsvField field = tokens.fields.front();
    const std::string_view whole =
        (field.begin & kUnescaped) != 0 ? std::string_view(tokens.unescaped) : text;
    names.emplace_back(whole.substr(field.begin & ~kUnescaped, field.length));
    if (names.back().find('\0') != std::string::npos)
      return {CsvFault::kNulByte, 0, static_cast<int>(names.size()) - 1};
    if (!is_utf8(names.back())) return {CsvFault::kNotUtf8, 0, static_cast<int>(names.size()) - 1};
    begin = raw.end + 1;
    used = std::min(begin, text.size());
    if (raw.end >= text.size() || text[raw.end] != separator) return {};
  }
}

RecordEnd find_record_end(std::string_view text, char separator, bool at_end) {
  QuoteTracker quotes;
  PaddedWord padded;
  RecordEnd result;
  for (std::size_t base = 0; base < text.size(); base += 64) {
    const char* word = padded.at(text.data(), text.size(), base);
    const CsvMasks masks = classify(word, separator);
    const std::uint64_t outside = ~quotes.inside(word, masks) & padded.valid();
    if (!quotes.regular()) return find_end_bytewise(text, separator, at_end);
    for (std::uint64_t bits = masks.newline & outside; bits != 0; bits &= bits - 1) {
      const std::size_t end = base + static_cast<std::size_t>(std::countr_zero(bits));
      result.n_rows += !is_blank_line(text.substr(result.bytes, end - result.bytes), separator);
      result.bytes = end + 1;
    }
  }
  result.open_quote = quotes.ends_inside();
  if (at_end && result.bytes < text.size()) {
    result.n_rows += !is_blank_line(text.substr(result.bytes), separator);
    result.bytes = text.size();
  }
  return result;
}

}  // namespace semblance::table::detail
