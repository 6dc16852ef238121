#include "evaluator/quality/entity_consistency.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <unordered_map>

#include "evaluator/means.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kFewPairs = 10;

bool same(const Feature& column, std::int64_t a, std::int64_t b) {
  if (cell_missing(column, a) || cell_missing(column, b))
    return cell_missing(column, a) && cell_missing(column, b);
  const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
  return column.numbers.empty() ? column.codes[i] == column.codes[j]
                                : column.numbers[i] == column.numbers[j];
}

/// Calls body(row, next row) for successive rows of an entity where the column is present in both.
template <class Body>
void for_each_pair(const std::vector<std::vector<std::int64_t>>& entities, const Feature& column,
                   const Body& body) {
  for (const std::vector<std::int64_t>& rows : entities) {
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
      if (!cell_missing(column, rows[i]) && !cell_missing(column, rows[i + 1]))
        body(static_cast<std::size_t>(rows[i]), static_cast<std::size_t>(rows[i + 1]));
    }
  }
}

/// Cramér's V of a square table of counts.
double cramers_v(const std::vector<double>& counts, std::size_t k) {
  std::vector<double> rows(k), columns(k);
  double n = 0;
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j < k; ++j) {
      rows[i] += counts[i * k + j], columns[j] += counts[i * k + j], n += counts[i * k + j];
    }
  }
  double chi_square = 0;
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j < k; ++j) {
      const double expected = rows[i] * columns[j] / n;
      if (expected > 0)
        chi_square += (counts[i * k + j] - expected) * (counts[i * k + j] - expected) / expected;
    }
  }
  const auto used = [](const std::vector<double>& sums) {
    return static_cast<double>(
        std::count_if(sums.begin(), sums.end(), [](double x) { return x > 0; }));
  };
  const double freedom = std::min(used(rows), used(columns)) - 1;
  return freedom > 0 ? std::sqrt(chi_square / (n * freedom)) : kNan;
}

}  // namespace

std::vector<std::vector<std::int64_t>> entity_rows(const std::vector<std::int64_t>& entity,
                                                   const Feature* time) {
  std::vector<std::vector<std::int64_t>> out;
  std::unordered_map<std::int64_t, std::size_t> place;
  for (std::size_t row = 0; row < entity.size(); ++row) {
    std::size_t at = out.size();
    if (entity[row] >= 0) at = place.try_emplace(entity[row], at).first->second;
    if (at == out.size()) out.emplace_back();
    out[at].push_back(static_cast<std::int64_t>(row));
  }
  if (time == nullptr) return out;
  const auto key = [&](std::int64_t row) {
    const bool missing = cell_missing(*time, row);
    return std::tuple(missing, missing ? 0.0 : time->numbers[static_cast<std::size_t>(row)]);
  };
  for (std::vector<std::int64_t>& rows : out) {
    std::stable_sort(rows.begin(), rows.end(),
                     [&](std::int64_t a, std::int64_t b) { return key(a) < key(b); });
  }
  return out;
}

std::vector<double> rows_per_entity(const std::vector<std::vector<std::int64_t>>& entities) {
  std::vector<double> counts;
  for (const auto& rows : entities) counts.push_back(static_cast<double>(rows.size()));
  std::sort(counts.begin(), counts.end());
  return counts;
}

double constant_share(const std::vector<std::vector<std::int64_t>>& entities,
                      const Feature& column) {
  double several = 0, constant = 0;
  for (const std::vector<std::int64_t>& rows : entities) {
    if (rows.size() < 2) continue;
    ++several;
    constant += std::all_of(rows.begin() + 1, rows.end(),
                            [&](std::int64_t row) { return same(column, rows.front(), row); });
  }
  return several > 0 ? constant / several : kNan;
}

double unchanged_share(const std::vector<std::vector<std::int64_t>>& entities,
                       const Feature& column) {
  double pairs = 0, unchanged = 0;
  for (const std::vector<std::int64_t>& rows : entities) {
    for (std::size_t i = 0; i + 1 < rows.size(); ++i)
      ++pairs, unchanged += same(column, rows[i], rows[i + 1]);
  }
  return pairs > 0 ? unchanged / pairs : kNan;
}

std::vector<double> date_gaps(const std::vector<std::vector<std::int64_t>>& entities,
                              const Feature& time) {
  std::vector<double> gaps;
  for_each_pair(entities, time, [&](std::size_t a, std::size_t b) {
    gaps.push_back(time.numbers[b] - time.numbers[a]);
  });
  std::sort(gaps.begin(), gaps.end());
  return gaps;
}

double lag_association(const std::vector<std::vector<std::int64_t>>& entities,
                       const Feature& column, int n_levels) {
  if (!column.numbers.empty()) {
    std::vector<double> x, y;
    for_each_pair(entities, column, [&](std::size_t a, std::size_t b) {
      x.push_back(column.numbers[a]), y.push_back(column.numbers[b]);
    });
    return x.size() < kFewPairs ? kNan : pearson(x, y);
  }
  const auto k = static_cast<std::size_t>(std::max(n_levels, 1));
  constexpr std::size_t kMostLevels = 2000;
  if (k > kMostLevels) return kNan;
  std::vector<double> counts(k * k);
  std::size_t pairs = 0;
  for_each_pair(entities, column, [&](std::size_t a, std::size_t b) {
    ++counts[static_cast<std::size_t>(column.codes[a]) * k +
             static_cast<std::size_t>(column.codes[b])];
    ++pairs;
  });
  return pairs < kFewPairs ? kNan : cramers_v(counts, k);
}

bool has_lag_pairs(const std::vector<std::vector<std::int64_t>>& entities, const Feature& column) {
  std::size_t pairs = 0;
  for_each_pair(entities, column, [&](std::size_t, std::size_t) { ++pairs; });
  return pairs >= kFewPairs;
}

double order_violations(const std::vector<std::vector<std::int64_t>>& entities_by_table,
                        const Feature& time) {
  double pairs = 0, backwards = 0;
  for_each_pair(entities_by_table, time, [&](std::size_t a, std::size_t b) {
    ++pairs;
    backwards += time.numbers[b] < time.numbers[a];
  });
  return pairs > 0 ? backwards / pairs : kNan;
}

}  // namespace semblance::evaluator
