#include "evaluator/quality/fidelity_diversity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/philox.hpp"
#include "evaluator/means.hpp"

namespace semblance::evaluator {
namespace {

constexpr std::int64_t kBlock = 64;  ///< queries a task

/// Rows as the naive distance sees them.
struct Embedded {
  std::size_t n = 0;
  std::vector<std::vector<float>> numbers;
  std::vector<std::vector<std::int32_t>> codes;  ///< missing is a level of its own
};

Embedded embed(const Comparison& data, const Rows& rows) {
  Embedded out{.n = static_cast<std::size_t>(rows.n_rows)};
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const ColumnInfo& info = data.columns[j];
    if (!info.numeric) {
      out.codes.push_back(rows.features[j].codes);
      for (std::int32_t& code : out.codes.back()) code = code < 0 ? info.n_levels() : code;
      continue;
    }
    const double range = info.high - info.low;
    const double mean = mean_present(data.real.features[j].numbers);
    std::vector<float> scaled;
    for (const double v : rows.features[j].numbers) {
      const double value = std::isnan(v) ? mean : v;
      scaled.push_back(range > 0 ? static_cast<float>((value - info.low) / range)
                                 : static_cast<float>(std::isnan(info.low) ? 0 : value - info.low));
    }
    out.numbers.push_back(std::move(scaled));
  }
  return out;
}

struct Found {
  std::vector<double> distance;
  std::vector<std::size_t> row;
};

/// Nearest reference of each query; with `leave_out` a row is not its own neighbour.
Found brute_nearest(const Embedded& queries, const Embedded& references, bool leave_out,
                    int threads) {
  Found out{std::vector<double>(queries.n), std::vector<std::size_t>(queries.n)};
  const auto blocks = (static_cast<std::int64_t>(queries.n) + kBlock - 1) / kBlock;
  base::parallel_for(blocks, threads, [&](std::int64_t block) {
    std::vector<float> squares(references.n);
    const auto first = static_cast<std::size_t>(block * kBlock);
    for (std::size_t i = first; i < std::min(first + kBlock, queries.n); ++i) {
      std::fill(squares.begin(), squares.end(), 0.0f);
      for (std::size_t j = 0; j < queries.numbers.size(); ++j) {
        const float x = queries.numbers[j][i];
        const float* y = references.numbers[j].data();
        for (std::size_t k = 0; k < references.n; ++k) squares[k] += (x - y[k]) * (x - y[k]);
      }
      for (std::size_t j = 0; j < queries.codes.size(); ++j) {
        const std::int32_t x = queries.codes[j][i];
        const std::int32_t* y = references.codes[j].data();
        for (std::size_t k = 0; k < references.n; ++k) squares[k] += x == y[k] ? 0.0f : 2.0f;
      }
      if (leave_out) squares[i] = std::numeric_limits<float>::infinity();
      const auto best = std::min_element(squares.begin(), squares.end());
      out.distance[i] = std::sqrt(static_cast<double>(*best));
      out.row[i] = static_cast<std::size_t>(best - squares.begin());
    }
  });
  return out;
}

/// Distance of each row to the mean of `centre`'s rows.
std::vector<double> to_centre(const Embedded& rows, const Embedded& centre) {
  std::vector<double> squares(rows.n);
  for (std::size_t j = 0; j < rows.numbers.size(); ++j) {
    double mean = 0;
    for (const float v : centre.numbers[j]) mean += v;
    mean /= static_cast<double>(centre.n);
    for (std::size_t i = 0; i < rows.n; ++i)
      squares[i] += (rows.numbers[j][i] - mean) * (rows.numbers[j][i] - mean);
  }
  for (std::size_t j = 0; j < rows.codes.size(); ++j) {
    std::vector<double> share;
    const auto add = [&](std::int32_t code, double by) {
      if (static_cast<std::size_t>(code) >= share.size())
        share.resize(static_cast<std::size_t>(code) + 1);
      share[static_cast<std::size_t>(code)] += by;
    };
    for (const std::int32_t code : centre.codes[j]) add(code, 1 / static_cast<double>(centre.n));
    for (const std::int32_t code : rows.codes[j]) add(code, 0);
    double sum = 0;
    for (const double p : share) sum += p * p;
    for (std::size_t i = 0; i < rows.n; ++i)
      squares[i] += 1 - 2 * share[static_cast<std::size_t>(rows.codes[j][i])] + sum;
  }
  for (double& s : squares) s = std::sqrt(std::max(s, 0.0));
  return squares;
}

/// Quantiles at the levels.
std::vector<double> radii(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::vector<double> out;
  for (int k = 0; k < kSteps; ++k)
    out.push_back(quantile(values, static_cast<double>(k) / (kSteps - 1)));
  return out;
}

}  // namespace

