#include "trainer/codec_impute.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "table/civil_date.hpp"
#include "trainer/codec_counts.hpp"

namespace semblance::trainer {
namespace {

constexpr std::string_view kImpute = "impute:";

bool is_category(table::Kind kind) {
  return kind == table::Kind::kCategory || kind == table::Kind::kBoolean ||
         kind == table::Kind::kId;
}

NumberSummary summary_of(const table::Column& column, base::Communicator& communicator) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(column.size()));
  for (std::int64_t row = 0; row < column.size(); ++row) values.push_back(column.as_double(row));
  return summarise_numbers(values, communicator);
}

double mean_of(const NumberSummary& summary) {
  double sum = 0;
  for (const ValueCount& entry : summary.values)
    sum += entry.value * static_cast<double>(entry.count);
  return sum / static_cast<double>(summary.present());
}

/// The lower median.
double median_of(const NumberSummary& summary) {
  const std::int64_t half = (summary.present() + 1) / 2;
  std::int64_t below = 0;
  for (const ValueCount& entry : summary.values) {
    if ((below += entry.count) >= half) return entry.value;
  }
  return 0;
}

/// The commonest value, the smallest of several.
double mode_of(const NumberSummary& summary) {
  return std::max_element(
             summary.values.begin(), summary.values.end(),
             [](const ValueCount& a, const ValueCount& b) { return a.count < b.count; })
      ->value;
}

double literal(const table::Column& column, const std::string& text) {
  const table::ColumnSpec& spec = column.spec;
  if (spec.kind == table::Kind::kDate || spec.kind == table::Kind::kDatetime) {
    table::CivilTime time;
    const bool read = table::DatePattern("%Y-%m-%d").parse(text, time) ||
                      table::DatePattern("%Y-%m-%d %H:%M:%S").parse(text, time);
    SEMBLANCE_EXPECT(read, kData,
                     "column '{}': missingness '{}' must name a date such as 2020-01-31", spec.name,
                     spec.missingness);
    return static_cast<double>(spec.kind == table::Kind::kDate ? time.days() : time.total_micros());
  }
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  SEMBLANCE_EXPECT(!text.empty() && *end == '\0' && std::isfinite(value), kData,
                   "column '{}': missingness '{}' must be impute: mean, median, mode or a number",
                   spec.name, spec.missingness);
  return value;
}

}  // namespace

void Imputation::save(hid_t group) const {
  base::h5_write_attribute(group, "imputed_number", number);
  base::h5_write_attribute(group, "imputed_level", level);
}

std::optional<Imputation> Imputation::load(hid_t group) {
  if (!base::h5_has_attribute(group, "imputed_number")) return std::nullopt;
  return Imputation{base::h5_read_double_attribute(group, "imputed_number"),
                    base::h5_read_text_attribute(group, "imputed_level")};
}

std::optional<Imputation> fit_imputation(const table::Column& column,
                                         base::Communicator& communicator) {
  const table::ColumnSpec& spec = column.spec;
  if (!spec.missingness.starts_with(kImpute)) return std::nullopt;
  const std::string how = spec.missingness.substr(kImpute.size());
  if (is_category(spec.kind)) {
    SEMBLANCE_EXPECT(how != "mean" && how != "median", kData,
                     "column '{}': a category has no {}; impute its mode or a value", spec.name,
                     how);
    if (how != "mode") return Imputation{0, how};
    const LevelSummary summary = summarise_levels(column, communicator);
    if (summary.levels.empty()) return std::nullopt;
    return Imputation{0, summary.levels.front().text};
  }
  if (how != "mean" && how != "median" && how != "mode")
    return Imputation{literal(column, how), ""};
  const NumberSummary summary = summary_of(column, communicator);
  if (summary.values.empty()) return std::nullopt;
  return Imputation{how == "mean"     ? mean_of(summary)
                    : how == "median" ? median_of(summary)
                                      : mode_of(summary),
                    ""};
}

table::Column imputed(table::Column column, const Imputation& imputation) {
  for (double& value : column.reals) {
    if (std::isnan(value)) value = imputation.number;
  }
  const std::int64_t whole = std::llround(imputation.number);
  std::replace(column.ints.begin(), column.ints.end(), table::kMissingInt, whole);
  if (column.codes.empty()) return column;
  const auto place = std::find(column.levels.begin(), column.levels.end(), imputation.level);
  const auto code = static_cast<std::int32_t>(place - column.levels.begin());
  if (place == column.levels.end()) column.levels.push_back(imputation.level);
  for (std::int32_t& each : column.codes) each = each < 0 ? code : each;
  return column;
}

table::Table rows_to_learn(table::Table rows, const table::Schema& schema) {
  std::vector<const table::Column*> strict;
  for (const table::ColumnSpec& spec : schema.columns) {
    if (spec.missingness == "drop" && !spec.dropped) strict.push_back(&rows.column(spec.name));
  }
  if (strict.empty()) return rows;
  std::vector<std::int64_t> kept;
  for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
    const bool whole = std::none_of(strict.begin(), strict.end(), [&](const table::Column* column) {
      return column->is_missing(row);
    });
    if (whole) kept.push_back(row);
  }
  return table::take_rows(rows, kept);
}

}  // namespace semblance::trainer
