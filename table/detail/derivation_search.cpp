#include "table/detail/derivation_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "table/derivation.hpp"
#include "table/detail/column_sums.hpp"

namespace semblance::table::detail {
namespace {

using Measure = Derivation::Measure;
using Rounding = Derivation::Rounding;

/// A way to tell the time between two dates.
struct Unit {
  Measure measure;
  double per = 1;  ///< of the measure in one unit
};
constexpr Unit kUnits[] = {
    {Measure::kDays},           {Measure::kNights},           {Measure::kYears},
    {Measure::kHours},          {Measure::kMinutes},          {Measure::kSeconds},
    {Measure::kDays, 7},        {Measure::kDays, 30.4375},    {Measure::kDays, 365.25},
    {Measure::kDays, 365.2425}, {Measure::kDays, 365.242},    {Measure::kDays, 365},
    {Measure::kNights, 365.25}, {Measure::kNights, 365.2425}, {Measure::kNights, 365.242},
    {Measure::kNights, 365}};
constexpr Rounding kRoundings[] = {Rounding::kNearest, Rounding::kFloor, Rounding::kEven,
                                   Rounding::kCeil, Rounding::kTruncate};

/// The last digit of a column; 0 when it is not rounded.
double step_of(const ColumnSpec& spec) {
  if (spec.rounding > 0) return spec.rounding;
  if (spec.kind == Kind::kInteger) return 1;
  return spec.decimals < 0 ? 0 : std::pow(10.0, -spec.decimals);
}

std::string wrapped(Rounding rounding, const std::string& text) {
  return rounding == Rounding::kNearest ? text : rounding_name(rounding) + "(" + text + ")";
}

/// A table of three columns, to try formulas on a few rows.
class Trial {
 public:
  Trial(const std::vector<const Column*>& columns, const std::vector<std::int64_t>& rows) {
    for (const Column* column : columns) {
      Table one;
      one.columns.push_back({.spec = column->spec});
      Column part{.spec = column->spec};
      for (const std::int64_t row : rows) {
        const auto i = static_cast<std::size_t>(row);
        if (!column->reals.empty()) part.reals.push_back(column->reals[i]);
        if (!column->ints.empty()) part.ints.push_back(column->ints[i]);
      }
      part.spec.relative_to.clear(), part.spec.derived.clear();
      schema_.columns.push_back(part.spec);
      rows_.columns.push_back(std::move(part));
    }
    schema_.columns.front().name = "\"";  // its own may look like a formula; no source has a quote
  }
  /// Whether the first column is what the formula says in all rows.
  bool holds(const std::string& formula) {
    schema_.columns.front().derived = formula;
    const Derivation parsed = parse_derivation(schema_, 0);
    for (std::int64_t row = 0; row < rows_.n_rows(); ++row) {
      if (!parsed.holds(rows_, row)) return false;
    }
    return true;
  }
  std::int64_t n_rows() const { return rows_.n_rows(); }
  double number(std::int64_t row) const { return rows_.columns.front().as_double(row); }
  /// Days from the second column to the third; NaN when one is missing.
  double days(std::int64_t row) const {
    const auto day = [&](const Column& cells) {
      return cells.as_double(row) / (cells.spec.kind == Kind::kDate ? 1.0 : 86'400e6);
    };
    return day(rows_.columns[2]) - day(rows_.columns[1]);
  }

 private:
  Schema schema_;
  Table rows_;
};

/// How long a unit is, about.
double days_of(const Unit& unit) {
  switch (unit.measure) {
    case Measure::kHours:
      return 1.0 / 24;
    case Measure::kMinutes:
      return 1.0 / 1440;
    case Measure::kSeconds:
      return 1.0 / 86'400;
    case Measure::kYears:
      return 365.2425;
    default:
      return unit.per;
  }
}

/// The unrounded line through all rows, if there is one: bounds of what is added to factor *
/// source.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  void meet(double from, double to) { low = std::max(low, from), high = std::min(high, to); }
  bool empty() const { return low > high; }
};

/// What rounding leaves of value - unrounded.
std::pair<double, double> room_of(Rounding rounding, double step) {
  if (rounding == Rounding::kFloor) return {0, step};
  if (rounding == Rounding::kCeil) return {-step, 0};
  return {-step / 2, step / 2};
}

/// The number with the fewest decimals within bounds.
double simplest_within(const Bounds& bounds, bool inverses) {
  constexpr int kMostDigits = 12;
  if (bounds.low <= 0 && bounds.high >= 0) return 0;
  double power = 1;
  for (int digits = 0; digits <= kMostDigits; ++digits, power *= 10) {
    const double up = std::ceil(bounds.low * power) / power;
    if (up <= bounds.high) return up;
    if (!inverses || digits > 2 || bounds.low < 0) continue;  // 1/60, 1/1.8
    const double inverse = std::ceil(power / bounds.high);
    if (inverse > 0 && power / inverse >= bounds.low) return power / inverse;
  }
  return (bounds.low + bounds.high) / 2;
}

/// A sample of two columns as points.
struct Points {
  std::vector<double> x, y;
};

Points points_of(const Column& number, const Column& source,
                 const std::vector<std::int64_t>& rows) {
  Points points;
  for (const std::int64_t row : rows) {
    points.x.push_back(source.as_double(row));
    points.y.push_back(number.as_double(row));
  }
  return points;
}

std::vector<std::int64_t> rows_with_both(const Column& a, const Column& b) {
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < a.size(); ++row) {
    if (!a.is_missing(row) && !b.is_missing(row)) rows.push_back(row);
  }
  return rows;
}

/// The factors that a line through rounded points may have; none where they are far from any line.
Bounds factors_of(const Points& points, double step) {
  const auto [low, high] = std::minmax_element(points.x.begin(), points.x.end());
  const double width = *high - *low;
  if (!(width > 0)) return {1, 0};
  const double rise = points.y[static_cast<std::size_t>(high - points.x.begin())] -
                      points.y[static_cast<std::size_t>(low - points.x.begin())];
  const Bounds bounds{(rise - 2 * step) / width, (rise + 2 * step) / width};
  const double factor = rise / width,
               first = points.y[static_cast<std::size_t>(low - points.x.begin())];
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    if (std::fabs(points.y[i] - first - factor * (points.x[i] - *low)) > 4 * step) return {1, 0};
  }
  return bounds;
}

