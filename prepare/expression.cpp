#include "prepare/expression.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/error.hpp"
#include "prepare/calendar.hpp"
#include "prepare/date_text.hpp"
#include "prepare/expression_functions.hpp"

namespace semblance::prepare {
namespace {

using base::ErrorKind;
using NodePtr = std::unique_ptr<ExpressionNode>;

bool is_number(CellKind kind) { return kind == CellKind::kInteger || kind == CellKind::kReal; }
bool is_date(CellKind kind) { return kind == CellKind::kDate || kind == CellKind::kDatetime; }

struct Constant : ExpressionNode {
  explicit Constant(Value v) : value(v) { kind = v.kind; }
  Value evaluate(const Value*, EvaluationContext&) const override { return value; }
  Value value;
};

struct TextConstant : ExpressionNode {
  explicit TextConstant(std::string t) : text(std::move(t)) { kind = CellKind::kText; }
  Value evaluate(const Value*, EvaluationContext&) const override { return Value::of_text(text); }
  std::string text;
};

struct ColumnValue : ExpressionNode {
  ColumnValue(int s, CellKind k) : slot(s) { kind = k; }
  Value evaluate(const Value* row, EvaluationContext&) const override { return row[slot]; }
  int slot;
};

struct Comparison : ExpressionNode {
  enum class Operator { kEqual, kUnequal, kLess, kLessEqual, kGreater, kGreaterEqual };
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    const Value a = left->evaluate(row, context), b = right->evaluate(row, context);
    if (a.missing() || b.missing()) return {};
    return Value::of_integer(holds(compare(a, b)), CellKind::kBoolean);
  }
  bool holds(int order) const {
    switch (op) {
      case Operator::kEqual:
        return order == 0;
      case Operator::kUnequal:
        return order != 0;
      case Operator::kLess:
        return order < 0;
      case Operator::kLessEqual:
        return order <= 0;
      case Operator::kGreater:
        return order > 0;
      default:
        return order >= 0;
    }
  }
  Operator op = Operator::kEqual;
  NodePtr left, right;
};

/// and, or: a missing side counts only where the other does not decide.
struct Connective : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    const Value a = left->evaluate(row, context);
    if (!a.missing() && (a.integer != 0) == decides) return a;
    const Value b = right->evaluate(row, context);
    if (!b.missing() && (b.integer != 0) == decides) return b;
    return a.missing() ? a : b;
  }
  bool decides = false;  ///< the truth value of a side that settles the result
  NodePtr left, right;
};

struct Negation : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    const Value a = inner->evaluate(row, context);
    return a.missing() ? a : Value::of_integer(a.integer == 0, CellKind::kBoolean);
  }
  NodePtr inner;
};

struct MissingTest : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    return Value::of_integer(inner->evaluate(row, context).missing() == wanted, CellKind::kBoolean);
  }
  bool wanted = true;
  NodePtr inner;
};

struct Membership : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    const Value value = inner->evaluate(row, context);
    if (value.missing()) return value;
    bool found = false;
    if (value.kind == CellKind::kInteger && !integers.empty()) {
      found = std::binary_search(integers.begin(), integers.end(), value.integer);
    } else {
      for (const NodePtr& item : items)
        found = found || compare(value, item->evaluate(row, context)) == 0;
    }
    return Value::of_integer(found == wanted, CellKind::kBoolean);
  }
  bool wanted = true;
  NodePtr inner;
  std::vector<NodePtr> items;
  std::vector<std::int64_t> integers;  ///< sorted, when all items are whole numbers
};

struct Arithmetic : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    const Value a = left->evaluate(row, context), b = right->evaluate(row, context);
    if (a.missing() || b.missing()) return {};
    if (kind == CellKind::kInteger) return integers(a.integer, b.integer);
    const double x = a.number(), y = b.number();
    switch (op) {
      case '+':
        return Value::of_real(x + y);
      case '-':
        return Value::of_real(x - y);
      case '*':
        return Value::of_real(x * y);
      case '/':
        return y == 0 ? Value{} : Value::of_real(x / y);
      default:
        return y == 0 ? Value{} : Value::of_real(x - y * std::floor(x / y));
    }
  }
  Value integers(std::int64_t x, std::int64_t y) const {
    std::int64_t result = 0;
    bool overflow = false;
    switch (op) {
      case '+':
        overflow = __builtin_add_overflow(x, y, &result);
        break;
      case '-':
        overflow = __builtin_sub_overflow(x, y, &result);
        break;
      case '*':
        overflow = __builtin_mul_overflow(x, y, &result);
        break;
      default:
        if (y == 0) return {};
        if (y == -1) return Value::of_integer(0);
        result = x % y + (x % y != 0 && (x % y < 0) != (y < 0) ? y : 0);
    }
    SEMBLANCE_EXPECT(!overflow, kData, "{} {} {} is too large for a whole number", x, op, y);
    return Value::of_integer(result);
  }
  char op = '+';
  NodePtr left, right;
};

