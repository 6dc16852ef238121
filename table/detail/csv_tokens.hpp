/// Records and fields of CSV text in memory: pure functions of the bytes, without files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace semblance::table::detail {

/// A field within a block's text, or (top bit of `begin` set) within its text of unescaped fields.
struct CsvField {
  std::uint32_t begin = 0, length = 0;
};
inline constexpr std::uint32_t kUnescaped = std::uint32_t{1} << 31;
inline constexpr std::size_t kMostBlockBytes = std::size_t{1} << 30;

enum class CsvFault : std::uint8_t {
  kNone,
  kFieldCount,
  kOpenQuote,
  kTextAfterQuote,
  kNulByte,
  kNotUtf8
};

/// What is wrong with a text, and where.
struct CsvError {
  CsvFault fault = CsvFault::kNone;
  std::int64_t row = 0;  ///< records before it in this text
  int column = 0;        ///< 0-based; for kFieldCount the number of fields found
};

/// The fields of a text, record by record. Memory is kept from text to text.
struct CsvTokens {
  std::vector<CsvField> fields;  ///< the first n_rows * (number of kept fields) are in use
  std::string unescaped;
  std::int64_t n_rows = 0;
};

/// Splits whole records into fields. Blank lines are left out.
/// \param n_fields  fields a record must have, >= 1
/// \param keep      [n_fields] not 0 for the fields that `tokens` shall hold; empty: all. The
///                  others are checked, but cost less
CsvError tokenise(std::string_view text, char separator, int n_fields, CsvTokens& tokens,
                  std::span<const char> keep = {});

/// Fields of the first record of a text, without a wanted number; for the header.
/// \param used  bytes of the record with its newline
CsvError tokenise_header(std::string_view text, char separator, std::vector<std::string>& names,
                         std::size_t& used);

struct RecordEnd {
  std::size_t bytes = 0;    ///< end of the last whole record; 0 when there is none
  std::int64_t n_rows = 0;  ///< records up to there, blank lines left out
  bool open_quote = false;  ///< the text ends inside quotes
};
/// Where the last whole record of a text ends.
/// \param at_end  the text is the last of the file: its last record needs no newline
RecordEnd find_record_end(std::string_view text, char separator, bool at_end);

/// Blank, tab or carriage return: trimmed around unquoted fields.
inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

}  // namespace semblance::table::detail
