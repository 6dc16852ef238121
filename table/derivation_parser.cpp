/// The grammar of formulas; what they mean: derivation.cpp.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "table/derivation.hpp"

namespace semblance::table {
namespace {

using Measure = Derivation::Measure;
using Rounding = Derivation::Rounding;

constexpr const char* kGrammar =
    "a formula is a column (a copy), a sum such as 'A + 2*B - C/60 + 0.5', 'days(A, B)', or hours, "
    "minutes, seconds, nights or years of two dates, as a whole within floor(...), ceil(...), "
    "trunc(...), round(...) or round_even(...) if need be; names with blanks or signs stand "
    "between "
    "double quotes";

constexpr std::pair<const char*, Rounding> kRoundings[] = {{"round", Rounding::kNearest},
                                                           {"round_even", Rounding::kEven},
                                                           {"floor", Rounding::kFloor},
                                                           {"ceil", Rounding::kCeil},
                                                           {"trunc", Rounding::kTruncate}};
constexpr std::pair<const char*, Measure> kMeasures[] = {
    {"days", Measure::kDays},       {"hours", Measure::kHours},   {"minutes", Measure::kMinutes},
    {"seconds", Measure::kSeconds}, {"nights", Measure::kNights}, {"years", Measure::kYears}};

bool is_date(Kind kind) { return kind == Kind::kDate || kind == Kind::kDatetime; }
bool is_number(Kind kind) { return kind == Kind::kInteger || kind == Kind::kFloat; }
bool is_category(Kind kind) { return kind == Kind::kCategory || kind == Kind::kBoolean; }

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class FormulaParser {
 public:
  FormulaParser(const Schema& schema, int column) : schema_(schema) {
    out_.column = column;
    out_.spec = schema.columns[static_cast<std::size_t>(column)];
    out_.text = out_.spec.derived;
    text_ = out_.text;
  }

  Derivation parse() {
    check_settings();
    if (const int whole = schema_.find(text_); whole >= 0) {  // a name may look like anything
      out_.terms.push_back({.column = usable(whole)});
    } else {
      formula();
    }
    check_kinds();
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    base::fail(base::ErrorKind::kData, "column '{}': derived: '{}': {}; {}", out_.spec.name,
               out_.text, why, kGrammar);
  }

  void check_settings() const {
    const ColumnSpec& spec = out_.spec;
    SEMBLANCE_EXPECT(spec.kind != Kind::kId, kData,
                     "column '{}': an identifier is issued anew and cannot be derived", spec.name);
    SEMBLANCE_EXPECT(spec.relative_to.empty(), kData,
                     "column '{}': 'derived' says all of it; take 'relative_to' off", spec.name);
    SEMBLANCE_EXPECT(!spec.missingness.starts_with("impute"), kData,
                     "column '{}': what is derived is missing where a column of its formula is; "
                     "take 'missingness' off, or impute those",
                     spec.name);
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  /// The next character but blanks; 0 at the end.
  char peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void need(char c) {
    if (!take(c))
      refuse(fmt::format("'{}' is missing {}", c,
                         at_ < text_.size() ? "before '" + std::string(text_.substr(at_)) + "'"
                                            : std::string("at the end")));
  }

  std::string name() {
    if (take('"')) {
      const std::size_t end = text_.find('"', at_);
      if (end == std::string_view::npos) refuse("a quote is not closed");
      const std::string out(text_.substr(at_, end - at_));
      at_ = end + 1;
      return out;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.'))
      ++at_;
    if (begin == at_)
      refuse(at_ < text_.size()
                 ? "a column is missing before '" + std::string(text_.substr(at_)) + "'"
                 : std::string("a column is missing at the end"));
    return std::string(text_.substr(begin, at_ - begin));
  }

  double number() {
    double value = 0;
    const auto read = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (read.ec != std::errc() || !std::isfinite(value))
      refuse("'" + std::string(text_.substr(at_)) + "' does not begin with a number");
    at_ = static_cast<std::size_t>(read.ptr - text_.data());
    return value;
  }

  int usable(int column) const {
    const ColumnSpec& spec = schema_.columns[static_cast<std::size_t>(column)];
    SEMBLANCE_EXPECT(!spec.dropped, kData, "column '{}': derived: '{}': column '{}' is dropped",
                     out_.spec.name, out_.text, spec.name);
    SEMBLANCE_EXPECT(column != out_.column, kData,
                     "column '{}': derived: '{}': it cannot follow from itself", out_.spec.name,
                     out_.text);
    return column;
  }
  int column(const std::string& name) const {
    const int index = schema_.find(name);
    SEMBLANCE_EXPECT(index >= 0, kData, "column '{}': derived: '{}': there is no column '{}'{}",
                     out_.spec.name, out_.text, name, base::did_you_mean(name, schema_.names()));
    return usable(index);
  }

  /// [rounding(] sum [)]
  void formula() {
    if (peek() == '\0') refuse("it is empty");
    const std::size_t start = at_;
    if (is_letter(peek())) {
      const std::string word = name();
      for (const auto& [known, rounding] : kRoundings) {
        if (word != known || !take('(')) continue;
        out_.rounding = rounding, rounded_ = true;
        sum();
        need(')');
        return end();
      }
      at_ = start;
    }
    sum();
    end();
  }
  void end() {
    if (peek() != '\0') refuse("'" + std::string(text_.substr(at_)) + "' was not understood");
    if (out_.terms.empty()) refuse("it names no column");
  }

  void sum() {
    double sign = take('-') ? -1 : 1;
    while (true) {
      term(sign);
      if (take('+')) {
        sign = 1;
      } else if (take('-')) {
        sign = -1;
      } else {
        return;
      }
    }
  }

  /// c, c*measure, measure*c, measure/c
  void term(double factor) {
    if (is_digit(peek()) || peek() == '.') {
      factor *= number();
      if (!take('*')) {
        out_.constant += factor;
        return;
      }
      scaled_ = true;
    }
    Derivation::Term term = measure();
    while (peek() == '*' || peek() == '/') {
      const bool divides = text_[at_++] == '/';
      peek();
      const double by = number();
      if (by == 0) refuse(divides ? "it divides by 0" : "a column is multiplied by 0");
      factor = divides ? factor / by : factor * by;
      scaled_ = true;
    }
    if (factor == 0 || !std::isfinite(factor)) refuse("a factor is 0 or too large");
    term.factor = factor;
    out_.terms.push_back(term);
  }

  Derivation::Term measure() {
    const bool quoted = peek() == '"';
    const std::string word = name();
    for (const auto& [known, measure] : kMeasures) {
      if (quoted || word != known || peek() != '(') continue;
      need('(');
      Derivation::Term term{.measure = measure};
      peek();
      term.column = column(name());
      need(',');
      peek();
      term.other = column(name());
      need(')');
      return term;
    }
    if (peek() == '(') refuse("'" + word + "' is no function here");
    return {.column = column(word)};
  }

  Kind kind(int column) const { return schema_.columns[static_cast<std::size_t>(column)].kind; }
  void expect_kind(int column, bool right, const char* wanted) const {
    SEMBLANCE_EXPECT(right, kData, "column '{}': derived: '{}': column '{}' is of kind {}; {}",
                     out_.spec.name, out_.text,
                     schema_.columns[static_cast<std::size_t>(column)].name,
                     kind_name(kind(column)), wanted);
  }

  void check_kinds() {
    const Derivation::Term& first = out_.terms.front();
    const Kind own = out_.spec.kind;
    const bool alone = out_.terms.size() == 1 && first.measure == Measure::kColumn && !rounded_ &&
                       !scaled_ && first.factor == 1 && out_.constant == 0;
    if (alone) {
      const Kind from = kind(first.column);
      expect_kind(first.column,
                  (is_date(own) && is_date(from)) || (is_category(own) && is_category(from)) ||
                      (is_number(own) && is_number(from)),
                  fmt::format("a copy of it cannot be of kind {}", kind_name(own)).c_str());
      out_.copy = !is_number(own) || own == from;
      if (out_.copy && is_number(own)) {  // rounded differently, it is more than a copy
        const ColumnSpec& source = schema_.columns[static_cast<std::size_t>(first.column)];
        out_.copy =
            own == Kind::kInteger
                ? out_.spec.rounding == 0 || out_.spec.rounding == source.rounding
                : out_.spec.decimals == source.decimals && out_.spec.rounding == source.rounding;
      }
      return;
    }
    SEMBLANCE_EXPECT(
        is_number(own), kData,
        "column '{}': derived: '{}': the result is a number, but the column is of kind "
        "{}",
        out_.spec.name, out_.text, kind_name(own));
    for (const Derivation::Term& term : out_.terms) {
      if (term.measure == Measure::kColumn) {
        expect_kind(term.column, is_number(kind(term.column)), "sums take numbers");
      } else {
        for (const int date : {term.column, term.other})
          expect_kind(date, is_date(kind(date)),
                      (measure_name(term.measure) + " takes two dates").c_str());
      }
    }
  }

  const Schema& schema_;
  Derivation out_;
  std::string_view text_;
  std::size_t at_ = 0;
  bool rounded_ = false, scaled_ = false;
};

}  // namespace

std::string rounding_name(Rounding rounding) {
  for (const auto& [name, each] : kRoundings) {
    if (each == rounding) return name;
  }
  return "";
}

std::string measure_name(Measure measure) {
  for (const auto& [name, each] : kMeasures) {
    if (each == measure) return name;
  }
  return "";
}

std::string formula_name(const std::string& name) {
  const bool plain = !name.empty() && is_letter(name.front()) &&
                     std::all_of(name.begin(), name.end(),
                                 [](char c) { return is_letter(c) || is_digit(c) || c == '.'; });
  return plain ? name : "\"" + name + "\"";
}

Derivation parse_derivation(const Schema& schema, int column) {
  return FormulaParser(schema, column).parse();
}

std::vector<Derivation> parse_derivations(const Schema& schema) {
  std::vector<Derivation> waiting, ordered;
  std::vector<char> open(schema.columns.size(), 0);
  for (std::size_t c = 0; c < schema.columns.size(); ++c) {
    if (schema.columns[c].derived.empty() || schema.columns[c].dropped) continue;
    waiting.push_back(parse_derivation(schema, static_cast<int>(c)));
    open[c] = 1;
  }
  while (!waiting.empty()) {
    const auto ready = std::find_if(waiting.begin(), waiting.end(), [&](const Derivation& formula) {
      const std::vector<int> operands = formula.operands();
      return std::none_of(operands.begin(), operands.end(),
                          [&](int column) { return open[static_cast<std::size_t>(column)] != 0; });
    });
    if (ready == waiting.end()) {
      std::vector<std::string> names;
      for (const Derivation& formula : waiting) names.push_back("'" + formula.spec.name + "'");
      base::fail(base::ErrorKind::kData,
                 "derived columns {} follow from each other in a circle: at least one of them must "
                 "be learned (no 'derived')",
                 fmt::join(names, ", "));
    }
    open[static_cast<std::size_t>(ready->column)] = 0;
    ordered.push_back(std::move(*ready));
    waiting.erase(ready);
  }
  return ordered;
}

}  // namespace semblance::table
