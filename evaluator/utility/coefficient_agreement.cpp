#include "evaluator/utility/coefficient_agreement.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "evaluator/intervals.hpp"
#include "evaluator/learners/linear_models.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kRows = 0xC0EF0001 };

/// The two most frequent real levels of a category; rows of other levels are left out.
std::pair<std::int32_t, std::int32_t> two_levels(const Comparison& data, int target) {
  const auto j = static_cast<std::size_t>(target);
  const auto counts = code_counts(data.real.features[j].codes, data.columns[j].n_levels());
  std::vector<std::int32_t> present;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] > 0) present.push_back(static_cast<std::int32_t>(k));
  }
  SEMBLANCE_EXPECT(
      present.size() == 2, kData,
      "coefficients are compared for a numeric target or one of two levels, but '{}' has {} levels",
      data.columns[j].name(), present.size());
  const auto& levels = data.columns[j].levels;
  if (levels[static_cast<std::size_t>(present[0])] > levels[static_cast<std::size_t>(present[1])])
    std::swap(present[0], present[1]);
  return {present[0], present[1]};
}

}  // namespace

double interval_overlap(double low_a, double high_a, double low_b, double high_b) {
  const double shared = std::min(high_a, high_b) - std::max(low_a, low_b);
  return 0.5 * (shared / (high_a - low_a) + shared / (high_b - low_b));
}

std::vector<Coefficient> coefficient_agreement(const Comparison& data, const Rows& real,
                                               const Rows& other, int target,
                                               std::int64_t most_rows, std::uint64_t seed) {
  const auto j = static_cast<std::size_t>(target);
  const bool numeric = data.columns[j].numeric;
  const std::pair<std::int32_t, std::int32_t> levels =
      numeric ? std::pair{0, 1} : two_levels(data, target);
  std::vector<int> features;
  for (int k = 0; k < data.n_columns(); ++k) {
    if (k != target) features.push_back(k);
  }
  const Rows* tables[] = {&real};
  const Design design(data, tables, {.most_features = 150, .most_levels = 15, .columns = features});
  const std::int64_t n = std::min({real.n_rows, other.n_rows, most_rows});

  const auto fit = [&](const Rows& rows) {
    std::vector<std::int64_t> chosen;
    std::vector<double> labels;
    for (const std::int64_t i : sample_rows(rows.n_rows, n, seed, kRows)) {
      const auto r = static_cast<std::size_t>(i);
      if (numeric) {
        if (std::isnan(rows.features[j].numbers[r])) continue;
        labels.push_back(rows.features[j].numbers[r]);
      } else {
        const std::int32_t code = rows.features[j].codes[r];
        if (code != levels.first && code != levels.second) continue;
        labels.push_back(code == levels.second ? 1 : 0);
      }
      chosen.push_back(i);
    }
    SEMBLANCE_EXPECT(
        !labels.empty() &&
            std::any_of(labels.begin(), labels.end(), [&](double v) { return v != labels[0]; }),
        kData, "the target '{}' does not vary in one of the tables", data.columns[j].name());
    SparseRows sparse;
    design.append(rows, chosen, sparse);
    return numeric ? fit_least_squares(sparse, labels, 1e-8) : fit_logistic(sparse, labels, 1e-8);
  };
  const LinearModel a = fit(real), b = fit(other);
  std::vector<Coefficient> out;
  for (std::size_t k = 1; k < a.coefficient.size(); ++k) {
    // An error far above the estimate's own scale marks a feature that (almost) no row has.
    const auto known = [](double error) {
      return std::isfinite(error) && error > 0 && error < 1e3;
    };
    if (!numeric && (!known(a.error[k]) || !known(b.error[k]))) continue;
    if (!std::isfinite(a.error[k]) || !std::isfinite(b.error[k]) || a.error[k] <= 0 ||
        b.error[k] <= 0)
      continue;
    Coefficient c{
        .name = design.names()[k - 1], .real = a.coefficient[k], .other = b.coefficient[k]};
    c.real_low = c.real - kZ95 * a.error[k];
    c.real_high = c.real + kZ95 * a.error[k];
    c.other_low = c.other - kZ95 * b.error[k];
    c.other_high = c.other + kZ95 * b.error[k];
    c.overlap = interval_overlap(c.real_low, c.real_high, c.other_low, c.other_high);
    out.push_back(std::move(c));
  }
  return out;
}

}  // namespace semblance::evaluator
