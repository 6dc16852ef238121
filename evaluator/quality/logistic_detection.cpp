#include "evaluator/quality/logistic_detection.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "evaluator/intervals.hpp"
#include "evaluator/learners/linear_models.hpp"
#include "evaluator/ranking.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kReal = 0x10DE0001, kOther, kRealFolds, kOtherFolds };
constexpr int kFolds = 3;

double score_of(double area) { return 1 - (2 * std::max(area, 0.5) - 1); }

}  // namespace

LogisticDetection logistic_detection(const Comparison& data, const Rows& real, const Rows& other,
                                     std::int64_t most_rows, std::uint64_t seed, int threads) {
  LogisticDetection out{.rows = std::min({real.n_rows, other.n_rows, most_rows})};
  SEMBLANCE_EXPECT(out.rows >= 2 * kFolds, kData,
                   "a test that sorts rows apart needs at least {} rows in each table, but one has "
                   "{}",
                   2 * kFolds, out.rows);
  const Rows parts[] = {take(real, sample_rows(real.n_rows, out.rows, seed, kReal)),
                        take(other, sample_rows(other.n_rows, out.rows, seed, kOther))};
  const Rows* tables[] = {&parts[0], &parts[1]};
  const Design design(data, tables, {.most_features = 400});
  std::vector<std::int64_t> order[] = {shuffled_rows(out.rows, seed, kRealFolds),
                                       shuffled_rows(out.rows, seed, kOtherFolds)};
  std::vector<double> scores(kFolds), areas(kFolds);
  base::parallel_for(kFolds, threads, [&](std::int64_t fold) {
    SparseRows fit, held;
    std::vector<double> labels;
    std::size_t held_real = 0;
    for (std::size_t side = 0; side < 2; ++side) {
      std::vector<std::int64_t> inside, outside;
      for (std::size_t k = 0; k < order[side].size(); ++k)
        (static_cast<std::int64_t>(k % kFolds) == fold ? outside : inside)
            .push_back(order[side][k]);
      design.append(parts[side], inside, fit);
      design.append(parts[side], outside, held);
      labels.insert(labels.end(), inside.size(), static_cast<double>(side));
      if (side == 0) held_real = outside.size();
    }
    const LinearModel model = fit_logistic(fit, labels, 1.0);
    std::vector<double> negatives, positives;
    for (std::int64_t i = 0; i < held.n_rows(); ++i)
      (static_cast<std::size_t>(i) < held_real ? negatives : positives)
          .push_back(model.score(held, i));
    areas[static_cast<std::size_t>(fold)] = auc(positives, negatives);
    scores[static_cast<std::size_t>(fold)] = score_of(areas[static_cast<std::size_t>(fold)]);
  });
  out.score = std::accumulate(scores.begin(), scores.end(), 0.0) / kFolds;
  const double area = std::accumulate(areas.begin(), areas.end(), 0.0) / kFolds;
  const double n = static_cast<double>(out.rows);
  const double error = auc_error(std::clamp(area, 0.0, 1.0), n, n);
  out.low = std::min(score_of(area + kZ95 * error), out.score);
  out.high = std::max(score_of(area - kZ95 * error), out.score);
  return out;
}

}  // namespace semblance::evaluator
