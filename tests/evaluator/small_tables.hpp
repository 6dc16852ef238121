/// Small tables for the tests of the evaluator, written as they would stand in a CSV.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/philox.hpp"
#include "evaluator/comparison.hpp"
#include "table/column.hpp"

namespace semblance::evaluator::testing {

inline constexpr double kGone = std::numeric_limits<double>::quiet_NaN();

inline table::Column numbers(std::string name, std::vector<double> values) {
  table::Column column;
  column.spec.name = std::move(name);
  column.spec.kind = table::Kind::kFloat;
  column.reals = std::move(values);
  return column;
}

/// "" is a missing value.
inline table::Column texts(std::string name, const std::vector<std::string>& values) {
  table::Column column;
  column.spec.name = std::move(name);
  for (const std::string& value : values) {
    if (value.empty()) {
      column.codes.push_back(table::kMissingCode);
      continue;
    }
    std::size_t k = 0;
    while (k < column.levels.size() && column.levels[k] != value) ++k;
    if (k == column.levels.size()) column.levels.push_back(value);
    column.codes.push_back(static_cast<std::int32_t>(k));
  }
  return column;
}

inline Comparison compare(std::vector<table::Column> real, std::vector<table::Column> synthetic,
                          std::optional<std::vector<table::Column>> holdout = std::nullopt) {
  std::optional<table::Table> third;
  if (holdout) third = table::Table{std::move(*holdout)};
  return compare_tables(table::Table{std::move(real)}, table::Table{std::move(synthetic)},
                        std::move(third));
}

/// Rows of one population: two related numbers, a category that depends on them, a date-like number
/// and missing values. Different streams give independent samples.
inline std::vector<table::Column> population(std::int64_t n, std::uint64_t stream) {
  base::PhiloxStream random(7, base::Purpose::kEvaluate, 0xA000 + stream);
  std::vector<double> x, y, z;
  std::vector<std::string> group, ward;
  for (std::int64_t i = 0; i < n; ++i) {
    const double a = random.normal(), b = 0.8 * a + 0.6 * random.normal();
    x.push_back(std::round(a * 100) / 100);
    y.push_back(random.uniform() < 0.1 ? kGone : std::round(b * 100) / 100);
    z.push_back(std::floor(random.uniform() * 5));
    group.push_back(a + 0.5 * random.normal() > 0 ? "yes" : "no");
    ward.push_back(
        random.uniform() < 0.05 ? "" : std::string(1, static_cast<char>('A' + random.below(4))));
  }
  return {numbers("x", x), numbers("y", y), numbers("z", z), texts("group", group),
          texts("ward", ward)};
}

}  // namespace semblance::evaluator::testing
