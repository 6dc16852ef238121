/// What one column of a table says about another.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "table/column.hpp"

namespace semblance::table::detail {

/// Days since 1970 of a present value of a date column, with the time of day as a fraction.
double value_in_days(const Column& column, std::int64_t row);

/// Pairs of date columns (earlier, later) in this order in every row that has both; for each later
/// date only the earlier one that is present in most of its rows, then the nearest.
std::vector<std::pair<std::string, std::string>> find_orders(const Table& table);

/// Pairs (a, b) of columns with few values where each value of `a` goes with one value of `b`, with
/// enough rows to be more than chance; of two that determine each other only the first pair.
std::vector<std::pair<std::string, std::string>> find_dependences(const Table& table);

/// A number that is the time between two dates in years, in every row.
struct Age {
  std::string column, from, to;
};
std::vector<Age> find_ages(const Table& table);

}  // namespace semblance::table::detail