/// What must be added to factor * x. \return bounds, the lower above the upper where nothing will
/// do
Bounds constants_of(const Points& points, double factor, Rounding rounding, double step) {
  const auto [down, up] = room_of(rounding, step);
  Bounds bounds;
  for (std::size_t i = 0; i < points.x.size() && !bounds.empty(); ++i) {
    const double rest = points.y[i] - factor * points.x[i];
    bounds.meet(rest + down, rest + up);
  }
  return bounds;
}

/// The room for a constant at a factor (below 0: what it lacks), and how it changes with the
/// factor.
struct Room {
  double size = 0, slope = 0;
};
Room room_at(const Points& points, double factor, Rounding rounding, double step) {
  const auto [down, up] = room_of(rounding, step);
  double low = -std::numeric_limits<double>::infinity(), high = -low, low_x = 0, high_x = 0;
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    const double x = points.x[i], rest = points.y[i] - factor * x;
    if (rest + down > low) low = rest + down, low_x = x;
    if (rest + up < high) high = rest + up, high_x = x;
  }
  return {high - low, low_x - high_x};
}

/// The factors of lines through 0.
Bounds factors_alone(const Points& points, Rounding rounding, double step) {
  const auto [down, up] = room_of(rounding, step);
  Bounds bounds;
  for (std::size_t i = 0; i < points.x.size() && !bounds.empty(); ++i) {
    const double low = points.y[i] + down, high = points.y[i] + up, x = points.x[i];
    if (x == 0) {
      if (low > 0 || high < 0) return {1, 0};
    } else {
      bounds.meet(std::min(low / x, high / x), std::max(low / x, high / x));
    }
  }
  return bounds;
}

/// Those factors for which a constant is left: the room for it is a concave function of the factor.
Bounds factors_with_constant(const Points& points, const Bounds& within, Rounding rounding,
                             double step) {
  constexpr int kHalvings = 50;
  constexpr double kOfDoubles = 1e-9;
  double low = within.low, high = within.high, best = 0;
  bool found = false;
  for (int i = 0; i < kHalvings && !found; ++i) {
    best = (low + high) / 2;
    const Room room = room_at(points, best, rounding, step);
    found = room.size >= 0;
    // Nowhere is there more room than the tangent tells.
    const double more = std::max(room.slope * (low - best), room.slope * (high - best));
    if (room.size + more < -kOfDoubles * step) return {1, 0};
    (room.slope > 0 ? low : high) = best;
  }
  if (!found) return {1, 0};
  const auto end = [&](double outside) {
    double inside = best;
    for (int i = 0; i < kHalvings; ++i) {
      const double middle = (inside + outside) / 2;
      (constants_of(points, middle, rounding, step).empty() ? outside : inside) = middle;
    }
    return inside;
  };
  return {end(within.low), end(within.high)};
}

/// The factors for which a line, through 0 or with a constant, rounds to the points.
Bounds factors_for(const Points& points, const Bounds& within, bool constant, Rounding rounding,
                   double step) {
  return constant ? factors_with_constant(points, within, rounding, step)
                  : factors_alone(points, rounding, step);
}

}  // namespace

