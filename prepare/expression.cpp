#include "prepare/expression.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "prepare/expression_functions.hpp"
#include "prepare/expression_lexer.hpp"
#include "prepare/expression_nodes.hpp"

namespace semblance::prepare {
namespace {

using base::ErrorKind;

bool is_number(CellKind kind) { return kind == CellKind::kInteger || kind == CellKind::kReal; }
bool is_date(CellKind kind) { return kind == CellKind::kDate || kind == CellKind::kDatetime; }

/// Reads an expression by recursive descent: or, and, not, relations, sums, products, signs.
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

Expression::Expression(std::string_view text, const RowShape& shape) {
  Compiler compiler(text, shape);
  root_ = compiler.whole();
  draws_ = compiler.draws;
  reads_runs_ = compiler.reads_runs;
  columns_ = std::move(compiler.columns);
}

}  // namespace semblance::prepare
