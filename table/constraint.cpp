#include "table/constraint.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "base/error.hpp"
#include "table/civil_date.hpp"

namespace semblance::table {
namespace {

constexpr const char* kGrammar =
    "a constraint is 'A > B', 'A >= B', 'A < B', 'A <= B', 'A in (lo, hi]', 'A positive', 'A "
    "nonnegative', "
    "'A negative', 'A nonpositive' or 'fixcombo A B ...'";

bool is_date(Kind kind) { return kind == Kind::kDate || kind == Kind::kDatetime; }
bool is_number(Kind kind) { return kind == Kind::kInteger || kind == Kind::kFloat; }

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

/// The words of a text; a part between double quotes is one word, without the quotes.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ' || text[i] == '\t' || text[i] == ',') {
      ++i;
      continue;
    }
    const bool quoted = text[i] == '"';
    const std::size_t end = quoted ? text.find('"', i + 1) : text.find_first_of(" \t,", i);
    const std::size_t begin = i + (quoted ? 1 : 0);
    words.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
    i = end == std::string::npos ? text.size() : end + (quoted ? 1 : 0);
  }
  return words;
}

/// Position of the first of `signs` outside quotes, or npos.
std::size_t find_outside_quotes(const std::string& text, std::string_view signs) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && signs.find(text[i]) != std::string_view::npos) return i;
  }
  return std::string::npos;
}

bool parse_date(const std::string& text, double& micros) {
  static const std::array<DatePattern, 4> kPatterns = {
      DatePattern("%Y-%m-%d"), DatePattern("%Y-%m-%d %H:%M"), DatePattern("%Y-%m-%d %H:%M:%S"),
      DatePattern("%Y-%m-%dT%H:%M:%S")};
  for (const DatePattern& pattern : kPatterns) {
    CivilTime time;
    if (!pattern.parse(text, time)) continue;
    micros = static_cast<double>(time.total_micros());
    return true;
  }
  return false;
}

class Parser {
 public:
  Parser(const std::string& text, const Schema& schema) : text_(text), schema_(schema) {}

  Constraint parse() {
    const std::vector<std::string> words = words_of(text_);
    if (words.empty()) refuse("it is empty");
    out_.text = text_;
    if (words[0] == "fixcombo") {
      fixed_combination(words);
    } else if (!sign(words) && !interval() && !comparison()) {
      refuse("it was not understood");
    }
    check_types();
    return out_;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    base::fail(base::ErrorKind::kData, "constraint '{}': {}; {}", text_, why, kGrammar);
  }

  std::string unquoted(std::string name) const {
    name = trimmed(name);
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"')
      return name.substr(1, name.size() - 2);
    return name;
  }
  int column(const std::string& name) const {
    const int index = schema_.find(name);
    SEMBLANCE_EXPECT(index >= 0, kData, "constraint '{}': there is no column '{}'{}", text_, name,
                     base::did_you_mean(name, schema_.names()));
    return index;
  }

  Constraint::Operand operand(const std::string& raw) const {
    const std::string text = unquoted(raw);
    const int index = schema_.find(text);
    if (index >= 0) return {index, 0};
    if (text.empty()) refuse("one side is empty");
    if (text == "inf" || text == "+inf") return {-1, std::numeric_limits<double>::infinity()};
    if (text == "-inf") return {-1, -std::numeric_limits<double>::infinity()};
    double value = 0;
    if (parse_date(text, value)) return {kDateConstant, value};
    char* end = nullptr;
    value = std::strtod(text.c_str(), &end);
    if (*end == '\0' && std::isfinite(value)) return {-1, value};
    return {column(text), 0};  // neither: complains with the nearest name
  }

  void compare(Constraint::Operand left, Constraint::Operand right, bool or_equal) {
    out_.comparisons.push_back({left, right, or_equal});
  }

  void fixed_combination(const std::vector<std::string>& words) {
    if (words.size() < 3) refuse("a fixed combination needs two columns or more");
    out_.type = Constraint::Type::kFixedCombination;
    for (std::size_t i = 1; i < words.size(); ++i) out_.columns.push_back(column(words[i]));
  }

  bool sign(const std::vector<std::string>& words) {
    if (words.size() != 2) return false;
    const std::string& what = words[1];
    if (what != "positive" && what != "negative" && what != "nonnegative" && what != "nonpositive")
      return false;
    const Constraint::Operand value{column(words[0]), 0}, zero;
    if (what == "positive" || what == "nonnegative") {
      compare(zero, value, what == "nonnegative");
    } else {
      compare(value, zero, what == "nonpositive");
    }
    return true;
  }

