/// The functions of expressions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prepare/expression.hpp"

namespace semblance::prepare {

inline constexpr std::size_t kMostArguments = 16;  ///< so that arguments fit on the stack

/// A function: its arguments as letters (i whole number, n number, t text, d date or datetime, b
/// boolean, ? any), `+` after the last letter for one or more of it, `|` before optional ones; its
/// result as a letter or `1` for the kind of the first argument.
struct ExpressionFunction {
  std::string_view name, arguments, result;  ///< in the letters above
  /// Values: as many as were written, converted by convert_number().
  Value (*apply)(std::span<const Value> values, EvaluationContext& context);
  bool takes_missing = false;  ///< otherwise one missing argument makes a missing result
  bool draws = false;          ///< takes numbers of EvaluationContext::random
  bool reads_runs = false;     ///< looks at EvaluationContext::runs
};

/// Null when there is none; whatever the case.
const ExpressionFunction* find_function(std::string_view name);
std::vector<std::string> function_names();  ///< for "did you mean"

/// "" when a function can be called with arguments of these kinds; otherwise what is wrong.
std::string wrong_arguments(const ExpressionFunction& function, const std::vector<CellKind>& kinds);
/// The kind of the result for arguments that wrong_arguments() accepts.
CellKind result_kind(const ExpressionFunction& function, const std::vector<CellKind>& kinds);

/// A whole number as a float where `kind` is kReal; everything else as it is.
Value convert_number(const Value& value, CellKind kind);

/// Chapter of an ICD-9-CM diagnosis code without point ("4280" -> "circulatory"); "" for none.
std::string_view icd9_chapter(std::string_view code);

}  // namespace semblance::prepare
