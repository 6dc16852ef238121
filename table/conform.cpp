#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "table/detail/column_builder.hpp"
#include "table/detail/loaded_table.hpp"
#include "table/format_value.hpp"

namespace semblance::table::detail {
namespace {

bool is_text_kind(Kind kind) {
  return kind == Kind::kCategory || kind == Kind::kBoolean || kind == Kind::kId;
}
bool is_date_kind(Kind kind) { return kind == Kind::kDate || kind == Kind::kDatetime; }

/// Every value as a level of its text.
void turn_into_texts(Column& column, Kind kind) {
  const ValueFormatter formatter(column.spec);
  TextDictionary texts;
  std::vector<std::int32_t> codes(static_cast<std::size_t>(column.size()), kMissingCode);
  std::string text;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row)) continue;
    text.clear();
    formatter.append(text, column, row);
    codes[static_cast<std::size_t>(row)] = texts.code(text);
  }
  column.codes = std::move(codes);
  column.levels = texts.texts();
  column.reals.clear();
  column.ints.clear();
  column.spec.kind = kind;
  column.spec.decimals = -1;
  column.spec.min_decimals = 0;
  column.spec.format.clear();
  column.spec.unit.clear();
  sort_levels(column);
}

[[noreturn]] void refuse(const Column& column, std::int64_t row, const std::string& path,
                         Kind kind) {
  base::fail(base::ErrorKind::kData,
             "{}: row {}, column '{}': '{}' is not {} as the metadata ask; correct it, list it "
             "under missing_markers, "
             "or change the column's kind or format in the metadata",
             path, row + 1, column.spec.name, column.as_text(row),
             kind == Kind::kInteger ? "a whole number"
             : kind == Kind::kFloat ? "a number"
                                    : "a date");
}

/// \param round  fractions are rounded (a pandas dtype in NHSSynth's metadata), else they are an
/// error
void integers_from_reals(Column& column, bool round, const std::string& path,
                         std::vector<std::string>& warnings) {
  constexpr double kLargest = 9.0e18;
  std::int64_t n_rounded = 0;
  std::vector<std::int64_t> ints(column.reals.size(), kMissingInt);
  for (std::size_t i = 0; i < ints.size(); ++i) {
    const double value = column.reals[i];
    if (std::isnan(value)) continue;
    const double whole = std::nearbyint(value);
    if (std::fabs(value) > kLargest || (!round && whole != value)) {
      refuse(column, static_cast<std::int64_t>(i), path, Kind::kInteger);
    }
    n_rounded += whole != value;
    ints[i] = static_cast<std::int64_t>(whole);
  }
  if (n_rounded > 0) {
    warnings.push_back(
        fmt::format("column '{}': {} values that are not whole are rounded, as its dtype is an "
                    "integer; make it float64 to keep them",
                    column.spec.name, n_rounded));
  }
  column.ints = std::move(ints);
  column.reals.clear();
  column.spec.kind = Kind::kInteger;
  column.spec.decimals = -1;
}

void reals_from_integers(Column& column) {
  column.reals.resize(column.ints.size());
  std::transform(column.ints.begin(), column.ints.end(), column.reals.begin(),
                 [](std::int64_t value) {
                   return value == kMissingInt ? std::nan("") : static_cast<double>(value);
                 });
  column.ints.clear();
  column.spec.kind = Kind::kFloat;
  column.spec.decimals = column.spec.min_decimals;
}

void change_date_kind(Column& column, Kind kind) {
  for (std::int64_t& value : column.ints) {
    if (value != kMissingInt)
      value = kind == Kind::kDate ? day_of_micros(value) : value * kMicrosPerDay;
  }
  column.spec.kind = kind;
  if (kind == Kind::kDate) {
    column.spec.unit = "day";
    if (!column.spec.format.empty() && DatePattern(column.spec.format).has_time())
      column.spec.format.clear();
  }
}

/// From texts to numbers or dates, level by level.
void retype(Column& column, const ColumnSpec& wish, const std::string& path,
            std::vector<std::string>& warnings) {
  ColumnPlan plan{.spec = column.spec, .kind_fixed = true};
  plan.spec.kind = wish.kind;
  TextProfile profile;
  for (const std::string& level : column.levels) profile.add(level);
  if (is_date_kind(wish.kind)) {
    const std::string pattern =
        wish.format.empty() ? profile.date_pattern(column.spec.name, warnings) : wish.format;
    if (!pattern.empty()) plan.pattern.emplace(pattern), plan.spec.format = pattern;
  }
  std::size_t bad_level = 0;
  if (retype_levels(column, plan, bad_level)) return;
  const auto bad = std::find_if(column.codes.begin(), column.codes.end(), [&](std::int32_t code) {
    return code == static_cast<std::int32_t>(bad_level);
  });
  refuse(column, bad - column.codes.begin(), path, wish.kind);
}

