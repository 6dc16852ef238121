#include "table/detail/quote_state.hpp"

#include <algorithm>

#include "table/detail/csv_tokens.hpp"

namespace semblance::table::detail {
namespace {

/// The state after one byte.
QuoteState after(QuoteState state, char c, char separator) {
  switch (state) {
    case QuoteState::kQuoted:
      return c == '"' ? QuoteState::kQuoteInQuoted : state;
    case QuoteState::kQuoteInQuoted:
      if (c == '"') return QuoteState::kQuoted;
      return c == separator || c == '\n' ? QuoteState::kFieldStart : QuoteState::kUnquoted;
    case QuoteState::kFieldStart:
      if (c == '"') return QuoteState::kQuoted;
      return c == separator || c == '\n' || is_blank(c) ? state : QuoteState::kUnquoted;
    default:
      return c == separator || c == '\n' ? QuoteState::kFieldStart : state;
  }
}

bool is_outside(QuoteState state) {
  return state == QuoteState::kFieldStart || state == QuoteState::kUnquoted;
}

/// The state outside quotes after text without quotes.
QuoteState after_plain(QuoteState state, std::string_view text, char separator) {
  for (std::size_t i = text.size(); i-- > 0;) {
    if (text[i] == separator || text[i] == '\n') return QuoteState::kFieldStart;
    if (!is_blank(text[i])) return QuoteState::kUnquoted;
  }
  return state;
}

/// All states on their way through a text.
class Follower {
 public:
  explicit Follower(char separator) : separator_(separator) {}

  /// A byte, whatever it is.
  void step(char c) {
    for (std::size_t s = 0; s < kQuoteStates; ++s) {
      QuoteState& state = result_.end[s];
      if (c == '\n' && state != QuoteState::kQuoted) note_line(s, at_ + 1);
      state = after(state, c, separator_);
    }
    ++at_;
  }
  /// Text without quotes.
  void skip(std::string_view text) {
    if (text.empty()) return;
    step(text[0]);  // after which no state is kQuoteInQuoted
    text.remove_prefix(1);
    for (std::size_t s = 0; s < kQuoteStates; ++s) {
      QuoteState& state = result_.end[s];
      if (!is_outside(state)) continue;
      if (result_.first_line[s] < 0) {
        const std::size_t line = text.find('\n');
        if (line != std::string_view::npos) {
          note_line(s, at_ + static_cast<std::int64_t>(line) + 1);
        }
      }
      state = after_plain(state, text, separator_);
    }
    at_ += static_cast<std::int64_t>(text.size());
  }
  /// True when all states have become one and know their first line: no more can be learned of
  /// them.
  bool settled() const {
    return std::all_of(result_.end.begin(), result_.end.end(),
                       [&](QuoteState state) { return state == result_.end[0]; });
  }
  const QuoteTransition& result() const { return result_; }
  std::int64_t at() const { return at_; }

 private:
  void note_line(std::size_t s, std::int64_t end) {
    if (result_.first_line[s] < 0) result_.first_line[s] = end;
  }
  char separator_;
  QuoteTransition result_;
  std::int64_t at_ = 0;
};

/// The state at the end of a text from one state on.
QuoteState end_state(QuoteState state, std::string_view text, char separator) {
  while (!text.empty()) {
    const std::size_t quote = std::min(text.find('"'), text.size());
    if (quote > 0) {
      state = after(state, text[0], separator);
      if (is_outside(state)) state = after_plain(state, text.substr(1, quote - 1), separator);
    }
    if (quote == text.size()) break;
    state = after(state, '"', separator);
    text.remove_prefix(quote + 1);
  }
  return state;
}

}  // namespace

QuoteTransition follow_quotes(std::string_view text, char separator) {
  Follower follower(separator);
  const auto rest = [&] { return text.substr(static_cast<std::size_t>(follower.at())); };
  while (!rest().empty() && !follower.settled()) {
    const std::string_view now = rest();
    const std::size_t quote = std::min(now.find('"'), now.size());
    follower.skip(now.substr(0, quote));
    if (quote < now.size()) follower.step('"');
  }
  QuoteTransition result = follower.result();
  if (rest().empty()) return result;
  // One state is left; its first line may still be to come.
  const QuoteState state = result.end[0];
  QuoteState now = state;
  std::int64_t line = -1;
  std::size_t at = 0;
  for (const std::string_view text_left = rest(); at < text_left.size() && line < 0; ++at) {
    if (text_left[at] == '\n' && now != QuoteState::kQuoted)
      line = follower.at() + static_cast<std::int64_t>(at) + 1;
    now = after(now, text_left[at], separator);
  }
  now = end_state(now, rest().substr(at), separator);
  for (std::size_t s = 0; s < kQuoteStates; ++s) {
    result.end[s] = now;
    if (result.first_line[s] < 0) result.first_line[s] = line;
  }
  return result;
}

}  // namespace semblance::table::detail
