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
#include "prepare/text_arena.hpp"
#include "prepare/value.hpp"

namespace semblance::prepare {

/// The columns of the rows at one point of a recipe, and where their values stand in a row.
struct RowShape {
  /// A column as steps name it.
  struct Column {
    std::string name;                 ///< as first written; compared whatever the case
    CellKind kind = CellKind::kText;  ///< of every present value
    int slot = 0;                     ///< position in the row
  };
  std::vector<Column> columns;  ///< in the order in which they would be written
  int n_slots = 0;              ///< length of a row; slots of dropped columns stay

  int find(std::string_view name) const;   ///< position, whatever the case; -1 when there is none
  std::vector<std::string> names() const;  ///< in column order
  /// Adds a column, or gives an existing one a new slot; returns the slot.
  int set(std::string_view name, CellKind kind);
};

bool same_name(std::string_view a, std::string_view b);  ///< whatever the case of ASCII letters
/// " (did you mean 'x'?)" whatever the case, or "" when no valid name is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& valid);

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