struct Conditional : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    const Value c = condition->evaluate(row, context);
    const Value chosen = (!c.missing() && c.integer != 0 ? yes : no)->evaluate(row, context);
    return convert_number(chosen, kind);
  }
  NodePtr condition, yes, no;
};

struct Coalesce : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    for (const NodePtr& item : items) {
      const Value value = item->evaluate(row, context);
      if (!value.missing()) return convert_number(value, kind);
    }
    return {};
  }
  std::vector<NodePtr> items;
};

struct Call : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    Value values[kMostArguments];
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      values[i] = arguments[i]->evaluate(row, context);
      if (values[i].missing() && !function->takes_missing) return {};
    }
    return function->apply({values, arguments.size()}, context);
  }
  const ExpressionFunction* function = nullptr;
  std::vector<NodePtr> arguments;
};

// ---------------------------------------------------------------------------------------------
struct Token {
  enum class Kind { kEnd, kNumber, kText, kName, kQuotedName, kSymbol } kind = Kind::kEnd;
  std::string text;
  std::size_t at = 0;  ///< 1-based character
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) { next(); }
  const Token& now() const { return token_; }
  Token take() {
    Token token = token_;
    next();
    return token;
  }

 private:
  void next() {
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
  void number() {
    const char* const begin = text_.data() + at_;
    double value = 0;
    const auto end = std::from_chars(begin, text_.data() + text_.size(), value);
    token_.kind = Token::Kind::kNumber;
    token_.text.assign(begin, end.ptr);
    at_ += token_.text.size();
  }
  void quoted(char quote) {
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
    base::fail(ErrorKind::kData, "character {}: the {} is never closed", token_.at, quote);
  }
  void name() {
    std::size_t end = at_;
    while (end < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '_' ||
            static_cast<unsigned char>(text_[end]) >= 0x80))
      ++end;
    token_.kind = Token::Kind::kName;
    token_.text.assign(text_.substr(at_, end - at_));
    at_ = end;
  }
  void symbol() {
    token_.kind = Token::Kind::kSymbol;
    for (const std::string_view two : {"==", "!=", "<>", "<=", ">="}) {
      if (text_.substr(at_).starts_with(two)) token_.text = two;
    }
    if (token_.text.empty()) token_.text = text_[at_];
    if (std::string_view("=<>+-*/%(),!").find(token_.text[0]) == std::string_view::npos) {
      base::fail(ErrorKind::kData, "character {}: '{}' has no meaning here", token_.at,
                 token_.text);
    }
    at_ += token_.text.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Token token_;
};

// ---------------------------------------------------------------------------------------------
class Compiler {
 public:
  Compiler(std::string_view text, const RowShape& shape) : lexer_(text), shape_(shape) {}

  NodePtr whole() {
    NodePtr node = either();
    if (lexer_.now().kind != Token::Kind::kEnd) {
      fail(lexer_.now(),
           fmt::format("'{}' is not expected after a whole expression", lexer_.now().text));
    }
    return node;
  }
  bool draws = false, reads_runs = false;
  std::vector<int> columns;

 private:
  [[noreturn]] void fail(const Token& token, const std::string& what) const {
    base::fail(ErrorKind::kData, "character {}: {}", token.at, what);
  }
  bool at_symbol(std::string_view text) const {
    return lexer_.now().kind == Token::Kind::kSymbol && lexer_.now().text == text;
  }
  bool at_word(std::string_view word) const {
    return lexer_.now().kind == Token::Kind::kName && same_name(lexer_.now().text, word);
  }
  void expect_symbol(std::string_view text) {
    if (!at_symbol(text)) {
      fail(lexer_.now(), fmt::format("'{}' is missing{}", text,
                                     lexer_.now().kind == Token::Kind::kEnd
                                         ? " at the end"
                                         : fmt::format(" before '{}'", lexer_.now().text)));
    }
    lexer_.take();
  }
  /// Refuses what would take the stack to evaluate. \param depth  of nesting, or length of a chain
  void expect_shallow(std::size_t depth) const {
    constexpr std::size_t kMostDepth = 500;
    if (depth > kMostDepth)
      fail(lexer_.now(), "the expression is nested too deeply: derive parts of it first");
  }
  void expect_boolean(const NodePtr& node, const Token& token) const {
    if (node->kind != CellKind::kBoolean && node->kind != CellKind::kMissing) {
      fail(token, fmt::format("a condition is needed here, not a {}", cell_kind_name(node->kind)));
    }
  }