  /// A in (lo, hi]
  bool interval() {
    const std::size_t open = find_outside_quotes(text_, "([");
    if (open == std::string::npos) return false;
    const std::string head = trimmed(text_.substr(0, open)), body = trimmed(text_.substr(open));
    if (!head.ends_with(" in") || body.size() < 3 || (body.back() != ')' && body.back() != ']'))
      return false;
    const std::string inside = body.substr(1, body.size() - 2);
    const std::size_t comma = find_outside_quotes(inside, ",");
    if (comma == std::string::npos) refuse("an interval has two ends with a comma between them");
    const Constraint::Operand value{column(unquoted(head.substr(0, head.size() - 3))), 0};
    const Constraint::Operand low = operand(inside.substr(0, comma)),
                              high = operand(inside.substr(comma + 1));
    if (low.column < 0 && high.column < 0 && low.constant > high.constant)
      refuse("its lower end is above its upper end");
    compare(low, value, body.front() == '[');
    compare(value, high, body.back() == ']');
    return true;
  }

  bool comparison() {
    const std::size_t at = find_outside_quotes(text_, "<>");
    if (at == std::string::npos) return false;
    const bool or_equal = at + 1 < text_.size() && text_[at + 1] == '=';
    const Constraint::Operand left = operand(text_.substr(0, at)),
                              right = operand(text_.substr(at + (or_equal ? 2 : 1)));
    if (left.column < 0 && right.column < 0) refuse("it compares two constants");
    if (text_[at] == '<') {
      compare(left, right, or_equal);
    } else {
      compare(right, left, or_equal);
    }
    return true;
  }

  enum class Nature { kNumber, kDate, kEither };
  Nature nature(const Constraint::Operand& operand) const {
    if (operand.column == kDateConstant) return Nature::kDate;
    if (operand.column < 0) return std::isinf(operand.constant) ? Nature::kEither : Nature::kNumber;
    const ColumnSpec& spec = schema_.columns[static_cast<std::size_t>(operand.column)];
    SEMBLANCE_EXPECT(
        is_date(spec.kind) || is_number(spec.kind), kData,
        "constraint '{}': column '{}' is of kind {}; only numbers and dates can be compared", text_,
        spec.name, kind_name(spec.kind));
    return is_date(spec.kind) ? Nature::kDate : Nature::kNumber;
  }

  void check_types() {
    for (Constraint::Comparison& each : out_.comparisons) {
      const Nature left = nature(each.left), right = nature(each.right);
      if (left != right && left != Nature::kEither && right != Nature::kEither)
        refuse("it compares a date with a number");
      each.left.column = std::max(each.left.column, -1),
      each.right.column = std::max(each.right.column, -1);
    }
    for (const int index : out_.columns) {
      const ColumnSpec& spec = schema_.columns[static_cast<std::size_t>(index)];
      SEMBLANCE_EXPECT(
          spec.kind == Kind::kCategory || spec.kind == Kind::kBoolean, kData,
          "constraint '{}': column '{}' is of kind {}; a fixed combination takes categories", text_,
          spec.name, kind_name(spec.kind));
    }
  }

  static constexpr int kDateConstant = -2;
  const std::string& text_;
  const Schema& schema_;
  Constraint out_;
};

/// The value of one side; NaN when missing.
double number_of(const Constraint::Operand& operand, const Table& rows, std::int64_t row) {
  if (operand.column < 0) return operand.constant;
  const Column& column = rows.columns[static_cast<std::size_t>(operand.column)];
  const double value = column.as_double(row);
  return column.spec.kind == Kind::kDate ? value * static_cast<double>(kMicrosPerDay) : value;
}

}  // namespace

bool Constraint::holds(const Table& rows, std::int64_t row) const {
  for (const Comparison& each : comparisons) {
    const double left = number_of(each.left, rows, row), right = number_of(each.right, rows, row);
    if (left > right || (left == right && !each.or_equal)) return false;
  }
  return true;
}

std::vector<int> Constraint::all_columns() const {
  std::vector<int> all = columns;
  for (const Comparison& each : comparisons) {
    for (const Operand& side : {each.left, each.right}) {
      if (side.column >= 0) all.push_back(side.column);
    }
  }
  return all;
}

Constraint parse_constraint(const std::string& text, const Schema& schema) {
  return Parser(text, schema).parse();
}

std::vector<Constraint> parse_constraints(const Schema& schema) {
  std::vector<Constraint> constraints;
  for (const std::string& text : schema.constraints)
    constraints.push_back(parse_constraint(text, schema));
  return constraints;
}

}  // namespace semblance::table
