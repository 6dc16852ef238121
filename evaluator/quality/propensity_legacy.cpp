#include "evaluator/quality/propensity_legacy.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "evaluator/learners/design.hpp"
#include "evaluator/learners/lbfgs.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kReal = 0x9A0D0001, kSynthetic };

double nanoseconds_per_unit(table::Kind kind) {
  if (kind == table::Kind::kDate) return 86400e9;
  return kind == table::Kind::kDatetime ? 1e3 : 1;
}

/// Raw rows as pandas.get_dummies makes them; without an intercept.
void append_raw(const Comparison& data, const Rows& rows, const std::vector<std::int64_t>& chosen,
                SparseRows& out) {
  for (const std::int64_t row : chosen) {
    const auto i = static_cast<std::size_t>(row);
    std::int32_t feature = 0;
    for (std::size_t j = 0; j < data.columns.size(); ++j) {
      const ColumnInfo& info = data.columns[j];
      if (info.numeric) {
        const double value = rows.features[j].numbers[i];
        if (!std::isnan(value) && value != 0) {
          out.index.push_back(feature);
          out.value.push_back(value * nanoseconds_per_unit(info.spec.kind));
        }
        ++feature;
      } else {
        const std::int32_t code = rows.features[j].codes[i];
        out.index.push_back(feature + (code < 0 ? info.n_levels() : code));
        out.value.push_back(1);
        feature += info.n_levels() + 1;
      }
    }
    out.n_features = feature;
    out.begin.push_back(out.index.size());
  }
}

double score(const SparseRows& rows, std::size_t i, const std::vector<double>& w) {
  double eta = w.back();
  for (std::size_t e = rows.begin[i]; e < rows.begin[i + 1]; ++e)
    eta += w[static_cast<std::size_t>(rows.index[e])] * rows.value[e];
  return eta;
}

double probability(double eta) { return 1 / (1 + std::exp(-eta)); }

}  // namespace

double legacy_propensity(const Comparison& data, std::int64_t most_rows, std::uint64_t seed) {
  const double all = static_cast<double>(data.real.n_rows + data.synthetic.n_rows);
  const double share = std::min(static_cast<double>(most_rows) / all, 1.0);
  const auto part = [&](const Rows& rows, std::uint64_t stream) {
    const auto most =
        static_cast<std::int64_t>(std::ceil(share * static_cast<double>(rows.n_rows)));
    return sample_rows(rows.n_rows, most, seed, stream);
  };
  SparseRows rows;
  append_raw(data, data.real, part(data.real, kReal), rows);
  const auto n_real = static_cast<std::size_t>(rows.n_rows());
  append_raw(data, data.synthetic, part(data.synthetic, kSynthetic), rows);
  const auto n = static_cast<std::size_t>(rows.n_rows());
  const double ridge = 1 / static_cast<double>(n);
  // Mean log-loss plus ½ ridge |w|², the intercept, last, free: scikit-learn's objective at C = 1.
  const Objective objective = [&](const std::vector<double>& w, std::vector<double>& gradient) {
    std::fill(gradient.begin(), gradient.end(), 0);
    double loss = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double eta = score(rows, i, w), label = i < n_real ? 0 : 1;
      loss += std::log1p(std::exp(-std::abs(eta))) + std::max(eta, 0.0) - label * eta;
      const double rest = (probability(eta) - label) / static_cast<double>(n);
      for (std::size_t e = rows.begin[i]; e < rows.begin[i + 1]; ++e)
        gradient[static_cast<std::size_t>(rows.index[e])] += rest * rows.value[e];
      gradient.back() += rest;
    }
    loss /= static_cast<double>(n);
    for (std::size_t j = 0; j + 1 < w.size(); ++j) {
      loss += ridge / 2 * w[j] * w[j];
      gradient[j] += ridge * w[j];
    }
    return loss;
  };
  const std::vector<double> w =
      minimise(objective, std::vector<double>(static_cast<std::size_t>(rows.n_features) + 1));
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double gap = probability(score(rows, i, w)) - 0.5;
    sum += gap * gap;
  }
  return sum / static_cast<double>(n);
}

}  // namespace semblance::evaluator
