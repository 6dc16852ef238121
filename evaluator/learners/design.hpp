/// Columns as features of linear models: numbers standardised, categories as indicators, missing as
/// an indicator of its own. Rows are sparse.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// Limits that keep a regression small whatever the table.
struct DesignOptions {
  int most_features = 600;   ///< rare levels are merged until the features fit
  int most_levels = 50;      ///< of one column; the rest share an indicator
  bool drop_first = true;    ///< no indicator for a column's most frequent level
  std::vector<int> columns;  ///< which to use; empty: all
};

/// Sparse rows, without the intercept: row i holds entries [begin[i], begin[i + 1]).
struct SparseRows {
  int n_features = 0;                    ///< width of all rows
  std::vector<std::size_t> begin = {0};  ///< [rows + 1] positions in `index`
  std::vector<std::int32_t> index;       ///< feature of each entry, 0 to n_features - 1
  std::vector<double> value;             ///< of each entry; all others are 0

  /// 0 before the first append().
  std::int64_t n_rows() const { return static_cast<std::int64_t>(begin.size()) - 1; }
};

/// How columns become features; means, deviations and levels come from the rows given.
class Design {
 public:
  /// Numbers are standardised, with an indicator where some are missing (missing counts as the
  /// mean); categories become an indicator a level.
  Design(const Comparison& data, std::span<const Rows* const> tables,
         const DesignOptions& options = {});

  /// Without the intercept; 0 when nothing varies.
  int n_features() const { return static_cast<int>(names_.size()); }
  /// [features] column, or column and level.
  const std::vector<std::string>& names() const { return names_; }
  /// Number of the column that a feature comes from.
  const std::vector<int>& sources() const { return sources_; }

  /// \param chosen  row numbers of `rows`; they are encoded in this order
  void append(const Rows& rows, std::span<const std::int64_t> chosen, SparseRows& out) const;

 private:
  struct Part {
    int column = 0;
    bool numeric = false;
    double scale = 1;  ///< by which values are divided first; not 1 only for huge ones
    double mean = 0, deviation = 1;
    std::int32_t value_feature = -1;          ///< of a number that varies
    std::int32_t missing_feature = -1;        ///< when some value is missing
    std::vector<std::int32_t> level_feature;  ///< [levels], -1: the base level
  };
  std::int32_t add_feature(int column, std::string name);
  void add_numeric(const Comparison& data, std::span<const Rows* const> tables, int column);
  void add_category(const Comparison& data, std::span<const Rows* const> tables, int column,
                    int most_levels, bool drop_first);

  std::vector<Part> parts_;
  std::vector<std::string> names_;
  std::vector<int> sources_;
};

}  // namespace semblance::evaluator
