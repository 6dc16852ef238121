/// Classifier two-sample test (C2ST): boosted trees try to tell the rows of two tables apart, each
/// row judged by a model that has not seen it.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluator/comparison.hpp"
#include "evaluator/learners/booster.hpp"

namespace semblance::evaluator {

/// The learner's settings; the defaults are those of the report's C2ST.
struct TwoSampleOptions {
  std::int64_t most_rows = 20000;  ///< of each side; the larger side is cut to the smaller
  int folds = 3;                   ///< each row is judged once, by trees of the other folds
  int trees = 200, depth = 6;      ///< as in BoosterOptions
  double rate = 0.1;               ///< as in BoosterOptions
  std::uint64_t seed = 1;          ///< of samples, folds and trees
  int threads = 0;                 ///< folds run side by side; 0: all cores
  bool permute_labels = false;     ///< to see what chance gives
  std::uint64_t permutation = 0;   ///< which of many, when labels are permuted
};

/// How well trees told the two sides apart.
struct TwoSampleTest {
  std::int64_t rows = 0;                  ///< of each side
  double auc = 0;                         ///< mean over folds; ½: no better than chance
  double error = 0;                       ///< standard error of the AUC (Hanley-McNeil)
  std::vector<double> p_first, p_second;  ///< P(second table) of every row used, out of fold
  std::vector<double> gain_shares;        ///< [columns] what the trees used, mean over folds
};

/// \throws Error{kData} when a side has fewer rows than two a fold
TwoSampleTest two_sample_test(const Comparison& data, const Rows& first, const Rows& second,
                              const TwoSampleOptions& options);

}  // namespace semblance::evaluator
