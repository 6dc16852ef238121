/// The text of an expression as tokens.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace semblance::prepare {

/// A word, number, text or sign of an expression.
struct Token {
  /// What it is; kText and kQuotedName stood in quotes.
  enum class Kind { kEnd, kNumber, kText, kName, kQuotedName, kSymbol };
  Kind kind = Kind::kEnd;  ///< kEnd: the text is over
  std::string text;        ///< without quotes
  std::size_t at = 0;      ///< 1-based character
};

/// Takes the text of an expression apart. \throws Error{kData} naming the character
class Lexer {
 public:
  /// The text must outlive the lexer.
  explicit Lexer(std::string_view text) : text_(text) { next(); }
  const Token& now() const { return token_; }  ///< the token at hand
  /// The token at hand; goes on to the next.
  Token take() {
    Token token = token_;
    next();
    return token;
  }

 private:
  void next();
  void number();
  void quoted(char quote);
  void name();
  void symbol();

  std::string_view text_;
  std::size_t at_ = 0;
  Token token_;
};

}  // namespace semblance::prepare
