#include "table/condition.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string_view>

#include "base/error.hpp"
#include "table/civil_date.hpp"

namespace semblance::table {
namespace {

using Range = AllowedValues::Range;

constexpr const char* kGrammar =
    "a condition is 'A = x', 'A != x', 'A < x', 'A <= x', 'A > x', 'A >= x', 'A IN (x, y)', 'A NOT "
    "IN (x, y)', 'A IS MISSING' or 'A IS NOT MISSING'; several are given one by one";

bool is_date(Kind kind) { return kind == Kind::kDate || kind == Kind::kDatetime; }
bool is_text(Kind kind) { return kind == Kind::kCategory || kind == Kind::kBoolean; }

/// One piece of a condition: a word, a quoted text, or a sign such as <= ( or a comma.
struct Piece {
  std::string text;
  bool quoted = false, sign = false;

  bool is(const char* keyword) const {
    if (quoted || sign) return false;
    return std::equal(
        text.begin(), text.end(), keyword, keyword + std::string_view(keyword).size(),
        [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
  }
  bool is_sign(const char* which) const { return sign && text == which; }
};

constexpr std::string_view kSigns = "=<>!(),";

/// Where the quote that opens at `begin` is closed. An apostrophe quotes only what stands wholly
/// between two of them ('F', but not 's-Hertogenbosch).
std::size_t quote_end(const std::string& text, std::size_t begin) {
  if (text[begin] == '"') return std::min(text.find('"', begin + 1), text.size());
  if (text[begin] != '\'') return std::string::npos;
  const std::size_t end = text.find('\'', begin + 1);
  const bool whole =
      end != std::string::npos && (end + 1 == text.size() || text[end + 1] == ' ' ||
                                   kSigns.find(text[end + 1]) != std::string_view::npos);
  return whole ? end : std::string::npos;
}

std::vector<Piece> pieces_of(const std::string& text) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < text.size();) {
    if (std::isspace(static_cast<unsigned char>(text[i])) != 0) {
      ++i;
    } else if (const std::size_t end = quote_end(text, i); end != std::string::npos) {
      pieces.push_back({text.substr(i + 1, end - i - 1), true, false});
      i = end + 1;
    } else if (kSigns.find(text[i]) != std::string_view::npos) {
      const bool two = text[i] != '(' && text[i] != ')' && text[i] != ',' && i + 1 < text.size() &&
                       text[i + 1] == '=';
      pieces.push_back({text.substr(i, two ? 2 : 1), false, true});
      i += two ? 2 : 1;
    } else {
      std::size_t last = i;
      while (last < text.size() && text[last] != '"' &&
             std::isspace(static_cast<unsigned char>(text[last])) == 0 &&
             kSigns.find(text[last]) == std::string_view::npos)
        ++last;
      pieces.push_back({text.substr(i, last - i), false, false});
      i = last;
    }
  }
  return pieces;
}

double after(double value) { return std::nextafter(value, INFINITY); }
double before(double value) { return std::nextafter(value, -INFINITY); }

/// A date as the range of the column's numbers that it stands for; false when it is none.
bool parse_date(const std::string& text, Kind kind, Range& range) {
  static const std::array<DatePattern, 5> kPatterns = {
      DatePattern("%Y-%m-%d"), DatePattern("%Y-%m-%d %H:%M"), DatePattern("%Y-%m-%dT%H:%M"),
      DatePattern("%Y-%m-%d %H:%M:%S"), DatePattern("%Y-%m-%dT%H:%M:%S")};
  for (const DatePattern& pattern : kPatterns) {
    CivilTime time;
    if (!pattern.parse(text, time)) continue;
    const auto day = static_cast<double>(time.days());
    const auto micros = static_cast<double>(time.total_micros());
    if (kind == Kind::kDate) {
      range = {day, day};
    } else {
      range = {micros,
               pattern.has_time() ? micros : micros + static_cast<double>(kMicrosPerDay) - 1};
    }
    return true;
  }
  return false;
}

std::vector<Range> intersection(const std::vector<Range>& a, const std::vector<Range>& b) {
  std::vector<Range> both;
  for (const Range& x : a) {
    for (const Range& y : b) {
      const Range part{std::max(x.low, y.low), std::min(x.high, y.high)};
      if (part.low <= part.high) both.push_back(part);
    }
  }
  std::sort(both.begin(), both.end(), [](const Range& x, const Range& y) { return x.low < y.low; });
  return both;
}

/// One condition, laid over what is allowed by others on its column.
class Parser {
 public:
  Parser(const std::string& text, const Schema& schema)
      : text_(text), schema_(schema), pieces_(pieces_of(text)) {}

