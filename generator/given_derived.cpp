#include "generator/given_derived.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/philox.hpp"
#include "table/civil_date.hpp"

namespace semblance::generator {
namespace {

using table::Derivation;
using table::Kind;
using Measure = Derivation::Measure;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool is_date(Kind kind) { return kind == Kind::kDate || kind == Kind::kDatetime; }

double micros_in(Measure measure) {
  const auto second = static_cast<double>(table::kMicrosPerSecond);
  switch (measure) {
    case Measure::kHours:
      return 3600 * second;
    case Measure::kMinutes:
      return 60 * second;
    case Measure::kSeconds:
      return second;
    default:
      return 86'400 * second;
  }
}

/// The day `years` birthdays after (or before) a day; 1 March for 29 February where there is none.
std::int64_t shifted_years(std::int64_t day, std::int64_t years) {
  table::CivilDay civil = table::civil_from_days(day);
  civil.year += years;
  if (civil.day > table::days_in_month(civil.year, civil.month)) civil.month = 3, civil.day = 1;
  return table::days_from_civil(civil.year, civil.month, civil.day);
}

/// A missing cell in every row.
table::Column gaps(const table::ColumnSpec& spec, std::int64_t n) {
  table::Column column{.spec = spec};
  const auto size = static_cast<std::size_t>(n);
  if (spec.kind == Kind::kFloat) {
    column.reals.assign(size, kNan);
  } else if (spec.kind == Kind::kInteger || is_date(spec.kind)) {
    column.ints.assign(size, table::kMissingInt);
  } else {
    column.codes.assign(size, table::kMissingCode);
  }
  return column;
}

/// The given rows as a table of the model's columns, and back.
class Solver {
 public:
  Solver(table::Table& rows, const trainer::Codec& codec, bool impute, std::uint64_t seed)
      : given_(rows), schema_(codec.schema()), impute_(impute), seed_(seed) {
    out_.unheeded.assign(schema_.columns.size(), 0);
    for (const table::ColumnSpec& spec : schema_.columns) {
      const int source = rows.find(spec.name);
      present_.push_back(source >= 0);
      table::Column column =
          source >= 0 ? rows.columns[static_cast<std::size_t>(source)] : gaps(spec, rows.n_rows());
      whole_.columns.push_back(std::move(column));
    }
    touched_.assign(schema_.columns.size(), 0);
    codes_.resize(schema_.columns.size());
  }

  ComputedBack solve(const std::vector<Derivation>& formulas) {
    for (auto formula = formulas.rbegin(); formula != formulas.rend(); ++formula) {
      if (!present_[at(formula->column)] && touched_[at(formula->column)] == 0) continue;
      for (std::int64_t row = 0; row < whole_.n_rows(); ++row) solve_row(*formula, row);
    }
    for (std::size_t c = 0; c < touched_.size(); ++c) {
      if (touched_[c] == 0) continue;
      table::Column& column = whole_.columns[c];
      if (present_[c]) {
        given_.columns[static_cast<std::size_t>(given_.find(column.spec.name))] = column;
      } else if (schema_.entity.empty() || column.missing_count() == 0) {
        given_.columns.push_back(column);
        out_.added.push_back(column.spec.name);
      }
    }
    return std::move(out_);
  }

 private:
  static std::size_t at(int column) { return static_cast<std::size_t>(column); }
  table::Column& cells(int column) { return whole_.columns[at(column)]; }

  bool is_open(int column, std::int64_t row) {
    return cells(column).is_missing(row) && (!present_[at(column)] || impute_);
  }
  bool is_of_entity(int column) const {
    const std::string& name = schema_.columns[at(column)].name;
    const std::vector<std::string>& constants = schema_.entity_constants;
    return name == schema_.entity_time ||
           std::find(constants.begin(), constants.end(), name) != constants.end();
  }

  void solve_row(const Derivation& formula, std::int64_t row) {
    if (cells(formula.column).is_missing(row)) return;
    std::vector<int> open;
    for (const int operand : formula.operands()) {
      if (is_open(operand, row)) open.push_back(operand);
    }
    if (open.empty()) return;
    if (open.size() > 1 || is_of_entity(open.front()) || !put(formula, open.front(), row))
      ++out_.unheeded[at(formula.column)];
  }

  /// Fills the cell; false, and the cell stays open, when the result does not come back.
  bool put(const Derivation& formula, int open, std::int64_t row) {
    table::Column& cell = cells(open);
    const auto i = static_cast<std::size_t>(row);
    bool back = false;
    if (formula.copy) {
      back = put_copy(cells(formula.column), cell, codes_[at(open)], i);
    } else if (const Derivation::Term* term = only_term(formula, open); term != nullptr) {
      for (int attempt = 0; attempt < 2 && !back; ++attempt) {
        set(cell, i, value_of(formula, *term, open, row, attempt));
        back = !cell.is_missing(row) && formula.holds(whole_, row);
      }
    }
    if (back) {
      touched_[at(open)] = 1;
    } else {
      if (!cell.reals.empty()) cell.reals[i] = kNan;
      if (!cell.ints.empty()) cell.ints[i] = table::kMissingInt;
    }
    return back;
  }

