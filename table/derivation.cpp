#include "table/derivation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.hpp"
#include "table/civil_date.hpp"
#include "table/format_value.hpp"

namespace semblance::table {
namespace {

using Measure = Derivation::Measure;
using Rounding = Derivation::Rounding;

bool is_date(Kind kind) { return kind == Kind::kDate || kind == Kind::kDatetime; }

/// Share of a sum's largest part that its doubles may be off by, for each of its parts: a few
/// roundings (of a decimal, a factor, their product and the sum) of 1.1e-16 each.
constexpr double kNoise = 4e-16;
/// Share of the last digit that a value may be off by.
constexpr double kSlack = 1e-6;

std::int64_t micros_of(const Column& dates, std::int64_t row) {
  const std::int64_t value = dates.ints[static_cast<std::size_t>(row)];
  return dates.spec.kind == Kind::kDate ? value * kMicrosPerDay : value;
}

/// Birthdays from one day to another; negative when it comes before.
std::int64_t years_between(std::int64_t from_day, std::int64_t to_day) {
  const CivilDay from = civil_from_days(from_day), to = civil_from_days(to_day);
  const bool before = to.month != from.month ? to.month < from.month : to.day < from.day;
  return to.year - from.year - (before ? 1 : 0);
}

/// The measure of a row whose cells are present.
double measured(const Derivation::Term& term, const Table& rows, std::int64_t row) {
  const Column& first = rows.columns[static_cast<std::size_t>(term.column)];
  if (term.measure == Measure::kColumn) return first.as_double(row);
  const std::int64_t from = micros_of(first, row),
                     to = micros_of(rows.columns[static_cast<std::size_t>(term.other)], row);
  const auto gap = static_cast<double>(to - from);
  switch (term.measure) {
    case Measure::kDays:
      return gap / static_cast<double>(kMicrosPerDay);
    case Measure::kHours:
      return gap / static_cast<double>(3600 * kMicrosPerSecond);
    case Measure::kMinutes:
      return gap / static_cast<double>(60 * kMicrosPerSecond);
    case Measure::kSeconds:
      return gap / static_cast<double>(kMicrosPerSecond);
    case Measure::kNights:
      return static_cast<double>(day_of_micros(to) - day_of_micros(from));
    default:
      return static_cast<double>(years_between(day_of_micros(from), day_of_micros(to)));
  }
}

bool is_whole(double value) { return std::trunc(value) == value; }

/// The unrounded result, and by how much it may be off: whole numbers not at all.
struct Result {
  double value = std::nan("");
  double noise = 0;
};
Result result_of(const Derivation& formula, const Table& rows, std::int64_t row) {
  constexpr double kMostExact = 9007199254740992;  // 2^53
  double value = formula.constant, size = std::fabs(formula.constant), total = size;
  bool whole = is_whole(formula.constant);
  for (const Derivation::Term& term : formula.terms) {
    if (rows.columns[static_cast<std::size_t>(term.column)].is_missing(row)) return {};
    if (term.other >= 0 && rows.columns[static_cast<std::size_t>(term.other)].is_missing(row))
      return {};
    const double measure = measured(term, rows, row), part = term.factor * measure;
    whole = whole && is_whole(term.factor) && is_whole(measure);
    value += part, size = std::max(size, std::fabs(part)), total += std::fabs(part);
  }
  if (whole && total < kMostExact) return {value, 0};
  return {value, kNoise * static_cast<double>(formula.terms.size() + 1) * size};
}

/// Values of a column as multiples of its last digit.
class Grid {
 public:
  explicit Grid(const ColumnSpec& spec) : rounding_(spec.rounding) {
    constexpr int kMostDecimals = 15;
    const int decimals = spec.kind == Kind::kInteger ? 0 : spec.decimals;
    scale_ = decimals < 0 || decimals > kMostDecimals ? 0 : std::pow(10.0, decimals);
  }
  /// False for a column that is not rounded.
  bool exists() const { return rounding_ > 0 || scale_ > 0; }
  double steps(double value) const { return rounding_ > 0 ? value / rounding_ : value * scale_; }
  double value(double steps) const {
    if (!(rounding_ > 0)) return steps / scale_;
    const double value = steps * rounding_;
    return scale_ > 0 ? std::nearbyint(value * scale_) / scale_ : value;
  }

