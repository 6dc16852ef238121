#include "evaluator/privacy/predicates.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "evaluator/quality/column_shape.hpp"

namespace semblance::evaluator {
namespace {

constexpr std::int64_t kBlock = 512;  ///< rows tested before looking at how many were found

/// How many of n rows lie in the range of every column.
template <class Ranges>
int matches(const Ranges& ranges, std::int64_t first, std::int64_t n) {
  std::array<std::int32_t, kBlock> met;
  met.fill(1);
  for (const auto& range : ranges) {
    const std::int32_t *ranks = range.ranks + first, low = range.low, high = range.high;
    for (std::int64_t i = 0; i < n; ++i)
      met[i] &=
          static_cast<std::int32_t>(ranks[i] >= low) & static_cast<std::int32_t>(ranks[i] <= high);
  }
  int found = 0;
  for (std::int64_t i = 0; i < n; ++i) found += met[i];
  return found;
}

}  // namespace

RankedTable::RankedTable(const Comparison& data, const Rows& rows)
    : n_rows_(rows.n_rows), ranks_(data.columns.size()), values_(data.columns.size()) {
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const Feature& feature = rows.features[j];
    ranks_[j].reserve(static_cast<std::size_t>(n_rows_));
    if (!data.columns[j].numeric) {
      for (const std::int32_t code : feature.codes) ranks_[j].push_back(std::max(code, -1) + 1);
      continue;
    }
    std::vector<double>& values = values_[j];
    values = sorted_present(feature.numbers);
    values.erase(std::unique(values.begin(), values.end()), values.end());
    for (const double number : feature.numbers) {
      const auto at = std::lower_bound(values.begin(), values.end(), number) - values.begin();
      ranks_[j].push_back(std::isnan(number) ? 0 : static_cast<std::int32_t>(at) + 1);
    }
  }
}

RankedTable::Range RankedTable::range_of(const Condition& condition) const {
  constexpr std::int32_t kTop = std::numeric_limits<std::int32_t>::max();
  const auto j = static_cast<std::size_t>(condition.column);
  const std::vector<double>& values = values_[j];
  const auto rank = [&](auto bound) {
    return static_cast<std::int32_t>(bound(values.begin(), values.end(), condition.number) -
                                     values.begin());
  };
  // Ranks begin at 1: `below` numbers are smaller than the condition's, `up_to` at most as large.
  const auto below = [&] { return rank([](auto... x) { return std::lower_bound(x...); }); };
  const auto up_to = [&] { return rank([](auto... x) { return std::upper_bound(x...); }); };
  const std::int32_t* ranks = ranks_[j].data();
  switch (condition.test) {
    case Condition::Test::kAtLeast:
      return {ranks, below() + 1, kTop};
    case Condition::Test::kAtMost:
      return {ranks, 1, up_to()};
    case Condition::Test::kEqual:
      return {ranks, below() + 1, up_to()};
    case Condition::Test::kLevel:
      return {ranks, condition.level + 1, condition.level + 1};
    case Condition::Test::kMissing:
      break;
  }
  return {ranks, 0, 0};
}

bool RankedTable::singles_out(const Predicate& predicate) const {
  std::vector<Range> ranges;
  for (const Condition& condition : predicate) ranges.push_back(range_of(condition));
  int found = 0;
  for (std::int64_t first = 0; first < n_rows_ && found < 2; first += kBlock)
    found += matches(ranges, first, std::min(kBlock, n_rows_ - first));
  return found == 1;
}

}  // namespace semblance::evaluator
