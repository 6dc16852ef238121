/// How well a score tells two groups apart: ROC curves and what is read off them.
#pragma once

#include <span>
#include <vector>

namespace semblance::evaluator {

/// Area under the ROC curve: the chance that a random positive scores above a random negative, ties
/// half. NaN when a side is empty.
double auc(std::span<const double> positives, std::span<const double> negatives);

/// Standard error of an AUC (Hanley and McNeil 1982).
double auc_error(double auc, double n_positives, double n_negatives);

/// Rates as the limit on the score falls.
struct Roc {
  std::vector<double> fpr, tpr;  ///< from (0, 0) to (1, 1), one point a distinct score
};
/// The rate of an empty side is 0 throughout. O(n log n).
Roc roc_curve(std::span<const double> positives, std::span<const double> negatives);

/// Largest true positive rate at a false positive rate of at most `fpr`.
double tpr_at(const Roc& roc, double fpr);

/// At most `most` points of a curve, for plots; ends are kept.
Roc thinned(const Roc& roc, std::size_t most);

}  // namespace semblance::evaluator
