#include "prepare/expression_lexer.hpp"

#include <cctype>
#include <charconv>

#include "base/error.hpp"

namespace semblance::prepare {

void Lexer::next() {
  while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  token_ = {Token::Kind::kEnd, "", at_ + 1};
  if (at_ == text_.size()) return;
  const char c = text_[at_];
  if (std::isdigit(static_cast<unsigned char>(c)) ||
      (c == '.' && at_ + 1 < text_.size() &&
       std::isdigit(static_cast<unsigned char>(text_[at_ + 1])))) {
    number();
  } else if (c == '\'' || c == '"' || c == '`') {
    quoted(c);
  } else if (std::isalpha(static_cast<unsigned char>(c)) || c == '_' ||
             static_cast<unsigned char>(c) >= 0x80) {
    name();
  } else {
    symbol();
  }
}

void Lexer::number() {
  const char* const begin = text_.data() + at_;
  double value = 0;
  const auto end = std::from_chars(begin, text_.data() + text_.size(), value);
  token_.kind = Token::Kind::kNumber;
  token_.text.assign(begin, end.ptr);
  at_ += token_.text.size();
}

void Lexer::quoted(char quote) {
  token_.kind = quote == '`' ? Token::Kind::kQuotedName : Token::Kind::kText;
  for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
    if (text_[i] != quote) {
      token_.text += text_[i];
    } else if (i + 1 < text_.size() && text_[i + 1] == quote) {
      token_.text += text_[i++];
    } else {
      at_ = i + 1;
      return;
    }
  }
  base::fail(base::ErrorKind::kData, "character {}: the {} is never closed", token_.at, quote);
}

void Lexer::name() {
  std::size_t end = at_;
  while (end < text_.size() &&
         (std::isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '_' ||
          static_cast<unsigned char>(text_[end]) >= 0x80))
    ++end;
  token_.kind = Token::Kind::kName;
  token_.text.assign(text_.substr(at_, end - at_));
  at_ = end;
}

void Lexer::symbol() {
  token_.kind = Token::Kind::kSymbol;
  for (const std::string_view two : {"==", "!=", "<>", "<=", ">="}) {
    if (text_.substr(at_).starts_with(two)) token_.text = two;
  }
  if (token_.text.empty()) token_.text = text_[at_];
  if (std::string_view("=<>+-*/%(),!").find(token_.text[0]) == std::string_view::npos) {
    base::fail(base::ErrorKind::kData, "character {}: '{}' has no meaning here", token_.at,
               token_.text);
  }
  at_ += token_.text.size();
}

}  // namespace semblance::prepare