  int column() {
    if (pieces_.size() < 3) refuse("it was not understood");
    // A name may be of several words.
    std::string name = pieces_[0].text;
    for (at_ = 1; at_ < pieces_.size() && !begins_operator(); ++at_)
      name += " " + pieces_[at_].text;
    if (at_ == pieces_.size()) refuse("it was not understood");
    column_ = schema_.find(name);
    SEMBLANCE_EXPECT(column_ >= 0, kData, "condition '{}': the model has no column '{}'{}", text_,
                     name, base::did_you_mean(name, schema_.names()));
    SEMBLANCE_EXPECT(spec().kind != Kind::kId, kData,
                     "condition '{}': column '{}' is an identifier, which is issued anew and not "
                     "learned; name another column",
                     text_, name);
    return column_;
  }

  void apply(AllowedValues& allowed) {
    if (at_ >= pieces_.size()) refuse("it was not understood");
    if (pieces_[at_].is("IS")) return missing(allowed);
    allowed.missing = false;
    const bool negated = pieces_[at_].is("NOT");
    if (negated) ++at_;
    if (at_ < pieces_.size() && pieces_[at_].is("IN")) return list(allowed, negated);
    if (negated) refuse("it was not understood");
    compare(allowed);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    base::fail(base::ErrorKind::kData, "condition '{}': {}; {}", text_, why, kGrammar);
  }
  const ColumnSpec& spec() const { return schema_.columns[static_cast<std::size_t>(column_)]; }
  bool begins_operator() const {
    const Piece& piece = pieces_[at_];
    return piece.sign || piece.is("IS") || piece.is("IN") ||
           (piece.is("NOT") && at_ + 1 < pieces_.size() && pieces_[at_ + 1].is("IN"));
  }

  /// "age > 30 AND age < 40" is no value of 'age', and of a text neither.
  void refuse_several() const {
    bool joined = false;
    for (std::size_t i = at_ + 1; i < pieces_.size(); ++i) {
      const Piece& piece = pieces_[i];
      if (joined && (piece.sign || piece.is("IS") || piece.is("IN")))
        refuse("conditions are not joined by AND or OR");
      joined = joined || piece.is("AND") || piece.is("OR");
    }
  }

  void missing(AllowedValues& allowed) {
    const bool negated = at_ + 1 < pieces_.size() && pieces_[at_ + 1].is("NOT");
    const std::size_t word = at_ + (negated ? 2 : 1);
    if (word + 1 != pieces_.size() || !pieces_[word].is("MISSING")) refuse("it was not understood");
    (negated ? allowed.missing : allowed.present) = false;
  }

  /// The values between brackets.
  void list(AllowedValues& allowed, bool negated) {
    ++at_;
    if (at_ >= pieces_.size() || !pieces_[at_].is_sign("(") || !pieces_.back().is_sign(")"))
      refuse("a list stands between brackets");
    std::vector<std::string> values;
    std::string value;
    for (++at_; at_ < pieces_.size(); ++at_) {
      const bool last = at_ + 1 == pieces_.size();
      if (!last && !pieces_[at_].is_sign(",")) {
        value += (value.empty() ? "" : " ") + pieces_[at_].text;
        continue;
      }
      if (value.empty()) refuse("a value is missing in its list");
      values.push_back(value);
      value.clear();
    }
    choose(allowed, values, negated);
  }

  void choose(AllowedValues& allowed, const std::vector<std::string>& values, bool negated) const {
    if (is_text(spec().kind)) {
      if (negated) {
        allowed.excluded.insert(allowed.excluded.end(), values.begin(), values.end());
        return;
      }
      std::vector<std::string> both;
      for (const std::string& value : values) {
        if (!allowed.listed ||
            std::find(allowed.levels.begin(), allowed.levels.end(), value) != allowed.levels.end())
          both.push_back(value);
      }
      allowed.listed = true;
      allowed.levels = both;
      return;
    }
    std::vector<Range> points, gaps = {Range{}};
    for (const std::string& value : values) {
      const Range range = number(value);
      points.push_back(range);
      gaps = intersection(gaps, {{-INFINITY, before(range.low)}, {after(range.high), INFINITY}});
    }
    allowed.ranges = intersection(allowed.ranges, negated ? gaps : points);
  }

