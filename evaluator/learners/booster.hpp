/// Gradient-boosted trees by XGBoost's C API.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// Rows as XGBoost takes them: [rows, columns] float, NaN is missing, categories as positions of
/// their levels in alphabetical order.
struct TreeRows {
  std::int64_t n_rows = 0;    ///< grows by append()
  int n_columns = 0;          ///< set by the first append()
  std::vector<float> values;  ///< row-major
};

/// How columns become floats, the same for every table of a comparison.
class TreeCoding {
 public:
  /// \param columns  which to use; empty: all
  explicit TreeCoding(const Comparison& data, std::vector<int> columns = {});
  /// Adds the chosen rows of a table to `out`. \param chosen  row numbers of `rows`, in any order
  void append(const Rows& rows, std::span<const std::int64_t> chosen, TreeRows& out) const;
  /// Numbers of Comparison::columns, in the order of TreeRows.
  const std::vector<int>& columns() const { return columns_; }

 private:
  std::vector<int> columns_;
  std::vector<std::vector<float>> position_;  ///< [columns][levels]; empty for numbers
};

/// Histogram trees of XGBoost, on the CPU; the rest is at its defaults.
struct BoosterOptions {
  /// Log loss, softmax, or squared error.
  enum class Task { kBinary, kClasses, kRegression } task = Task::kBinary;
  int n_classes = 2;           ///< for kClasses
  int trees = 200, depth = 6;  ///< rounds, and splits below one another
  double rate = 0.1;           ///< learning rate (eta)
  std::uint64_t seed = 1;  ///< of XGBoost; the same rows, options and threads give the same trees
  int threads = 1;         ///< 0 for all
};

/// Trained trees.
class Booster {
 public:
  /// Trains on rows and labels (0 or 1; class numbers; or numbers).
  /// \throws Error{kInternal} with XGBoost's message
  Booster(const TreeRows& rows, std::span<const double> labels, const BoosterOptions& options);
  ~Booster();
  Booster(Booster&&) noexcept;

  /// [rows] probabilities or values; for kClasses [rows, classes].
  std::vector<double> predict(const TreeRows& rows) const;
  /// Total gain of each column's splits, as shares that sum to 1 (all 0 when there was no split).
  std::vector<double> gain_shares() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace semblance::evaluator