/// Cuts datetimes to a unit (NHSSynth's floor).
void floor_to_unit(Column& column, const std::string& unit) {
  const std::int64_t step = unit == "day"      ? kMicrosPerDay
                            : unit == "hour"   ? 3600 * kMicrosPerSecond
                            : unit == "minute" ? 60 * kMicrosPerSecond
                            : unit == "second" ? kMicrosPerSecond
                                               : 1;
  for (std::int64_t& value : column.ints) {
    if (value != kMissingInt) value -= ((value % step) + step) % step;
  }
  column.spec.unit = unit;
  if (step == 1) return;
  for (const char* fraction : {".%f", ".%3f", ",%f"}) {
    const std::size_t at = column.spec.format.find(fraction);
    if (at != std::string::npos) column.spec.format.erase(at, std::string(fraction).size());
  }
}

int decimals_of(double rounding) {
  int decimals = 0;
  for (double scaled = rounding;
       decimals < 9 && std::fabs(scaled - std::nearbyint(scaled)) > 1e-9 * scaled; scaled *= 10)
    ++decimals;
  return decimals;
}

}  // namespace

Wanted wanted_spec(const ReadOptions& options, const std::string& name) {
  if (options.schema != nullptr) {
    const int index = options.schema->find(name);
    if (index < 0) return {};
    return {.spec = &options.schema->columns[static_cast<std::size_t>(index)], .kind_given = true};
  }
  if (options.metadata == nullptr) return {};
  for (const Metadata::Wish& wish : options.metadata->columns) {
    if (wish.spec.name == name) return {&wish.spec, wish.kind_given, wish.round_to_whole};
  }
  return {};
}

void overlay(ColumnSpec& spec, const ColumnSpec& wish) {
  if (wish.decimals >= 0) spec.decimals = wish.decimals;
  if (wish.min_decimals > 0) spec.min_decimals = wish.min_decimals;
  if (wish.rounding > 0) {
    spec.rounding = wish.rounding;
    if (wish.decimals < 0 && spec.kind == Kind::kFloat) spec.decimals = decimals_of(wish.rounding);
    spec.min_decimals =
        spec.kind == Kind::kFloat ? std::min(spec.min_decimals, spec.decimals) : spec.min_decimals;
  }
  if (!wish.format.empty()) spec.format = wish.format;
  if (!wish.unit.empty()) spec.unit = wish.unit;
  if (!wish.relative_to.empty()) spec.relative_to = wish.relative_to;
  if (!wish.derived.empty()) spec.derived = wish.derived;
  if (!wish.id_pattern.empty()) spec.id_pattern = wish.id_pattern;
  if (!wish.missing_text.empty()) spec.missing_text = wish.missing_text;
  if (!wish.missingness.empty()) spec.missingness = wish.missingness;
  if (!wish.levels.empty()) spec.levels = wish.levels;
  spec.dropped |= wish.dropped;
}

void infer_from_levels(Column& column, std::vector<std::string>& warnings) {
  TextProfile profile;
  for (const std::string& level : column.levels) profile.add(level);
  ColumnPlan plan{.spec = column.spec};
  profile.decide(plan.spec, warnings);
  if (plan.spec.kind == Kind::kBoolean)
    column.spec.kind = column.levels.size() == 2 ? Kind::kBoolean : Kind::kCategory;
  if (is_text_kind(plan.spec.kind)) return;
  std::vector<std::string> already_said;
  if (is_date_kind(plan.spec.kind))
    plan.pattern.emplace(profile.date_pattern(column.spec.name, already_said));
  std::size_t bad_level = 0;
  SEMBLANCE_ASSERT(retype_levels(column, plan, bad_level));
}

void conform(Column& column, const Wanted& wanted, const std::string& path,
             std::vector<std::string>& warnings) {
  const ColumnSpec& wish = *wanted.spec;
  const Kind from = column.spec.kind, to = wish.kind;
  if (is_text_kind(from) && is_text_kind(to)) {
    column.spec.kind = to;
  } else if (from != to) {
    if (from == Kind::kFloat && to == Kind::kInteger) {
      integers_from_reals(column, wanted.round_to_whole, path, warnings);
    } else if (from == Kind::kInteger && to == Kind::kFloat) {
      reals_from_integers(column);
    } else if (is_date_kind(from) && is_date_kind(to)) {
      change_date_kind(column, to);
    } else {
      if (!is_text_kind(from)) turn_into_texts(column, is_text_kind(to) ? to : Kind::kCategory);
      if (!is_text_kind(to)) retype(column, wish, path, warnings);
    }
  }
  if (to == Kind::kDatetime && !wish.unit.empty() && wish.unit != column.spec.unit)
    floor_to_unit(column, wish.unit);
}

}  // namespace semblance::table::detail
