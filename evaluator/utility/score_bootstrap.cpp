#include "evaluator/utility/score_bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "evaluator/utility/fairness.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// AUC of one class against the rest in each resample; ties count half.
std::vector<double> auc_draws(std::span<const double> truth, std::span<const double> predicted,
                              std::size_t width, std::size_t which, const Resamples& rows) {
  std::vector<std::size_t> order(truth.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto score = [&](std::size_t i) { return predicted[i * width + which]; };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return score(a) < score(b); });
  std::vector<double> out;
  for (int draw = 0; draw < kDraws; ++draw) {
    const std::span<const std::int32_t> times = rows.times(draw);
    double positives = 0, negatives = 0, area = 0;
    for (std::size_t first = 0; first < order.size();) {
      double in = 0, rest = 0;
      std::size_t last = first;
      for (; last < order.size() && score(order[last]) == score(order[first]); ++last) {
        const double weight = times[rows.group()[order[last]]];
        (static_cast<std::size_t>(truth[order[last]]) == which ? in : rest) += weight;
      }
      area += in * (negatives + rest / 2);
      positives += in;
      negatives += rest;
      first = last;
    }
    out.push_back(positives > 0 && negatives > 0 ? area / (positives * negatives) : kNaN);
  }
  return out;
}

std::vector<double> r_squared_draws(std::span<const double> truth,
                                    std::span<const double> predicted, const Resamples& rows) {
  const double centre = std::accumulate(truth.begin(), truth.end(), 0.0) /
                        static_cast<double>(std::max<std::size_t>(truth.size(), 1));
  std::vector<double> ones(truth.size(), 1), values, squares, rests;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    values.push_back(truth[i] - centre);
    squares.push_back(values.back() * values.back());
    rests.push_back((truth[i] - predicted[i]) * (truth[i] - predicted[i]));
  }
  const auto n = rows.sums(ones), sum = rows.sums(values), square = rows.sums(squares),
             rest = rows.sums(rests);
  std::vector<double> out;
  for (std::size_t k = 0; k < n.size(); ++k) {
    const double total = square[k] - sum[k] * sum[k] / n[k];
    out.push_back(total > 0 ? 1 - rest[k] / total : kNaN);
  }
  return out;
}

}  // namespace

std::vector<double> score_draws(std::span<const double> truth, std::span<const double> predicted,
                                int n_classes, const Resamples& rows) {
  if (predicted.empty()) return {};
  if (n_classes == 0) return r_squared_draws(truth, predicted, rows);
  std::vector<std::vector<double>> each;
  const auto width = static_cast<std::size_t>(n_classes);
  for (std::size_t c = n_classes == 2 ? 1 : 0; c < width; ++c)
    each.push_back(auc_draws(truth, predicted, width, c, rows));
  return mean_of_draws(each);
}

GapDraws gap_draws(std::span<const double> probability, std::span<const double> truth,
                   std::span<const std::int32_t> group, const Resamples& rows) {
  GapDraws out;
  std::vector<double> p, t;
  std::vector<std::int32_t> g;
  for (int draw = 0; draw < kDraws; ++draw) {
    p.clear();
    t.clear();
    g.clear();
    for (std::size_t i = 0; i < truth.size(); ++i) {
      for (std::int32_t k = rows.times(draw)[rows.group()[i]]; k > 0; --k) {
        p.push_back(probability[i]);
        t.push_back(truth[i]);
        g.push_back(group[i]);
      }
    }
    const GroupGaps gaps = group_gaps(p, t, g);
    out.parity.push_back(gaps.demographic_parity);
    out.tpr.push_back(gaps.true_positive_rate);
    out.fpr.push_back(gaps.false_positive_rate);
  }
  return out;
}

}  // namespace semblance::evaluator