  /// \param codes  of the levels of `to`, filled here
  static bool put_copy(const table::Column& from, table::Column& to,
                       std::unordered_map<std::string, std::int32_t>& codes, std::size_t row) {
    if (from.spec.kind == Kind::kDate && to.spec.kind == Kind::kDatetime) return false;
    if (!to.reals.empty()) to.reals[row] = from.reals[row];
    if (!to.ints.empty())
      to.ints[row] = from.spec.kind != to.spec.kind && is_date(to.spec.kind)
                         ? table::day_of_micros(from.ints[row])
                         : from.ints[row];
    if (to.codes.empty()) return true;
    const std::string& level = from.levels[static_cast<std::size_t>(from.codes[row])];
    for (std::size_t code = codes.size(); code < to.levels.size(); ++code)
      codes.emplace(to.levels[code], static_cast<std::int32_t>(code));
    const auto [place, added] = codes.emplace(level, static_cast<std::int32_t>(to.levels.size()));
    if (added) to.levels.push_back(level);
    to.codes[row] = place->second;
    return true;
  }

  /// The term that a column is in; null when there are several.
  static const Derivation::Term* only_term(const Derivation& formula, int column) {
    const Derivation::Term* found = nullptr;
    for (const Derivation::Term& term : formula.terms) {
      if (term.column != column && term.other != column) continue;
      if (found != nullptr || term.column == term.other) return nullptr;
      found = &term;
    }
    return found;
  }

  /// What the open column must be, unrounded; of dates microseconds. \param attempt  1: no choice
  double value_of(const Derivation& formula, const Derivation::Term& term, int open,
                  std::int64_t row, int attempt) {
    Derivation rest = formula;
    std::erase_if(rest.terms, [&](const Derivation::Term& each) {
      return each.column == term.column && each.other == term.other;
    });
    const double measure =
        (cells(formula.column).as_double(row) - rest.value(whole_, row)) / term.factor;
    if (term.measure == Measure::kColumn) return measure;
    const bool later = open == term.other;
    const table::Column& known = cells(later ? term.column : term.other);
    const double from =
        known.as_double(row) *
        (known.spec.kind == Kind::kDate ? static_cast<double>(table::kMicrosPerDay) : 1.0);
    if (term.measure != Measure::kYears)
      return from + (later ? 1 : -1) * measure * micros_in(term.measure);
    const std::int64_t years = std::llround(measure),
                       day = table::day_of_micros(static_cast<std::int64_t>(from));
    std::int64_t chosen = shifted_years(day, later ? years : -years);
    if (attempt == 0)
      chosen += (later ? 1 : -1) * static_cast<std::int64_t>(364 * uniform(formula.column, row));
    return static_cast<double>(chosen) * static_cast<double>(table::kMicrosPerDay);
  }

  /// Uniform in [0, 1), of streams that no column is decoded with.
  double uniform(int column, std::int64_t row) const {
    constexpr std::uint32_t kFirstStream = 0x20000000u;
    const base::PhiloxWords words =
        base::philox(seed_, base::Purpose::kDecode, static_cast<std::uint64_t>(row),
                     kFirstStream + static_cast<std::uint32_t>(column));
    return base::uniform_double(words.word[0], words.word[1]);
  }

  static std::int64_t micros_of_unit(const std::string& unit) {
    return unit == "day"      ? table::kMicrosPerDay
           : unit == "hour"   ? 3600 * table::kMicrosPerSecond
           : unit == "minute" ? 60 * table::kMicrosPerSecond
           : unit == "second" ? table::kMicrosPerSecond
                              : 1;
  }

  /// The nearest value that the column can hold.
  static void set(table::Column& cell, std::size_t row, double value) {
    constexpr double kMostOfIntegers = 9e18;
    const table::ColumnSpec& spec = cell.spec;
    if (!std::isfinite(value) || (spec.kind != Kind::kFloat && std::fabs(value) >= kMostOfIntegers))
      return;
    if (spec.kind == Kind::kFloat) {
      const double scale = spec.decimals >= 0 ? std::pow(10.0, spec.decimals) : 0;
      cell.reals[row] = scale > 0 ? std::nearbyint(value * scale) / scale : value;
    } else if (spec.kind == Kind::kInteger) {
      cell.ints[row] = std::llround(value);
    } else if (spec.kind == Kind::kDate) {
      cell.ints[row] = table::day_of_micros(std::llround(value));
    } else if (spec.kind == Kind::kDatetime) {
      const std::int64_t step = micros_of_unit(spec.unit);
      cell.ints[row] = std::llround(value / static_cast<double>(step)) * step;
    }
  }

  table::Table& given_;
  const table::Schema& schema_;
  bool impute_;
  std::uint64_t seed_;
  table::Table whole_;
  std::vector<char> present_, touched_;
  std::vector<std::unordered_map<std::string, std::int32_t>> codes_;  // by column and level
  ComputedBack out_;
};

}  // namespace

ComputedBack compute_back(table::Table& rows, const trainer::Codec& codec, bool impute,
                          std::uint64_t seed) {
  if (codec.derivations().empty())
    return {.added = {}, .unheeded = std::vector<std::int64_t>(codec.schema().columns.size(), 0)};
  return Solver(rows, codec, impute, seed).solve(codec.derivations());
}

}  // namespace semblance::generator