std::string sum_text(const std::vector<std::string>& names, const std::vector<double>& factors,
                     double constant) {
  std::string text;
  const auto sign = [&](double value) {
    if (text.empty()) return std::string(value < 0 ? "-" : "");
    return std::string(value < 0 ? " - " : " + ");
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double size = std::fabs(factors[i]), inverse = std::nearbyint(1e4 / size) / 1e4;
    const bool divides = size < 1 && std::fabs(1 / inverse - size) < 1e-14 &&
                         fmt::to_string(inverse).size() < fmt::to_string(size).size();
    text += sign(factors[i]);
    text += divides     ? fmt::format("{}/{}", names[i], inverse)
            : size == 1 ? names[i]
                        : fmt::format("{}*{}", size, names[i]);
  }
  if (constant != 0) text += fmt::format("{}{}", sign(constant), std::fabs(constant));
  return text;
}

std::vector<std::string> time_formulas(const Column& number, const Column& from, const Column& to,
                                       const std::vector<std::int64_t>& rows) {
  constexpr double kRounding = 1.01;  // days, with and without time of day, and a unit inclusive
  std::vector<std::string> found;
  Trial trial({&number, &from, &to}, rows);
  const double step = step_of(number.spec);
  for (const Unit& unit : kUnits) {
    const double days = days_of(unit);
    if (unit.measure == Measure::kNights && from.spec.kind == Kind::kDate &&
        to.spec.kind == Kind::kDate)
      continue;  // the same as days
    const bool calendar =
        unit.measure == Measure::kYears || (unit.measure == Measure::kNights && unit.per == 1);
    const bool whole = calendar || unit.measure == Measure::kDays;
    const double room =
        (calendar ? 1 : step) + (whole ? 1 : 0) + (unit.measure == Measure::kNights ? 1 : 0) + 1e-6;
    bool near = true;
    for (std::int64_t row = 0; row < trial.n_rows() && near; ++row)
      near = std::fabs(trial.number(row) - trial.days(row) / days) <= kRounding * room;
    if (!near) continue;
    const std::string text =
        sum_text({measure_name(unit.measure) + "(" + formula_name(from.spec.name) + ", " +
                  formula_name(to.spec.name) + ")"},
                 {1 / unit.per}, 0);
    for (const char* inclusive : {"", " + 1"}) {
      if (*inclusive != '\0' && (unit.per != 1 || !whole || unit.measure == Measure::kYears))
        continue;
      for (const Rounding rounding : kRoundings) {
        const std::string formula = wrapped(rounding, text + inclusive);
        if (trial.holds(formula)) found.push_back(formula);
        if (calendar && number.spec.rounding == 0) break;  // whole as they are
      }
    }
  }
  return found;
}

double steps_per_step(const Column& number, const Column& source,
                      const std::vector<std::int64_t>& rows) {
  const double step = step_of(number.spec);
  if (!(step > 0) || rows.empty()) return 0;
  const Bounds factors = factors_of(points_of(number, source, rows), step);
  const double factor = std::fabs(factors.low + factors.high) / 2;
  return factors.empty() ? 0 : std::max(factor * step_of(source.spec) / step, 1e-300);
}

std::vector<std::string> conversion_formulas(const Column& number, const Column& source,
                                             const std::vector<std::int64_t>& sample) {
  const double step = step_of(number.spec);
  const Points few = points_of(number, source, sample);
  const Bounds near = few.x.empty() ? Bounds{1, 0} : factors_of(few, step);
  std::vector<std::string> found;
  if (near.empty()) return found;
  const std::string name = formula_name(source.spec.name);
  Points points;
  Bounds within;
  for (const bool constant : {false, true}) {
    for (const Rounding rounding : {Rounding::kNearest, Rounding::kFloor, Rounding::kCeil}) {
      if (factors_for(few, near, constant, rounding, step).empty()) continue;
      if (points.x.empty()) {
        points = points_of(number, source, rows_with_both(number, source));
        within = factors_of(points, step);
        if (within.empty()) return found;
      }
      const Bounds factors = factors_for(points, within, constant, rounding, step);
      if (factors.empty()) continue;
      const double factor = simplest_within(factors, true);
      if (factor == 0) continue;
      const double added =
          constant ? simplest_within(constants_of(points, factor, rounding, step), false) : 0;
      found.push_back(wrapped(rounding, sum_text({name}, {factor}, added)));
      if (rounding == Rounding::kNearest)
        found.push_back(wrapped(Rounding::kEven, sum_text({name}, {factor}, added)));
    }
  }
  return found;
}

}  // namespace semblance::table::detail
