#include "evaluator/privacy/membership.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "evaluator/distances.hpp"
#include "evaluator/learners/booster.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kMembers = 0x3E3B0001, kHalves, kSyntheticPart };

std::vector<double> first_distances(const Comparison& data, const Rows& targets,
                                    const Rows& references, const kernels::DcrOptions& options) {
  std::vector<double> out;
  for (const kernels::Nearest& n : nearest(data, targets, references, options))
    out.push_back(n.first);
  return out;
}

/// log p(synthetic) / p(population) of the targets.
std::vector<std::vector<double>> density_ratios(const Comparison& data, const Rows& population,
                                                const std::vector<const Rows*>& targets,
                                                const MembershipOptions& options) {
  const TreeCoding coding(data);
  const auto all = [](const Rows& rows) { return sample_rows(rows.n_rows, rows.n_rows, 0, 0); };
  TreeRows rows;
  const std::int64_t n = std::min({population.n_rows, data.synthetic.n_rows, options.most_rows});
  coding.append(data.synthetic, sample_rows(data.synthetic.n_rows, n, options.seed, kSyntheticPart),
                rows);
  coding.append(population, sample_rows(population.n_rows, n, options.seed, kSyntheticPart), rows);
  std::vector<double> labels(static_cast<std::size_t>(2 * n));
  std::fill(labels.begin(), labels.begin() + n, 1.0);
  const Booster model(
      rows, labels,
      {.trees = 100, .depth = 6, .rate = 0.1, .seed = options.seed, .threads = options.threads});
  std::vector<std::vector<double>> out;
  for (const Rows* target : targets) {
    TreeRows questions;
    coding.append(*target, all(*target), questions);
    std::vector<double> scores = model.predict(questions);
    for (double& p : scores) p = std::log(std::max(p, 1e-9) / std::max(1 - p, 1e-9));
    out.push_back(std::move(scores));
  }
  return out;
}

}  // namespace

std::vector<MembershipScores> membership_attacks(const Comparison& data,
                                                 const MembershipOptions& options) {
  SEMBLANCE_EXPECT(data.has_holdout(), kData,
                   "there is no holdout: pass real rows that the model never saw with --holdout");
  SEMBLANCE_EXPECT(data.holdout.n_rows >= 20, kData,
                   "the holdout has {} rows; membership attacks need 20 at least",
                   data.holdout.n_rows);
  const std::vector<std::int64_t> order = shuffled_rows(data.holdout.n_rows, options.seed, kHalves);
  const std::int64_t half = data.holdout.n_rows / 2;
  const std::int64_t n = std::min({half, data.real.n_rows, options.most_rows});
  const Rows strangers = take(data.holdout, {order.begin(), order.begin() + n});
  const Rows population = take(data.holdout, {order.begin() + half, order.end()});
  const Rows members = take(data.real, sample_rows(data.real.n_rows, n, options.seed, kMembers));

  const auto to_synthetic_m = first_distances(data, members, data.synthetic, options.distance);
  const auto to_synthetic_s = first_distances(data, strangers, data.synthetic, options.distance);
  const auto to_population_m = first_distances(data, members, population, options.distance);
  const auto to_population_s = first_distances(data, strangers, population, options.distance);
  MembershipScores distance{
      .name = "Distance",
      .definition =
          "Somebody is called a member when a synthetic row is near: minus the Gower distance to "
          "the nearest synthetic row (GAN-leaks)."};
  MembershipScores calibrated{
      .name = "Calibrated distance",
      .definition =
          "The same, compared with the distance to the nearest of other people (half of the "
          "holdout) whom the attacker knows."};
  MembershipScores ratio{
      .name = "Density ratio",
      .definition =
          "Boosted trees estimate how much denser synthetic rows are than other people around "
          "somebody (DOMIAS, density ratio by classification)."};
  for (const double d : to_synthetic_m) distance.members.push_back(-d);
  for (const double d : to_synthetic_s) distance.strangers.push_back(-d);
  for (std::size_t i = 0; i < to_synthetic_m.size(); ++i) {
    calibrated.members.push_back(to_population_m[i] - to_synthetic_m[i]);
  }
  for (std::size_t i = 0; i < to_synthetic_s.size(); ++i) {
    calibrated.strangers.push_back(to_population_s[i] - to_synthetic_s[i]);
  }
  auto ratios = density_ratios(data, population, {&members, &strangers}, options);
  ratio.members = std::move(ratios[0]);
  ratio.strangers = std::move(ratios[1]);
  return {std::move(distance), std::move(calibrated), std::move(ratio)};
}

}  // namespace semblance::evaluator