  NodePtr either() { return connective("or", true, &Compiler::both); }
  NodePtr both() { return connective("and", false, &Compiler::inverse); }
  NodePtr connective(std::string_view word, bool decides, NodePtr (Compiler::*part)()) {
    const Token first = lexer_.now();
    NodePtr left = (this->*part)();
    for (std::size_t length = 0; at_word(word); ++length) {
      expect_shallow(length);
      expect_boolean(left, first);
      lexer_.take();
      const Token second = lexer_.now();
      auto node = std::make_unique<Connective>();
      node->decides = decides;
      node->kind = CellKind::kBoolean;
      node->left = std::move(left);
      node->right = (this->*part)();
      expect_boolean(node->right, second);
      left = std::move(node);
    }
    return left;
  }

  NodePtr inverse() {
    if (!at_word("not")) return relation();
    lexer_.take();
    const Token token = lexer_.now();
    auto node = std::make_unique<Negation>();
    node->kind = CellKind::kBoolean;
    expect_shallow(++depth_);
    node->inner = inverse();
    --depth_;
    expect_boolean(node->inner, token);
    return node;
  }

  NodePtr relation() {
    const Token first = lexer_.now();
    NodePtr left = sum();
    if (at_word("is")) return missing_test(std::move(left));
    if (at_word("in")) return membership(std::move(left), true);
    if (at_word("not")) {
      const Token token = lexer_.take();
      if (!at_word("in")) fail(token, "'not' between two values must be followed by 'in'");
      return membership(std::move(left), false);
    }
    using Operator = Comparison::Operator;
    constexpr std::pair<std::string_view, Operator> kOperators[] = {
        {"=", Operator::kEqual},    {"==", Operator::kEqual},       {"!=", Operator::kUnequal},
        {"<>", Operator::kUnequal}, {"<", Operator::kLess},         {"<=", Operator::kLessEqual},
        {">", Operator::kGreater},  {">=", Operator::kGreaterEqual}};
    for (const auto& [symbol, op] : kOperators) {
      if (!at_symbol(symbol)) continue;
      lexer_.take();
      auto node = std::make_unique<Comparison>();
      node->kind = CellKind::kBoolean;
      node->op = op;
      node->right = sum();
      expect_comparable(left->kind, node->right->kind, first);
      node->left = std::move(left);
      return node;
    }
    return left;
  }

  void expect_comparable(CellKind a, CellKind b, const Token& token) const {
    const bool fits = a == b || a == CellKind::kMissing || b == CellKind::kMissing ||
                      (is_number(a) && is_number(b)) || (is_date(a) && is_date(b));
    if (!fits) {
      fail(token, fmt::format("a {} cannot be compared with a {}; declare the column's kind in "
                              "'columns', or convert with "
                              "number(), text(), date() or datetime()",
                              cell_kind_name(a), cell_kind_name(b)));
    }
  }

  NodePtr missing_test(NodePtr inner) {
    lexer_.take();
    auto node = std::make_unique<MissingTest>();
    node->kind = CellKind::kBoolean;
    if (at_word("not")) {
      lexer_.take();
      node->wanted = false;
    }
    if (!at_word("missing")) fail(lexer_.now(), "'missing' is needed after 'is'");
    lexer_.take();
    node->inner = std::move(inner);
    return node;
  }

  NodePtr membership(NodePtr inner, bool wanted) {
    lexer_.take();
    const Token open = lexer_.now();
    auto node = std::make_unique<Membership>();
    node->kind = CellKind::kBoolean;
    node->wanted = wanted;
    expect_symbol("(");
    bool whole_numbers = true;
    do {
      if (!node->items.empty()) lexer_.take();
      node->items.push_back(sum());
      expect_comparable(inner->kind, node->items.back()->kind, open);
      const auto* constant = dynamic_cast<const Constant*>(node->items.back().get());
      if (constant != nullptr && constant->kind == CellKind::kInteger) {
        node->integers.push_back(constant->value.integer);
      } else {
        whole_numbers = false;
      }
    } while (at_symbol(","));
    expect_symbol(")");
    if (!whole_numbers) node->integers.clear();
    std::sort(node->integers.begin(), node->integers.end());
    node->inner = std::move(inner);
    return node;
  }

