#include "evaluator/learners/design.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace semblance::evaluator {
namespace {

std::vector<int> all_or(const Comparison& data, const std::vector<int>& columns) {
  if (!columns.empty()) return columns;
  std::vector<int> all(data.columns.size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Levels a column may keep so that all features fit; every column keeps two at least.
int level_limit(const Comparison& data, const std::vector<int>& columns,
                const DesignOptions& options) {
  for (int limit = options.most_levels; limit > 2; --limit) {
    int features = 0;
    for (const int j : columns) {
      const ColumnInfo& info = data.columns[static_cast<std::size_t>(j)];
      features += info.numeric ? 2 : std::min(info.n_levels(), limit) + 1;
    }
    if (features <= options.most_features) return limit;
  }
  return 2;
}

}  // namespace

Design::Design(const Comparison& data, std::span<const Rows* const> tables,
               const DesignOptions& options) {
  const std::vector<int> columns = all_or(data, options.columns);
  const int limit = level_limit(data, columns, options);
  for (const int j : columns) {
    if (data.columns[static_cast<std::size_t>(j)].numeric) {
      add_numeric(data, tables, j);
    } else {
      add_category(data, tables, j, limit, options.drop_first);
    }
  }
}

std::int32_t Design::add_feature(int column, std::string name) {
  names_.push_back(std::move(name));
  sources_.push_back(column);
  return static_cast<std::int32_t>(names_.size()) - 1;
}

void Design::add_numeric(const Comparison& data, std::span<const Rows* const> tables, int column) {
  const auto j = static_cast<std::size_t>(column);
  Part part{.column = column, .numeric = true};
  double n = 0, missing = 0, sum = 0, squares = 0, largest = 0;
  for (const Rows* rows : tables) {
    for (const double value : rows->features[j].numbers) {
      if (!std::isnan(value)) largest = std::max(largest, std::abs(value));
    }
  }
  constexpr double kSquaresFit = 1e140;  // sums of squares of larger numbers may overflow
  if (largest > kSquaresFit) part.scale = largest;
  for (const Rows* rows : tables) {
    for (const double value : rows->features[j].numbers) {
      if (std::isnan(value)) {
        ++missing;
      } else {
        ++n;
        sum += value / part.scale;
      }
    }
  }
  part.mean = n > 0 ? sum / n : 0;
  for (const Rows* rows : tables) {
    for (const double value : rows->features[j].numbers) {
      if (std::isnan(value)) continue;
      const double rest = value / part.scale - part.mean;
      squares += rest * rest;
    }
  }
  const std::string& name = data.columns[j].name();
  const double deviation = n > 0 ? std::sqrt(squares / n) : 0;
  if (deviation > 0) {
    part.deviation = deviation;
    part.value_feature = add_feature(column, name);
  }
  if (missing > 0 && n > 0) part.missing_feature = add_feature(column, name + " is missing");
  parts_.push_back(std::move(part));
}

void Design::add_category(const Comparison& data, std::span<const Rows* const> tables, int column,
                          int most_levels, bool drop_first) {
  const auto j = static_cast<std::size_t>(column);
  const ColumnInfo& info = data.columns[j];
  Part part{.column = column};
  std::vector<std::int64_t> counts(info.levels.size());
  std::int64_t missing = 0;
  for (const Rows* rows : tables) {
    for (const std::int32_t code : rows->features[j].codes) {
      if (code < 0) {
        ++missing;
      } else {
        ++counts[static_cast<std::size_t>(code)];
      }
    }
  }
  std::vector<std::size_t> order(counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  part.level_feature.assign(counts.size(), -1);
  std::int32_t rest = -1;
  for (std::size_t k = 0; k < order.size() && counts[order[k]] > 0; ++k) {
    if (k == 0 && drop_first) continue;
    if (static_cast<int>(k) < most_levels) {
      part.level_feature[order[k]] =
          add_feature(column, info.name() + " = " + info.levels[order[k]]);
    } else {
      if (rest < 0) rest = add_feature(column, info.name() + " = (rare levels)");
      part.level_feature[order[k]] = rest;
    }
  }
  if (missing > 0) part.missing_feature = add_feature(column, info.name() + " is missing");
  parts_.push_back(std::move(part));
}

void Design::append(const Rows& rows, std::span<const std::int64_t> chosen, SparseRows& out) const {
  out.n_features = n_features();
  for (const std::int64_t row : chosen) {
    const auto i = static_cast<std::size_t>(row);
    const auto put = [&](std::int32_t feature, double value) {
      if (feature < 0) return;
      out.index.push_back(feature);
      out.value.push_back(value);
    };
    for (const Part& part : parts_) {
      const Feature& feature = rows.features[static_cast<std::size_t>(part.column)];
      if (part.numeric) {
        const double value = feature.numbers[i];
        if (std::isnan(value)) {
          put(part.missing_feature, 1);
        } else {
          put(part.value_feature, (value / part.scale - part.mean) / part.deviation);
        }
      } else if (feature.codes[i] < 0) {
        put(part.missing_feature, 1);
      } else {
        put(part.level_feature[static_cast<std::size_t>(feature.codes[i])], 1);
      }
    }
    out.begin.push_back(out.index.size());
  }
}

}  // namespace semblance::evaluator
