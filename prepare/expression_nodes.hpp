/// The parts that a compiled expression is made of.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "prepare/expression.hpp"
#include "prepare/expression_functions.hpp"

namespace semblance::prepare {

/// A part of an expression.
using NodePtr = std::unique_ptr<ExpressionNode>;

/// A number, truth value or missing.
struct Constant : ExpressionNode {
  /// \param v  no text: see TextConstant
  explicit Constant(Value v) : value(v) { kind = v.kind; }
  Value evaluate(const Value*, EvaluationContext&) const override { return value; }
  Value value;  ///< that it always has
};

/// A text in quotes.
struct TextConstant : ExpressionNode {
  /// \param t  without quotes
  explicit TextConstant(std::string t) : text(std::move(t)) { kind = CellKind::kText; }
  Value evaluate(const Value*, EvaluationContext&) const override { return Value::of_text(text); }
  std::string text;  ///< kept here: values only point to it
};

/// The value of a column.
struct ColumnValue : ExpressionNode {
  /// \param s  slot of the row
  ColumnValue(int s, CellKind k) : slot(s) { kind = k; }
  Value evaluate(const Value* row, EvaluationContext&) const override { return row[slot]; }
  int slot;  ///< of the row
};

/// = != < <= > >=; missing where a side is.
struct Comparison : ExpressionNode {
  /// What is asked of the order of two values.
  enum class Operator { kEqual, kUnequal, kLess, kLessEqual, kGreater, kGreaterEqual };
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    const Value a = left->evaluate(row, context), b = right->evaluate(row, context);
    if (a.missing() || b.missing()) return {};
    return Value::of_integer(holds(compare(a, b)), CellKind::kBoolean);
  }
  /// \param order  of the sides, as compare() gives it
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
  Operator op = Operator::kEqual;  ///< between the sides
  NodePtr left, right;             ///< the sides
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
  NodePtr left, right;   ///< the sides
};

/// not; missing stays missing.
struct Negation : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    const Value a = inner->evaluate(row, context);
    return a.missing() ? a : Value::of_integer(a.integer == 0, CellKind::kBoolean);
  }
  NodePtr inner;  ///< what is looked at
};

/// is missing, is not missing.
struct MissingTest : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    return Value::of_integer(inner->evaluate(row, context).missing() == wanted, CellKind::kBoolean);
  }
  bool wanted = true;  ///< false: is *not* missing, *not* in
  NodePtr inner;       ///< what is looked at
};

/// in (...), not in (...).
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
  bool wanted = true;                  ///< false: is *not* missing, *not* in
  NodePtr inner;                       ///< what is looked at
  std::vector<NodePtr> items;          ///< in the order in which they are written
  std::vector<std::int64_t> integers;  ///< sorted, when all items are whole numbers
};

/// + - * / %; missing where a side is, or for a division by zero.
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
  /// Whole numbers, with overflow as an error.
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
  char op = '+';        ///< + - * / or %
  NodePtr left, right;  ///< the sides
};

/// if(condition, yes, no).
struct Conditional : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    const Value c = condition->evaluate(row, context);
    const Value chosen = (!c.missing() && c.integer != 0 ? yes : no)->evaluate(row, context);
    return convert_number(chosen, kind);
  }
  NodePtr condition, yes, no;  ///< in the order in which they are written
};

/// The first value that is not missing.
struct Coalesce : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    for (const NodePtr& item : items) {
      const Value value = item->evaluate(row, context);
      if (!value.missing()) return convert_number(value, kind);
    }
    return {};
  }
  std::vector<NodePtr> items;  ///< in the order in which they are written
};

/// A function of expression_functions.hpp.
struct Call : ExpressionNode {
  Value evaluate(const Value* row, EvaluationContext& context) const override {
    Value values[kMostArguments];
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      values[i] = arguments[i]->evaluate(row, context);
      if (values[i].missing() && !function->takes_missing) return {};
    }
    return function->apply({values, arguments.size()}, context);
  }
  const ExpressionFunction* function = nullptr;  ///< of the table of functions
  std::vector<NodePtr> arguments;                ///< of kinds that the function takes
};

}  // namespace semblance::prepare
