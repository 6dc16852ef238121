/// Where a text from the middle of a CSV file stands with its quotes: found exactly, by following
/// every state that the text before it may have ended in.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace semblance::table::detail {

/// The states of the byte-wise tokeniser (csv_tokens.cpp). A quote opens only at the start of a
/// field, blanks aside; a quote after it closes, unless another quote follows at once.
enum class QuoteState : std::uint8_t {
  kFieldStart,    ///< nothing but blanks since the last separator or line end
  kUnquoted,      ///< within a field that is not quoted, or after a closing quote
  kQuoted,        ///< inside quotes: separators and line ends are text
  kQuoteInQuoted  ///< after a quote inside quotes: it closes, or the next quote doubles it
};
inline constexpr int kQuoteStates = 4;

/// What a text makes of each state.
struct QuoteTransition {
  std::array<QuoteState, kQuoteStates> end = {QuoteState::kFieldStart, QuoteState::kUnquoted,
                                              QuoteState::kQuoted, QuoteState::kQuoteInQuoted};
  /// Bytes up to and with the first line end outside quotes, -1 when there is none.
  std::array<std::int64_t, kQuoteStates> first_line = {-1, -1, -1, -1};
};

/// Follows all states through a text. Texts without quotes, and texts whose quotes soon tell which
/// state is right, cost hardly more than a search for the quotes.
QuoteTransition follow_quotes(std::string_view text, char separator);

}  // namespace semblance::table::detail
