/// Train on synthetic, test on real (TSTR): would a model learned from the synthetic table work on
/// real people as well as one learned from the real table?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// What to predict, and with what.
struct TaskOptions {
  int target = 0;                  ///< column to predict
  std::int64_t most_rows = 20000;  ///< of each table; of both training tables the smaller's number
  int trees = 200, depth = 6;      ///< as in BoosterOptions
  double rate = 0.1;               ///< as in BoosterOptions
  bool linear = true;              ///< also fit linear or logistic regression
  int most_classes = 10;           ///< rarer levels are one class
  std::uint64_t seed = 1;          ///< of sub-samples and trees
  int threads = 0;                 ///< 0: all cores
};

/// Scores on the same real test rows. Classification: AUC, for more than two classes the mean of
/// one-against-the-rest AUCs over classes present in the test rows. Regression: R².
struct TaskScores {
  bool classification = true;                    ///< false: the target is a number or date
  double trees_real = 0, trees_synthetic = 0;    ///< learned from the real, the synthetic table
  double linear_real = 0, linear_synthetic = 0;  ///< NaN when not asked for
  /// Of the real training table after the cut; rows without a target left out.
  std::int64_t train_rows = 0, test_rows = 0;
  /// Prediction of the trees for every test row: P(second class), or the value; for fairness.
  std::vector<double> predicted_real, predicted_synthetic, truth;
  /// All that the models say: [rows] values of a regression, [rows, n_classes] probabilities.
  struct Predictions {
    std::vector<double> trees_real, trees_synthetic,  ///< learned from either table
        linear_real, linear_synthetic;                ///< the same; empty when not asked for
  } predictions;
  int n_classes = 0;                   ///< 0 for a regression
  std::vector<std::int64_t> test_row;  ///< [test_rows] row numbers of `test` that have a target
};

/// \param train  real training rows; \param test  real rows that neither model sees
/// \throws Error{kData} when the target cannot be predicted: all missing, or one class only
TaskScores train_on_synthetic(const Comparison& data, const Rows& train, const Rows& synthetic,
                              const Rows& test, const TaskOptions& options);

/// Real rows to train and to test on: the holdout is the test when there is one; otherwise a random
/// fifth of the real rows, which the generator has seen (the report says so).
struct TaskTables {
  Rows train, test;         ///< no row is in both
  bool test_unseen = true;  ///< false: the generator has learned from the test rows, too
};
/// \param seed  of the random fifth; unused with a holdout
TaskTables task_tables(const Comparison& data, std::uint64_t seed);

}  // namespace semblance::evaluator
