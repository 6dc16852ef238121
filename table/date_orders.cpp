#include "table/date_orders.hpp"

#include <cmath>

#include "table/derivation.hpp"
#include "table/detail/relations.hpp"

namespace semblance::table {
namespace {

/// Mean and variance, one value after the other (Welford, Technometrics 1962).
class Spread {
 public:
  void add(double value) {
    const double before = value - mean_;
    mean_ += before / static_cast<double>(++n_);
    squares_ += before * (value - mean_);
  }
  double deviation() const {
    return n_ > 1 ? std::sqrt(squares_ / static_cast<double>(n_ - 1)) : 0;
  }

 private:
  std::int64_t n_ = 0;
  double mean_ = 0, squares_ = 0;
};

/// True when `late` is better told by the time since `early`.
bool is_tied(const Column& early, const Column& late) {
  constexpr double kMostOfItsOwn = 0.5;
  Spread gap, own;
  for (std::int64_t row = 0; row < early.size(); ++row) {
    if (early.is_missing(row) || late.is_missing(row)) continue;
    own.add(detail::value_in_days(late, row));
    gap.add(detail::value_in_days(late, row) - detail::value_in_days(early, row));
  }
  return gap.deviation() <= kMostOfItsOwn * own.deviation();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> tie_ordered_dates(const Table& table,
                                                                   Schema& schema) {
  std::vector<std::pair<std::string, std::string>> tied;
  for (const auto& [nearest, late] : detail::find_orders(table)) {
    const std::string early = copy_source(schema, nearest);
    const int from = schema.find(early), to = schema.find(late);
    if (early == late) continue;
    if (from < 0 || to < 0 || schema.columns[static_cast<std::size_t>(from)].dropped) continue;
    ColumnSpec& spec = schema.columns[static_cast<std::size_t>(to)];
    if (spec.dropped || !spec.relative_to.empty() || !spec.derived.empty()) continue;
    if (!is_tied(table.column(early), table.column(late))) continue;
    spec.relative_to = early;
    tied.emplace_back(early, late);
  }
  return tied;
}

}  // namespace semblance::table
