#include "table/detail/column_builder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace semblance::table::detail {

MissingMarkers::MissingMarkers(const std::vector<std::string>& markers) : markers_(markers) {
  for (const std::string& marker : markers_) {
    if (marker.empty()) continue;
    longest_ = std::max(longest_, marker.size());
    first_[static_cast<unsigned char>(marker[0])] = true;
  }
}

int MissingMarkers::search(std::string_view text) const {
  const auto found = std::find(markers_.begin(), markers_.end(), text);
  return found == markers_.end() ? -1 : 1 + static_cast<int>(found - markers_.begin());
}

void ColumnPiece::add(std::string_view text, const ColumnPlan& plan,
                      const MissingMarkers& markers) {
  if (failed_row >= 0) return;
  const int marker = markers.find(text);
  if (marker >= 0) {
    if (missing_counts.empty()) missing_counts.resize(markers.markers().size() + 1);
    ++missing_counts[static_cast<std::size_t>(marker)];
    add_missing(plan.spec.kind);
    ++rows_;
    return;
  }
  bool fits = true;
  switch (plan.spec.kind) {
    case Kind::kInteger:
      fits = add_number(text, true);
      break;
    case Kind::kFloat:
      fits = add_number(text, false);
      break;
    case Kind::kDate:
    case Kind::kDatetime:
      fits = add_date(text, plan);
      break;
    default:
      codes.push_back(texts.code(text));
  }
  if (!fits) failed_row = rows_, failed_text = text;
  ++rows_;
}

void ColumnPiece::reserve(Kind kind, std::size_t rows) {
  switch (kind) {
    case Kind::kFloat:
      return reals.reserve(rows);
    case Kind::kInteger:
    case Kind::kDate:
    case Kind::kDatetime:
      return ints.reserve(rows);
    default:
      return codes.reserve(rows);
  }
}

void ColumnPiece::add_missing(Kind kind) {
  switch (kind) {
    case Kind::kFloat:
      reals.push_back(std::nan(""));
      break;
    case Kind::kInteger:
    case Kind::kDate:
    case Kind::kDatetime:
      ints.push_back(kMissingInt);
      break;
    default:
      codes.push_back(kMissingCode);
  }
}

bool ColumnPiece::add_number(std::string_view text, bool whole) {
  const NumberText number = parse_number(text);
  if (!number.is_number || (whole && !number.is_whole)) return false;
  numbers.add(number);
  if (whole) {
    ints.push_back(number.whole);
  } else {
    reals.push_back(number.value);
  }
  return true;
}

bool ColumnPiece::add_date(std::string_view text, const ColumnPlan& plan) {
  if (!ints.empty() && text == last_date_) {  // runs of one moment are common
    ints.push_back(last_value_);
    return true;
  }
  CivilTime time;
  if (!plan.pattern || !plan.pattern->parse(text, time)) return false;
  dates.add(time);
  last_date_ = text;
  last_value_ = time.total_micros();
  if (plan.spec.kind == Kind::kDate) last_value_ = day_of_micros(last_value_);
  ints.push_back(last_value_);
  return true;
}

bool retype_levels(Column& column, const ColumnPlan& plan, std::size_t& bad_level) {
  const MissingMarkers none({});
  ColumnPiece piece;
  for (const std::string& level : column.levels) piece.add(level, plan, none);
  if (piece.failed_row >= 0) {
    bad_level = static_cast<std::size_t>(piece.failed_row);
    return false;
  }
  const auto spread = [&](const auto& values, auto missing, auto& out) {
    out.reserve(column.codes.size());
    for (const std::int32_t code : column.codes) {
      out.push_back(code < 0 ? missing : values[static_cast<std::size_t>(code)]);
    }
  };
  column.spec = plan.spec;
  if (plan.spec.kind == Kind::kFloat) {
    spread(piece.reals, std::nan(""), column.reals);
  } else {
    spread(piece.ints, kMissingInt, column.ints);
  }
  column.codes.clear();
  column.levels.clear();
  return true;
}

void sort_levels(Column& column) {
  std::vector<std::int32_t> order(column.levels.size());
  std::iota(order.begin(), order.end(), 0);
  const auto level = [&](std::int32_t i) -> const std::string& {
    return column.levels[static_cast<std::size_t>(i)];
  };
  std::vector<double> values;
  for (const std::string& text : column.levels) {
    const NumberText number = parse_number(text);
    if (!number.is_number) break;
    values.push_back(number.value);
  }
  const bool all_numbers = values.size() == column.levels.size();
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    if (all_numbers) {
      const double x = values[static_cast<std::size_t>(a)], y = values[static_cast<std::size_t>(b)];
      if (x != y) return x < y;
    }
    return level(a) < level(b);
  });
  std::vector<std::int32_t> place(order.size());
  std::vector<std::string> sorted(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    place[static_cast<std::size_t>(order[i])] = static_cast<std::int32_t>(i);
    sorted[i] = std::move(column.levels[static_cast<std::size_t>(order[i])]);
  }
  column.levels = std::move(sorted);
  for (std::int32_t& code : column.codes) {
    if (code >= 0) code = place[static_cast<std::size_t>(code)];
  }
}

}  // namespace semblance::table::detail