  NodePtr sum() { return arithmetic("+-", &Compiler::product); }
  NodePtr product() { return arithmetic("*/%", &Compiler::signed_value); }
  NodePtr arithmetic(std::string_view operators, NodePtr (Compiler::*part)()) {
    NodePtr left = (this->*part)();
    for (std::size_t length = 0;
         lexer_.now().kind == Token::Kind::kSymbol && lexer_.now().text.size() == 1 &&
         operators.find(lexer_.now().text[0]) != std::string_view::npos;
         ++length) {
      expect_shallow(length);
      const Token token = lexer_.take();
      auto node = std::make_unique<Arithmetic>();
      node->op = token.text[0];
      node->left = std::move(left);
      node->right = (this->*part)();
      const CellKind a = node->left->kind, b = node->right->kind;
      for (const CellKind side : {a, b}) {
        if (is_number(side) || side == CellKind::kMissing) continue;
        const char* const hint =
            is_date(side) ? "; use days_between(), hours_between(), add_days() for dates"
            : side == CellKind::kText ? "; use concat() to join texts, or number() to convert"
                                      : "";
        fail(token,
             fmt::format("'{}' needs numbers, not a {}{}", token.text, cell_kind_name(side), hint));
      }
      node->kind = token.text == "/" || a == CellKind::kReal || b == CellKind::kReal
                       ? CellKind::kReal
                       : CellKind::kInteger;
      left = std::move(node);
    }
    return left;
  }

  NodePtr signed_value() {
    if (!at_symbol("-")) return primary();
    const Token token = lexer_.take();
    auto node = std::make_unique<Arithmetic>();
    node->op = '-';
    node->left = std::make_unique<Constant>(Value::of_integer(0));
    expect_shallow(++depth_);
    node->right = signed_value();
    --depth_;
    if (!is_number(node->right->kind)) fail(token, "'-' needs a number");
    node->kind = node->right->kind;
    return fold(std::move(node));
  }
  /// A negative number is a constant like any other.
  static NodePtr fold(std::unique_ptr<Arithmetic> node) {
    if (dynamic_cast<const Constant*>(node->right.get()) == nullptr) return node;
    EvaluationContext none;
    return std::make_unique<Constant>(node->evaluate(nullptr, none));
  }

  NodePtr primary() {
    const Token token = lexer_.take();
    switch (token.kind) {
      case Token::Kind::kNumber:
        return number(token);
      case Token::Kind::kText:
        return std::make_unique<TextConstant>(token.text);
      case Token::Kind::kQuotedName:
        return column(token);
      case Token::Kind::kName:
        if (at_symbol("(")) return call(token);
        if (same_name(token.text, "true") || same_name(token.text, "false")) {
          return std::make_unique<Constant>(
              Value::of_integer(same_name(token.text, "true"), CellKind::kBoolean));
        }
        if (same_name(token.text, "missing")) return std::make_unique<Constant>(Value{});
        return column(token);
      case Token::Kind::kSymbol:
        if (token.text == "(") {
          expect_shallow(++depth_);
          NodePtr inner = either();
          --depth_;
          expect_symbol(")");
          return inner;
        }
        fail(token, fmt::format("a value is needed before '{}'", token.text));
      default:
        fail(token, "the expression ends too early: a value is missing");
    }
  }

  NodePtr number(const Token& token) const {
    const char* const begin = token.text.data();
    const char* const end = begin + token.text.size();
    std::int64_t integer = 0;
    if (std::from_chars(begin, end, integer).ptr == end)
      return std::make_unique<Constant>(Value::of_integer(integer));
    double real = 0;
    std::from_chars(begin, end, real);
    return std::make_unique<Constant>(Value::of_real(real));
  }

  NodePtr column(const Token& token) {
    const int position = shape_.find(token.text);
    if (position < 0) {
      fail(token, fmt::format("there is no column '{}' here{}", token.text,
                              did_you_mean(token.text, shape_.names())));
    }
    columns.push_back(position);
    const auto& found = shape_.columns[static_cast<std::size_t>(position)];
    return std::make_unique<ColumnValue>(found.slot, found.kind);
  }

  std::vector<NodePtr> arguments() {
    std::vector<NodePtr> list;
    expect_symbol("(");
    expect_shallow(++depth_);
    if (!at_symbol(")")) {
      list.push_back(either());
      while (at_symbol(",")) {
        lexer_.take();
        list.push_back(either());
      }
    }
    expect_symbol(")");
    --depth_;
    return list;
  }

