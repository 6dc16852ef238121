#include "table/detail/relations.hpp"

#include <algorithm>
#include <cmath>

#include "table/civil_date.hpp"

namespace semblance::table::detail {
namespace {

bool is_date(const Column& column) {
  return column.spec.kind == Kind::kDate || column.spec.kind == Kind::kDatetime;
}
bool is_number(const Column& column) {
  return column.spec.kind == Kind::kInteger || column.spec.kind == Kind::kFloat;
}

/// How two date columns stand to each other.
struct Order {
  bool holds = false;     ///< `early` <= `late` in every row that has both
  std::int64_t both = 0;  ///< rows that have both
  double mean_gap_days = 0;
};
Order order_of(const Column& early, const Column& late) {
  constexpr std::int64_t kEnough = 10;
  Order order;
  // A day without a time stands for all of that day.
  const double slack = early.spec.kind != late.spec.kind ? 1 : 0;
  double total = 0;
  for (std::int64_t row = 0; row < early.size(); ++row) {
    if (early.is_missing(row) || late.is_missing(row)) continue;
    const double gap = value_in_days(late, row) - value_in_days(early, row);
    if (gap < -slack) return {};
    ++order.both;
    total += gap;
  }
  order.holds = order.both >= kEnough && total > 0;
  order.mean_gap_days = order.both > 0 ? total / static_cast<double>(order.both) : 0;
  return order;
}

/// A column's values as small numbers, -1 where missing; empty when there are too many values, or
/// too many for the rows, to speak of a dependence.
std::vector<std::int32_t> small_codes(const Column& column, std::int32_t& n_values) {
  constexpr std::int64_t kMostValues = 2000;
  constexpr std::int64_t kLeastRowsAValue = 10;
  std::vector<std::int32_t> codes;
  if (column.spec.kind == Kind::kCategory || column.spec.kind == Kind::kBoolean) {
    codes = column.codes;
    n_values = static_cast<std::int32_t>(column.levels.size());
  } else if (column.spec.kind == Kind::kInteger) {
    std::vector<std::int64_t> values = column.ints;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (static_cast<std::int64_t>(values.size()) > kMostValues) return {};
    if (!values.empty() && values.front() == kMissingInt) values.erase(values.begin());
    for (const std::int64_t v : column.ints) {
      const auto place = std::lower_bound(values.begin(), values.end(), v) - values.begin();
      codes.push_back(v == kMissingInt ? kMissingCode : static_cast<std::int32_t>(place));
    }
    n_values = static_cast<std::int32_t>(values.size());
  }
  if (n_values < 2 || n_values > kMostValues || n_values * kLeastRowsAValue > column.size())
    return {};
  return codes;
}

/// True when each value of `a` goes with one value of `b`, missing counting as a value, and both of
/// b's two commonest values are seen often enough to mean something.
bool determines(const std::vector<std::int32_t>& a, std::int32_t n_a,
                const std::vector<std::int32_t>& b, std::int32_t n_b) {
  constexpr std::int64_t kEnough = 20;
  constexpr std::int32_t kUnseen = -2;
  std::vector<std::int32_t> partner(static_cast<std::size_t>(n_a) + 1, kUnseen);
  std::vector<std::int64_t> count(static_cast<std::size_t>(n_b) + 1, 0);
  for (std::size_t row = 0; row < a.size(); ++row) {
    std::int32_t& seen = partner[static_cast<std::size_t>(a[row] + 1)];
    if (seen != kUnseen && seen != b[row]) return false;
    seen = b[row];
    ++count[static_cast<std::size_t>(b[row] + 1)];
  }
  std::sort(count.rbegin(), count.rend());
  return count[1] >= kEnough;
}

/// True when the number is within a year of the time between the dates in all rows, and varies.
bool is_age(const Column& number, const Column& from, const Column& to) {
  constexpr double kDaysAYear = 365.2425;
  constexpr std::int64_t kEnough = 20;
  std::int64_t rows = 0;
  double least = 1e9, most = -1e9;
  for (std::int64_t row = 0; row < number.size(); ++row) {
    if (number.is_missing(row) || from.is_missing(row) || to.is_missing(row)) continue;
    const double value = number.as_double(row);
    const double years = (value_in_days(to, row) - value_in_days(from, row)) / kDaysAYear;
    if (!(std::fabs(years - value) <= 1.0)) return false;
    least = std::min(least, value);
    most = std::max(most, value);
    ++rows;
  }
  return rows >= kEnough && most - least >= 5;
}

}  // namespace

double value_in_days(const Column& column, std::int64_t row) {
  const double value = column.as_double(row);
  return column.spec.kind == Kind::kDate ? value : value / static_cast<double>(kMicrosPerDay);
}

std::vector<std::pair<std::string, std::string>> find_orders(const Table& table) {
  std::vector<std::pair<std::string, std::string>> orders;
  for (const Column& late : table.columns) {
    const Column* best = nullptr;
    Order best_order;
    for (const Column& early : table.columns) {
      if (&early == &late || !is_date(early) || !is_date(late)) continue;
      const Order order = order_of(early, late);
      if (!order.holds) continue;
      const bool better = order.both != best_order.both
                              ? order.both > best_order.both
                              : order.mean_gap_days < best_order.mean_gap_days;
      if (best == nullptr || better) best = &early, best_order = order;
    }
    if (best != nullptr) orders.emplace_back(best->spec.name, late.spec.name);
  }
  return orders;
}

std::vector<std::pair<std::string, std::string>> find_dependences(const Table& table) {
  const std::size_t n = table.columns.size();
  std::vector<std::vector<std::int32_t>> codes(n);
  std::vector<std::int32_t> n_values(n, 0);
  for (std::size_t c = 0; c < n; ++c) codes[c] = small_codes(table.columns[c], n_values[c]);
  std::vector<std::pair<std::string, std::string>> found;
  std::vector<std::vector<char>> holds(n, std::vector<char>(n, 0));
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) {
      if (a == b || codes[a].empty() || codes[b].empty() || holds[b][a]) continue;
      if (!determines(codes[a], n_values[a], codes[b], n_values[b])) continue;
      holds[a][b] = 1;
      found.emplace_back(table.columns[a].spec.name, table.columns[b].spec.name);
    }
  }
  return found;
}

std::vector<Age> find_ages(const Table& table) {
  std::vector<Age> ages;
  for (const Column& number : table.columns) {
    for (const Column& from : table.columns) {
      for (const Column& to : table.columns) {
        if (!is_number(number) || !is_date(from) || !is_date(to) || &from == &to) continue;
        if (is_age(number, from, to))
          ages.push_back({number.spec.name, from.spec.name, to.spec.name});
      }
    }
  }
  return ages;
}

}  // namespace semblance::table::detail