std::vector<double> level_curve(std::span<const double> ranks) {
  std::vector<double> sorted(ranks.begin(), ranks.end()), curve;
  std::sort(sorted.begin(), sorted.end());
  for (int k = 0; k < kSteps; ++k) {
    const double level = static_cast<double>(k) / (kSteps - 1);
    curve.push_back(static_cast<double>(std::upper_bound(sorted.begin(), sorted.end(), level) -
                                        sorted.begin()) /
                    static_cast<double>(sorted.size()));
  }
  return curve;
}

double curve_agreement(std::span<const double> curve) {
  double gap = 0, sum = 0;
  for (std::size_t k = 0; k < curve.size(); ++k) {
    const double level = static_cast<double>(k) / static_cast<double>(curve.size() - 1);
    gap += std::abs(level - curve[k]);
    sum += level;
  }
  return 1 - gap / sum;
}

std::vector<double> support_ranks(std::span<const kernels::Nearest> within,
                                  std::span<const kernels::Nearest> queries, std::uint64_t seed,
                                  std::uint64_t stream) {
  std::vector<float> sorted;
  for (const kernels::Nearest& n : within) sorted.push_back(n.first);
  std::sort(sorted.begin(), sorted.end());
  base::PhiloxStream random(seed, base::Purpose::kEvaluate, stream);
  std::vector<double> out;
  out.reserve(queries.size());
  for (const kernels::Nearest& query : queries) {
    const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), query.first);
    const double below = static_cast<double>(low - sorted.begin()),
                 same = static_cast<double>(high - low);
    out.push_back((below + random.uniform() * (same + 1)) /
                  (static_cast<double>(sorted.size()) + 1));
  }
  return out;
}

std::vector<double> new_rows(std::span<const kernels::Nearest> within,
                             std::span<const kernels::Nearest> queries) {
  std::vector<double> out;
  out.reserve(queries.size());
  for (const kernels::Nearest& query : queries) {
    out.push_back(within[static_cast<std::size_t>(query.first_row)].first < query.first ? 1 : 0);
  }
  return out;
}

NaiveScores naive_scores(const Comparison& data, const Rows& real, const Rows& other, int threads) {
  SEMBLANCE_EXPECT(real.n_rows == other.n_rows && real.n_rows >= 2, kData,
                   "α-precision as published needs two tables of the same number of rows, 2 at "
                   "least");
  const Embedded r = embed(data, real), s = embed(data, other);
  const Found among = brute_nearest(r, r, true, threads),
              across = brute_nearest(r, s, false, threads);
  const std::vector<double> real_radii = radii(to_centre(r, r)), from_real = to_centre(s, r);
  const std::vector<double> from_own = to_centre(s, s);
  std::vector<double> closest;
  for (const std::size_t row : across.row) closest.push_back(from_own[row]);
  const std::vector<double> synthetic_radii = radii(closest);
  const double n = static_cast<double>(r.n);
  std::vector<double> precision, recall;
  for (std::size_t k = 0; k < static_cast<std::size_t>(kSteps); ++k) {
    double inside = 0, covered = 0;
    for (std::size_t i = 0; i < r.n; ++i) {
      inside += from_real[i] <= real_radii[k];
      covered += across.distance[i] <= among.distance[i] && closest[i] <= synthetic_radii[k];
    }
    precision.push_back(inside / n);
    recall.push_back(covered / n);
  }
  double authentic = 0;  // real distances, looked up by the numbers of synthetic rows
  for (std::size_t i = 0; i < r.n; ++i)
    authentic += among.distance[across.row[i]] < across.distance[i];
  return {curve_agreement(precision), curve_agreement(recall), authentic / n};
}

}  // namespace semblance::evaluator