  NodePtr call(const Token& name) {
    std::vector<NodePtr> list = arguments();
    if (same_name(name.text, "if")) return conditional(name, std::move(list));
    if (same_name(name.text, "case")) return cases(name, std::move(list));
    if (same_name(name.text, "coalesce")) return coalesce(name, std::move(list));
    const ExpressionFunction* function = find_function(name.text);
    if (function == nullptr) {
      std::vector<std::string> names = function_names();
      for (const char* const special : {"if", "case", "coalesce"}) names.emplace_back(special);
      fail(name,
           fmt::format("there is no function '{}'{}", name.text, did_you_mean(name.text, names)));
    }
    auto node = std::make_unique<Call>();
    node->function = function;
    std::vector<CellKind> kinds;
    for (const NodePtr& argument : list) kinds.push_back(argument->kind);
    const std::string wrong = wrong_arguments(*function, kinds);
    if (!wrong.empty()) fail(name, wrong);
    node->kind = result_kind(*function, kinds);
    node->arguments = std::move(list);
    draws |= function->draws;
    reads_runs |= function->reads_runs;
    return node;
  }

  NodePtr conditional(const Token& name, std::vector<NodePtr> list) const {
    if (list.size() != 3) fail(name, "if() takes a condition and two values");
    expect_boolean(list[0], name);
    auto node = std::make_unique<Conditional>();
    node->kind = common_kind(name, list[1]->kind, list[2]->kind);
    node->condition = std::move(list[0]);
    node->yes = std::move(list[1]);
    node->no = std::move(list[2]);
    return node;
  }

  /// case(condition, value, condition, value, ..., otherwise) is if() within if().
  NodePtr cases(const Token& name, std::vector<NodePtr> list) const {
    if (list.size() < 3)
      fail(name, "case() takes conditions and values in turn, and a last value for all else");
    expect_shallow(list.size() / 2);
    NodePtr rest =
        list.size() % 2 == 1 ? std::move(list.back()) : std::make_unique<Constant>(Value{});
    for (std::size_t pair = list.size() / 2; pair-- > 0;) {
      std::vector<NodePtr> parts;
      parts.push_back(std::move(list[2 * pair]));
      parts.push_back(std::move(list[2 * pair + 1]));
      parts.push_back(std::move(rest));
      rest = conditional(name, std::move(parts));
    }
    return rest;
  }

  NodePtr coalesce(const Token& name, std::vector<NodePtr> list) const {
    if (list.empty()) fail(name, "coalesce() takes one value at least");
    auto node = std::make_unique<Coalesce>();
    for (const NodePtr& item : list) node->kind = common_kind(name, node->kind, item->kind);
    node->items = std::move(list);
    return node;
  }

  CellKind common_kind(const Token& token, CellKind a, CellKind b) const {
    if (a == b || b == CellKind::kMissing) return a;
    if (a == CellKind::kMissing) return b;
    if (is_number(a) && is_number(b)) return CellKind::kReal;
    fail(token, fmt::format("{}() would give a {} or a {}: both must be of one kind", token.text,
                            cell_kind_name(a), cell_kind_name(b)));
  }

  Lexer lexer_;
  const RowShape& shape_;
  std::size_t depth_ = 0;  ///< of parentheses, calls and signs around the place
};

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& valid) {
  const auto lower = [](std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  };
  std::vector<std::string> lowered;
  for (const std::string& one : valid) lowered.push_back(lower(one));
  const std::string nearest = base::nearest_name(lower(std::string(name)), lowered);
  const auto found = std::find(lowered.begin(), lowered.end(), nearest);
  if (nearest.empty() || found == lowered.end()) return "";
  return fmt::format(" (did you mean '{}'?)",
                     valid[static_cast<std::size_t>(found - lowered.begin())]);
}

int RowShape::find(std::string_view name) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (same_name(columns[i].name, name)) return static_cast<int>(i);
  }
  return -1;
}

std::vector<std::string> RowShape::names() const {
  std::vector<std::string> list;
  for (const Column& column : columns) list.push_back(column.name);
  return list;
}

int RowShape::set(std::string_view name, CellKind kind) {
  const int slot = n_slots++;
  if (const int position = find(name); position >= 0) {
    columns[static_cast<std::size_t>(position)] = {columns[static_cast<std::size_t>(position)].name,
                                                   kind, slot};
  } else {
    columns.push_back({std::string(name), kind, slot});
  }
  return slot;
}

Expression::Expression(std::string_view text, const RowShape& shape) {
  Compiler compiler(text, shape);
  root_ = compiler.whole();
  draws_ = compiler.draws;
  reads_runs_ = compiler.reads_runs;
  columns_ = std::move(compiler.columns);
}

}  // namespace semblance::prepare
