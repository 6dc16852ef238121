/// Expressions of a recipe: compiled once against the columns of a table, evaluated once a row.
/// Grammar and functions: docs/RECIPES.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "prepare/number_runs.hpp"
#include "prepare/python_random.hpp"
#include "prepare/row_shape.hpp"
#include "prepare/text_arena.hpp"
#include "prepare/value.hpp"

namespace semblance::prepare {

/// What the evaluation of a row may use beside the row. Where evaluation fails (for example an
/// empty range to draw from), it throws Error{kData}; the caller adds the row.
struct EvaluationContext {
  TextArena* texts = nullptr;        ///< holds texts that expressions make
  PythonRandom* random = nullptr;    ///< for draws; nullptr where none are allowed
  const NumberRuns* runs = nullptr;  ///< for as_read_in_runs()
};

/// A compiled part of an expression; thread-safe, as it holds no state of a row.
class ExpressionNode {
 public:
  virtual ~ExpressionNode() = default;
  /// \param row  [RowShape::n_slots]
  /// Texts of the result live as long as the row's or as context.texts. \throws Error{kData}
  virtual Value evaluate(const Value* row, EvaluationContext& context) const = 0;
  CellKind kind = CellKind::kMissing;  ///< of every result that is not missing
};

/// An expression of a recipe, ready to be evaluated.
class Expression {
 public:
  /// \throws Error{kData} for a text that is no expression, an unknown column or function (naming
  /// the nearest), arguments of a wrong kind; the message names the character
  Expression(std::string_view text, const RowShape& shape);

  /// Of its results; kMissing: it never has a value.
  CellKind kind() const { return root_->kind; }
  /// \param row  values of the shape that it was compiled for. \throws Error{kData} without the
  /// row's place
  Value evaluate(const Value* row, EvaluationContext& context) const {
    return root_->evaluate(row, context);
  }
  bool draws() const { return draws_; }  ///< takes random numbers in the order of the rows
  bool reads_runs() const { return reads_runs_; }               ///< needs EvaluationContext::runs
  const std::vector<int>& columns() const { return columns_; }  ///< positions in the shape

 private:
  std::unique_ptr<ExpressionNode> root_;
  bool draws_ = false, reads_runs_ = false;
  std::vector<int> columns_;
};

}  // namespace semblance::prepare
