/// Tables of random rows for the kernel tests, owned in one place.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/philox.hpp"
#include "kernels/dcr.hpp"

namespace semblance::kernels {

/// Owns the columns that a GowerRows looks at.
struct OwnedRows {
  std::vector<std::vector<float>> numeric;
  std::vector<std::vector<std::int32_t>> categorical;

  GowerRows view() const {
    GowerRows rows;
    for (const auto& column : numeric) rows.numeric.emplace_back(column);
    for (const auto& column : categorical) rows.categorical.emplace_back(column);
    rows.n_rows = !numeric.empty()       ? static_cast<std::int64_t>(numeric[0].size())
                  : !categorical.empty() ? static_cast<std::int64_t>(categorical[0].size())
                                         : 0;
    return rows;
  }
};

/// What random tables may hold.
struct RandomShape {
  int n_numeric = 0, n_categorical = 0;
  int cardinality = 5;
  double missing = 0;      ///< share of missing cells
  double odd = 0;          ///< share of infinities, values far outside [0, 1], -0.0, denormals
  int steps = 0;           ///< numeric values are multiples of 1 / steps; 0: any float
  double correlation = 0;  ///< share of cells copied from a row's latent class
};

inline OwnedRows random_rows(std::int64_t n, const RandomShape& shape, std::uint64_t seed) {
  base::PhiloxStream random(seed, base::Purpose::kEvaluate, 0);
  OwnedRows rows;
  rows.numeric.resize(static_cast<std::size_t>(shape.n_numeric));
  rows.categorical.resize(static_cast<std::size_t>(shape.n_categorical));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float odd_values[] = {kInfinity, -kInfinity, 3.5f,  -2.0f, -0.0f,
                              1e-41f,    1e-20f,     1e30f, 1.0f,  0.0f};
  for (std::int64_t i = 0; i < n; ++i) {
    base::PhiloxStream latent(7, base::Purpose::kEvaluate, random.below(8));
    for (auto& column : rows.numeric) {
      const double shared = latent.uniform();
      double value = random.uniform() < shape.correlation ? shared : random.uniform();
      if (shape.steps > 0)
        value = static_cast<double>(static_cast<int>(value * shape.steps)) / shape.steps;
      float cell = static_cast<float>(value);
      if (random.uniform() < shape.odd) cell = odd_values[random.below(std::size(odd_values))];
      if (random.uniform() < shape.missing) cell = std::numeric_limits<float>::quiet_NaN();
      column.push_back(cell);
    }
    for (auto& column : rows.categorical) {
      const auto k = static_cast<std::uint64_t>(shape.cardinality);
      const auto shared = static_cast<std::int32_t>(latent.below(k));
      auto cell = random.uniform() < shape.correlation ? shared
                                                       : static_cast<std::int32_t>(random.below(k));
      if (random.uniform() < shape.missing) cell = -1 - static_cast<std::int32_t>(random.below(2));
      column.push_back(cell);
    }
  }
  return rows;
}

}  // namespace semblance::kernels
