/// Detection by logistic regression, as SDMetrics' LogisticDetection, which TabSyn and TabDiff
/// report as “C2ST”.
#pragma once

#include <cstdint>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// The score of one table and how sure it is.
struct LogisticDetection {
  std::int64_t rows = 0;     ///< of each table
  double score = 0;          ///< 1 − mean over three folds of (2 · max(AUC, ½) − 1)
  double low = 0, high = 0;  ///< the score where the AUC is 1.96 Hanley–McNeil errors away
};

/// Three folds of equally many rows of both tables; categories as indicators, ridge of 1 on
/// standardised features as scikit-learn's default.
/// \throws Error{kData} when a table has fewer than six rows
LogisticDetection logistic_detection(const Comparison& data, const Rows& real, const Rows& other,
                                     std::int64_t most_rows, std::uint64_t seed, int threads);

}  // namespace semblance::evaluator
