#include "evaluator/quality/pair_trend.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/parallel.hpp"
#include "evaluator/coding.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/cell_tables.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

using Matrix = std::vector<double>;

void set_pair(Matrix& matrix, std::size_t d, std::size_t i, std::size_t j, double value) {
  matrix[i * d + j] = matrix[j * d + i] = value;
}

double contingency_error(const std::vector<std::int32_t>& real_x,
                         const std::vector<std::int32_t>& real_y,
                         const std::vector<std::int32_t>& other_x,
                         const std::vector<std::int32_t>& other_y, std::array<int, 2> n_codes) {
  const std::array<std::span<const std::int32_t>, 2> a = {real_x, real_y}, b = {other_x, other_y};
  return cell_distance(cross_table(a, b, n_codes));
}

bool all_missing(const Feature& feature) {
  for (const double value : feature.numbers) {
    if (!std::isnan(value)) return false;
  }
  return true;
}

/// Correlations of all pairs of vectors, [columns, columns].
Matrix correlation_matrix(const std::vector<const std::vector<double>*>& columns, int threads) {
  const std::size_t d = columns.size();
  Matrix out(d * d, kNaN);
  base::parallel_for(static_cast<std::int64_t>(d), threads, [&](std::int64_t row) {
    const auto i = static_cast<std::size_t>(row);
    for (std::size_t j = i; j < d; ++j) set_pair(out, d, i, j, pearson(*columns[i], *columns[j]));
  });
  return out;
}

}  // namespace

PairErrors pair_trend_errors(const Comparison& data, int threads) {
  const auto d = data.columns.size();
  PairErrors out{Matrix(d * d, kNaN), data.has_holdout() ? Matrix(d * d, kNaN) : Matrix{}};
  std::vector<CodedColumn> codes(d);
  base::parallel_for(data.n_columns(), threads, [&](std::int64_t j) {
    codes[static_cast<std::size_t>(j)] = trend_codes(data, static_cast<int>(j));
  });
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = i + 1; j < d; ++j) pairs.emplace_back(i, j);
  }
  base::parallel_for(static_cast<std::int64_t>(pairs.size()), threads, [&](std::int64_t p) {
    const auto [i, j] = pairs[static_cast<std::size_t>(p)];
    if (data.columns[i].numeric && data.columns[j].numeric) {
      const auto rho = [&](const Rows& rows) {
        return pearson(rows.features[i].numbers, rows.features[j].numbers);
      };
      const double real = rho(data.real);
      set_pair(out.synthetic, d, i, j, std::abs(real - rho(data.synthetic)) / 2);
      if (data.has_holdout())
        set_pair(out.holdout, d, i, j, std::abs(real - rho(data.holdout)) / 2);
      return;
    }
    for (const std::size_t k : {i, j}) {
      if (data.columns[k].numeric &&
          (all_missing(data.real.features[k]) || all_missing(data.synthetic.features[k])))
        return;
    }
    const std::array<int, 2> n = {codes[i].n_codes, codes[j].n_codes};
    set_pair(
        out.synthetic, d, i, j,
        contingency_error(codes[i].real, codes[j].real, codes[i].synthetic, codes[j].synthetic, n));
    if (data.has_holdout()) {
      set_pair(
          out.holdout, d, i, j,
          contingency_error(codes[i].real, codes[j].real, codes[i].holdout, codes[j].holdout, n));
    }
  });
  return out;
}

Correlations correlations(const Comparison& data, bool of_ranks, int threads) {
  Correlations out;
  for (int j = 0; j < data.n_columns(); ++j) {
    if (data.columns[static_cast<std::size_t>(j)].numeric) out.columns.push_back(j);
  }
  const auto matrix = [&](const Rows& rows) {
    std::vector<std::vector<double>> ranked(of_ranks ? out.columns.size() : 0);
    base::parallel_for(static_cast<std::int64_t>(ranked.size()), threads, [&](std::int64_t k) {
      const auto column = static_cast<std::size_t>(out.columns[static_cast<std::size_t>(k)]);
      ranked[static_cast<std::size_t>(k)] = ranks(rows.features[column].numbers);
    });
    std::vector<const std::vector<double>*> columns;
    for (std::size_t k = 0; k < out.columns.size(); ++k) {
      columns.push_back(
          of_ranks ? &ranked[k] : &rows.features[static_cast<std::size_t>(out.columns[k])].numbers);
    }
    return correlation_matrix(columns, threads);
  };
  out.real = matrix(data.real);
  out.synthetic = matrix(data.synthetic);
  if (data.has_holdout()) out.holdout = matrix(data.holdout);
  return out;
}

}  // namespace semblance::evaluator
