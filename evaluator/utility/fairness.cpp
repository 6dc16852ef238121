#include "evaluator/utility/fairness.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

namespace semblance::evaluator {
namespace {

struct Tally {
  double rows = 0, positives = 0, predicted = 0, hits = 0, false_alarms = 0;
};

double spread(const std::vector<double>& values) {
  if (values.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high - *low;
}

}  // namespace

GroupGaps group_gaps(std::span<const double> probability, std::span<const double> truth,
                     std::span<const std::int32_t> group, double threshold) {
  constexpr double kFewest = 30;
  std::map<std::int32_t, Tally> tallies;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (group[i] < 0) continue;
    Tally& t = tallies[group[i]];
    const bool positive = truth[i] > 0.5, predicted = probability[i] >= threshold;
    ++t.rows;
    t.positives += positive;
    t.predicted += predicted;
    t.hits += positive && predicted;
    t.false_alarms += !positive && predicted;
  }
  std::vector<double> parity, tpr, fpr;
  for (const auto& [code, t] : tallies) {
    if (t.rows < kFewest || t.positives < 1 || t.positives > t.rows - 1) continue;
    parity.push_back(t.predicted / t.rows);
    tpr.push_back(t.hits / t.positives);
    fpr.push_back(t.false_alarms / (t.rows - t.positives));
  }
  return {spread(parity), spread(tpr), spread(fpr), static_cast<int>(parity.size())};
}

}  // namespace semblance::evaluator
