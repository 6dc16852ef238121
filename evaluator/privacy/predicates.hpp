/// Conditions on single columns, and whether exactly one row of a table meets them: the questions
/// of the singling-out attack, asked some hundred thousand times.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// One condition on one column.
struct Condition {
  /// What is asked of the cell.
  enum class Test { kAtLeast, kAtMost, kEqual, kLevel, kMissing } test = Test::kMissing;
  int column = 0;          ///< of Comparison::columns
  double number = 0;       ///< kAtLeast, kAtMost, kEqual
  std::int32_t level = 0;  ///< kLevel
};
/// All conditions hold.
using Predicate = std::vector<Condition>;

/// A table whose cells are ranks within their column, so that every condition is a range of whole
/// numbers and rows are tested many at a time. Memory: 4 bytes a cell.
class RankedTable {
 public:
  /// Sorts each numeric column once.
  RankedTable(const Comparison& data, const Rows& rows);

  /// Exactly one row meets all conditions.
  bool singles_out(const Predicate& predicate) const;

 private:
  struct Range {
    const std::int32_t* ranks;  // [n_rows]
    std::int32_t low, high;
  };
  Range range_of(const Condition& condition) const;

  std::int64_t n_rows_;
  std::vector<std::vector<std::int32_t>> ranks_;  // [columns][n_rows]: 0 is missing
  std::vector<std::vector<double>> values_;       // [columns]: distinct numbers, ascending
};

}  // namespace semblance::evaluator