 private:
  double rounding_, scale_;
};

double away_from_zero(double steps) {
  return std::copysign(std::floor(std::fabs(steps) + 0.5), steps);
}

double rounded_steps(double steps, Rounding rounding) {
  switch (rounding) {
    case Rounding::kNearest:
      return away_from_zero(steps);
    case Rounding::kEven:
      return std::nearbyint(steps);
    case Rounding::kFloor:
      return std::floor(steps);
    case Rounding::kCeil:
      return std::ceil(steps);
    case Rounding::kTruncate:
      break;
  }
  return std::trunc(steps);
}

/// The result on the column's grid. What is within noise of a half or a whole counts as it, so that
/// 0.1 + 0.2 is not a little more than 0.3.
double rounded(const Result& result, const Grid& grid, Rounding rounding) {
  if (std::isnan(result.value) || !grid.exists()) return result.value;
  double steps = grid.steps(result.value);
  const double halves = std::nearbyint(2 * steps) / 2;
  const bool near = std::fabs(steps - halves) <= grid.steps(result.noise) + 1e-9;
  if (near && rounding != Rounding::kEven) steps = halves;  // numpy rounds the double as it is
  return grid.value(rounded_steps(steps, rounding));
}

/// By how much a value may differ from the rounded result.
double room_of(const Result& result, const Grid& grid) {
  const double step = grid.value(1);
  // A result that is exact is off by the roundings of the grid only, where that is not whole.
  const double noise =
      result.noise > 0 || is_whole(step) ? result.noise : kNoise * std::fabs(result.value);
  return kSlack * step + noise;
}

bool fits(double value, const Result& result, const Grid& grid, Rounding rounding) {
  if (!grid.exists())
    return std::fabs(value - result.value) <= result.noise + 1e-15 * std::fabs(value);
  const double step = grid.value(1), room = room_of(result, grid);
  if (std::fabs(value - rounded(result, grid, rounding)) <= room) return true;
  const bool nearest = rounding == Rounding::kNearest || rounding == Rounding::kEven;
  // A tie of decimals is no tie of doubles. Of whole numbers it is, and the rule decides.
  return nearest && step < 1 && std::fabs(value - result.value) <= step / 2 + room;
}

void set_missing(Column& column, std::int64_t row) {
  const auto i = static_cast<std::size_t>(row);
  if (!column.reals.empty()) column.reals[i] = std::nan("");
  if (!column.ints.empty()) column.ints[i] = kMissingInt;
}

void set_number(Column& column, std::int64_t row, double value) {
  constexpr double kMostOfIntegers = 9e18;
  const auto i = static_cast<std::size_t>(row);
  const bool real = column.spec.kind == Kind::kFloat;
  if (!std::isfinite(value) || (!real && std::fabs(value) >= kMostOfIntegers))
    return set_missing(column, row);
  if (real) {
    column.reals[i] = value == 0 ? 0 : value;  // no minus zero
  } else {
    column.ints[i] = std::llround(value);
  }
}

/// A copied date in the storage of the copy's kind.
std::int64_t copied_date(std::int64_t value, Kind from, Kind to) {
  if (value == kMissingInt || from == to || !is_date(to)) return value;
  return to == Kind::kDate ? day_of_micros(value) : value * kMicrosPerDay;
}

void copy_column(const Column& from, Column& to) {
  to.reals = from.reals, to.ints = from.ints, to.codes = from.codes, to.levels = from.levels;
  for (std::int64_t& value : to.ints) value = copied_date(value, from.spec.kind, to.spec.kind);
}

bool same_cell(const Column& a, const Column& b, std::int64_t row) {
  if (a.is_missing(row) || b.is_missing(row)) return a.is_missing(row) && b.is_missing(row);
  const auto i = static_cast<std::size_t>(row);
  if (!a.ints.empty()) return a.ints[i] == copied_date(b.ints[i], b.spec.kind, a.spec.kind);
  if (!a.reals.empty()) return a.reals[i] == b.reals[i];
  return a.levels[static_cast<std::size_t>(a.codes[i])] ==
         b.levels[static_cast<std::size_t>(b.codes[i])];
}

}  // namespace

std::vector<int> Derivation::operands() const {
  std::vector<int> all;
  for (const Term& term : terms) {
    for (const int each : {term.column, term.other}) {
      if (each >= 0 && std::find(all.begin(), all.end(), each) == all.end()) all.push_back(each);
    }
  }
  return all;
}

void Derivation::compute(Table& rows) const {
  Column& out = rows.columns[static_cast<std::size_t>(column)];
  const Column& first = rows.columns[static_cast<std::size_t>(terms.front().column)];
  if (copy) return copy_column(first, out);
  const auto n = static_cast<std::size_t>(first.size());
  const Grid grid(spec);
  out.codes.clear(), out.levels.clear(), out.ints.clear(), out.reals.clear();
  if (out.spec.kind == Kind::kFloat) {
    out.reals.resize(n);
  } else {
    out.ints.resize(n);
  }
  for (std::size_t row = 0; row < n; ++row) {
    const auto r = static_cast<std::int64_t>(row);
    set_number(out, r, rounded(result_of(*this, rows, r), grid, rounding));
  }
}

double Derivation::value(const Table& rows, std::int64_t row) const {
  return result_of(*this, rows, row).value;
}

bool Derivation::holds(const Table& rows, std::int64_t row) const {
  const Column& cells = rows.columns[static_cast<std::size_t>(column)];
  if (copy)
    return same_cell(cells, rows.columns[static_cast<std::size_t>(terms.front().column)], row);
  const Result result = result_of(*this, rows, row);
  if (std::isnan(result.value) || cells.is_missing(row))
    return std::isnan(result.value) && cells.is_missing(row);
  return fits(cells.as_double(row), result, Grid(spec), rounding);
}

bool Derivation::holds_with_ties(const Table& rows, std::int64_t row) const {
  const Column& cells = rows.columns[static_cast<std::size_t>(column)];
  if (!holds(rows, row)) return false;
  if (copy || cells.is_missing(row)) return true;
  const Grid grid(spec);
  const Result result = result_of(*this, rows, row);
  return !grid.exists() ||
         std::fabs(cells.as_double(row) - rounded(result, grid, rounding)) <= room_of(result, grid);
}

std::string Derivation::expected(const Table& rows, std::int64_t row) const {
  Table one;
  for (const Column& each : rows.columns) one.columns.push_back({.spec = each.spec});
  for (const int operand : operands()) {
    const auto c = static_cast<std::size_t>(operand);
    one.columns[c] = slice_rows({.columns = {rows.columns[c]}}, row, row + 1).columns.front();
  }
  compute(one);
  return one.columns[static_cast<std::size_t>(column)].as_text(0);
}

std::optional<AllowedValues> Derivation::before(const AllowedValues& allowed,
                                                const Schema& schema) const {
  const Term& term = terms.front();
  if (terms.size() > 1 || term.measure != Measure::kColumn) return std::nullopt;
  AllowedValues out = allowed;
  out.column = term.column;
  const Kind from = schema.columns[static_cast<std::size_t>(term.column)].kind;
  const auto day = static_cast<double>(kMicrosPerDay);
  for (AllowedValues::Range& range : out.ranges) {
    if (copy && from == Kind::kDatetime && spec.kind == Kind::kDate) {
      range = {range.low * day, range.high * day + day - 1};
    } else if (copy && from == Kind::kDate && spec.kind == Kind::kDatetime) {
      range = {std::ceil(range.low / day), std::floor(range.high / day)};
    } else if (!copy) {
      const Grid grid(spec);
      const double step = grid.exists() ? grid.value(1) : 0;
      range = {(range.low - step - constant) / term.factor,
               (range.high + step - constant) / term.factor};
      if (range.low > range.high) std::swap(range.low, range.high);
    }
  }
  if (!copy) {
    std::sort(out.ranges.begin(), out.ranges.end(),
              [](const auto& a, const auto& b) { return a.low < b.low; });
    std::vector<AllowedValues::Range> apart;
    for (const AllowedValues::Range& range : out.ranges) {
      if (apart.empty() || range.low > apart.back().high) {
        apart.push_back(range);
      } else {
        apart.back().high = std::max(apart.back().high, range.high);
      }
    }
    out.ranges = apart;
  }
  std::erase_if(out.ranges, [](const auto& range) { return range.low > range.high; });
  return out;
}

std::string copy_source(const Schema& schema, const std::string& name) {
  std::string source = name;
  const std::vector<Derivation> formulas = parse_derivations(schema);
  for (auto formula = formulas.rbegin(); formula != formulas.rend(); ++formula) {  // sources last
    if (formula->copy && formula->spec.name == source)
      source = schema.columns[static_cast<std::size_t>(formula->terms.front().column)].name;
  }
  return source;
}

void check_derivations(const Table& rows, const Schema& schema, const std::string& path) {
  for (const Derivation& formula : parse_derivations(schema)) {
    for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
      if (formula.holds(rows, row)) continue;
      const auto shown = [](const std::string& text) {
        return text.empty() ? "missing" : "'" + text + "'";
      };
      const Column& cells = rows.columns[static_cast<std::size_t>(formula.column)];
      base::fail(base::ErrorKind::kData,
                 "{}: row {}, column '{}': the metadata say '{}', which makes it {}, but it is {}; "
                 "correct the row, or take 'derived' off the column to have it learned",
                 path, row + 1, formula.spec.name, formula.text, shown(formula.expected(rows, row)),
                 shown(cells.as_text(row)));
    }
  }
}

}  // namespace semblance::table