  void compare(AllowedValues& allowed) {
    refuse_several();
    const std::string sign = pieces_[at_].text;
    std::string value;
    for (std::size_t i = at_ + 1; i < pieces_.size(); ++i)
      value +=
          (value.empty() || pieces_[i].sign || pieces_[i - 1].sign ? "" : " ") + pieces_[i].text;
    const bool quoted_empty = at_ + 2 == pieces_.size() && pieces_[at_ + 1].quoted;
    if (!pieces_[at_].sign || (value.empty() && !quoted_empty)) refuse("it has no value");
    if (sign == "=" || sign == "==" || sign == "!=") return choose(allowed, {value}, sign == "!=");
    SEMBLANCE_EXPECT(
        !is_text(spec().kind), kData,
        "condition '{}': column '{}' is of kind {}; its values can be =, != or IN (...)", text_,
        spec().name, kind_name(spec().kind));
    const Range range = number(value);
    Range kept;
    if (sign == "<") {
      kept.high = before(range.low);
    } else if (sign == "<=") {
      kept.high = range.high;
    } else if (sign == ">") {
      kept.low = after(range.high);
    } else if (sign == ">=") {
      kept.low = range.low;
    } else {
      refuse("it was not understood");
    }
    allowed.ranges = intersection(allowed.ranges, {kept});
  }

  Range number(const std::string& value) const {
    Range range;
    if (is_date(spec().kind)) {
      SEMBLANCE_EXPECT(parse_date(value, spec().kind, range), kData,
                       "condition '{}': '{}' is not a date; write it as 2150-01-31 or \"2150-01-31 "
                       "12:30\"",
                       text_, value);
      return range;
    }
    char* end = nullptr;
    const double real = std::strtod(value.c_str(), &end);
    SEMBLANCE_EXPECT(!value.empty() && *end == '\0' && !std::isnan(real), kData,
                     "condition '{}': '{}' is not a number, but column '{}' is of kind {}", text_,
                     value, spec().name, kind_name(spec().kind));
    return {real, real};
  }

  const std::string& text_;
  const Schema& schema_;
  std::vector<Piece> pieces_;
  std::size_t at_ = 0;
  int column_ = -1;
};

void check_not_empty(const AllowedValues& allowed) {
  const bool none = !allowed.present ||
                    (allowed.listed &&
                     std::none_of(allowed.levels.begin(), allowed.levels.end(),
                                  [&](const std::string& l) { return allowed.allows_level(l); })) ||
                    allowed.ranges.empty();
  SEMBLANCE_EXPECT(!none || (allowed.missing && !allowed.present), kData,
                   "condition '{}': no value meets it; widen it", allowed.text);
}

}  // namespace

bool AllowedValues::allows(double value) const {
  return present && std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
           return value >= range.low && value <= range.high;
         });
}

bool AllowedValues::allows_level(const std::string& level) const {
  const auto in = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), level) != list.end();
  };
  return present && (!listed || in(levels)) && !in(excluded);
}

bool AllowedValues::holds(const Column& cells, std::int64_t row) const {
  if (cells.is_missing(row)) return missing;
  if (cells.codes.empty()) return allows(cells.as_double(row));
  return allows_level(
      cells.levels[static_cast<std::size_t>(cells.codes[static_cast<std::size_t>(row)])]);
}

std::vector<AllowedValues> parse_conditions(const std::vector<std::string>& texts,
                                            const Schema& schema) {
  std::map<int, AllowedValues> by_column;
  for (const std::string& text : texts) {
    Parser parser(text, schema);
    const int column = parser.column();
    AllowedValues& allowed = by_column[column];
    allowed.column = column;
    allowed.text += (allowed.text.empty() ? "" : "' and '") + text;
    parser.apply(allowed);
    check_not_empty(allowed);
  }
  std::vector<AllowedValues> all;
  for (auto& [column, allowed] : by_column) all.push_back(std::move(allowed));
  return all;
}

}  // namespace semblance::table
