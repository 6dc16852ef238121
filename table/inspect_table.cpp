#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "base/parallel.hpp"
#include "table/derive_columns.hpp"
#include "table/detail/evidence.hpp"
#include "table/detail/identifiers.hpp"
#include "table/detail/read_whole.hpp"
#include "table/detail/relations.hpp"
#include "table/format_value.hpp"

namespace semblance::table {
namespace {

bool is_date(const Column& column) {
  return column.spec.kind == Kind::kDate || column.spec.kind == Kind::kDatetime;
}

std::string range_note(const Column& column) {
  std::int64_t least = -1, most = -1;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (column.is_missing(row)) continue;
    const double value = column.as_double(row);
    if (least < 0 || value < column.as_double(least)) least = row;
    if (most < 0 || value > column.as_double(most)) most = row;
  }
  return least < 0 ? "" : fmt::format("{} to {}", column.as_text(least), column.as_text(most));
}

std::string level_note(const Column& column) {
  std::vector<std::int64_t> counts(column.levels.size());
  for (const std::int32_t code : column.codes) {
    if (code >= 0) ++counts[static_cast<std::size_t>(code)];
  }
  std::vector<std::size_t> order(counts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const std::size_t shown = std::min<std::size_t>(3, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return counts[a] != counts[b] ? counts[a] > counts[b] : a < b;
                    });
  std::string note;
  for (std::size_t i = 0; i < shown; ++i) note += (i == 0 ? "" : ", ") + column.levels[order[i]];
  return note + (shown < order.size() ? ", ..." : "");
}

std::string note_of(const Column& column) {
  if (column.spec.kind == Kind::kId) return "pattern " + column.spec.id_pattern;
  if (is_date(column)) return range_note(column) + ", format " + date_format(column.spec);
  if (column.spec.kind == Kind::kInteger || column.spec.kind == Kind::kFloat)
    return range_note(column);
  return level_note(column);
}

/// Texts among numbers or dates: a marker that was not listed, or a slip.
void warn_of_strays(const Column& column, const std::string& what,
                    const std::function<bool(const std::string&)>& fits,
                    std::vector<std::string>& warnings) {
  constexpr std::size_t kFewStrays = 5;
  std::vector<std::string> strays;
  std::size_t fitting = 0;
  for (const std::string& level : column.levels) {
    if (fits(level)) {
      ++fitting;
    } else if (strays.size() <= kFewStrays) {
      strays.push_back("'" + level + "'");
    }
  }
  if (strays.empty() || strays.size() > kFewStrays || fitting < 4 * strays.size()) return;
  warnings.push_back(
      fmt::format("column '{}': {} but for {}; read as a category. List these texts under "
                  "missing_markers if they mean missing",
                  column.spec.name, what, fmt::join(strays, ", ")));
}

/// Numbers as much of Europe writes them, or with thousands separators.
void warn_of_commas(const Column& column, std::vector<std::string>& warnings) {
  std::string example;
  for (const std::string& level : column.levels) {
    std::string digits = level;
    if (const std::size_t comma = digits.find(','); comma != std::string::npos) {
      digits.erase(comma, 1);
      if (example.empty()) example = level;
    }
    if (!detail::parse_number(digits).is_number) return;
  }
  if (example.empty()) return;
  warnings.push_back(
      fmt::format("column '{}': numbers with a comma, such as '{}'; read as a category. Write "
                  "decimals with a point and leave out separators of thousands if they are amounts",
                  column.spec.name, example));
}

void warn_of_stray_texts(const Column& column, std::vector<std::string>& warnings) {
  warn_of_strays(
      column, "numbers",
      [](const std::string& text) { return detail::parse_number(text).is_number; }, warnings);
  warn_of_commas(column, warnings);
  const std::string pattern = detail::commonest_date_pattern(column.levels);
  if (pattern.empty()) return;
  CivilTime time;
  warn_of_strays(
      column, "dates of the form " + pattern,
      [&, dates = DatePattern(pattern)](const std::string& text) {
        return dates.parse(text, time);
      },
      warnings);
}

/// True for whole numbers that by name and number of values are codes rather than amounts.
bool looks_like_codes(const Column& column, std::int64_t present, std::int64_t distinct) {
  constexpr std::int64_t kMostCodes = 50;
  if (column.spec.kind != Kind::kInteger || distinct < 3 || distinct > kMostCodes ||
      present < 5 * distinct)
    return false;
  std::string name = column.spec.name;
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* ending : {"id", "code", "type", "class", "group", "status", "category", "_no"}) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

void warn_of_content(const Column& column, std::int64_t missing, std::int64_t distinct,
                     std::vector<std::string>& warnings) {
  const std::string& name = column.spec.name;
  const std::int64_t present = column.size() - missing;
  if (present == 0) {
    warnings.push_back(fmt::format("column '{}': every value is missing", name));
    return;
  }
  if (distinct == 1) {
    for (std::int64_t row = 0; row < column.size(); ++row) {
      if (column.is_missing(row)) continue;
      warnings.push_back(fmt::format("column '{}': every {}value is '{}'", name,
                                     missing > 0 ? "present " : "", column.as_text(row)));
      break;
    }
  }
  if (missing > 0 && column.spec.missing_text == "None") {
    warnings.push_back(fmt::format(
        "column '{}': 'None' is read as missing; if it is an answer, list missing_markers "
        "without it in the metadata",
        name));
  }
  if (looks_like_codes(column, present, distinct)) {
    warnings.push_back(fmt::format(
        "column '{}': {} different whole numbers; set kind: category in the metadata if "
        "they are codes, not amounts",
        name, distinct));
  }
  const std::string personal = detail::personal_content(column);
  if (!personal.empty()) {
    warnings.push_back(
        fmt::format("column '{}': seems to hold {}; drop it, or make sure that you may use it",
                    name, personal));
  }
  if (column.spec.kind != Kind::kCategory) return;
  warn_of_stray_texts(column, warnings);
  if (distinct > 100 && 2 * distinct > present) {
    warnings.push_back(
        fmt::format("column '{}': {} different texts in {} rows; texts seen less often than the "
                    "model's rare_min_count are never issued",
                    name, distinct, present));
  }
}

}  // namespace

Inspection inspect_table(const std::string& path, const ReadOptions& options) {
  detail::LoadedTable loaded = detail::read_whole(path, options);
  const auto n = loaded.table.columns.size();
  Inspection result{
      .schema = loaded.schema, .warnings = loaded.warnings, .n_rows = loaded.table.n_rows()};
  result.missing.resize(n);
  result.distinct.resize(n);
  result.notes.resize(n);
  std::vector<std::vector<std::string>> warnings(n);
  base::parallel_for(static_cast<std::int64_t>(n), options.threads, [&](std::int64_t i) {
    const auto c = static_cast<std::size_t>(i);
    const Column& column = loaded.table.columns[c];
    result.missing[c] = column.missing_count();
    result.distinct[c] = detail::distinct_count(column);
    result.notes[c] = note_of(column);
    warn_of_content(column, result.missing[c], result.distinct[c], warnings[c]);
  });
  for (const auto& list : warnings)
    result.warnings.insert(result.warnings.end(), list.begin(), list.end());
  result.orders = detail::find_orders(loaded.table);
  result.dependences = detail::find_dependences(loaded.table);
  Schema derived = loaded.schema;
  result.derived = derive_columns(loaded.table, derived);
  const auto is_derived = [&](const std::string& name) {
    const int column = derived.find(name);
    return column >= 0 && !derived.columns[static_cast<std::size_t>(column)].derived.empty();
  };
  for (auto* pairs : {&result.orders, &result.dependences}) {
    std::erase_if(*pairs, [&](const auto& pair) {
      return is_derived(pair.first) || is_derived(pair.second);
    });
  }
  for (const detail::Age& age : detail::find_ages(loaded.table)) {
    if (is_derived(age.column)) continue;
    result.warnings.push_back(
        fmt::format("column '{}': the years from '{}' to '{}' in every row; a model that learns "
                    "all three may let them disagree: "
                    "consider dropping one, or deriving the years (derived)",
                    age.column, age.from, age.to));
  }
  return result;
}

}  // namespace semblance::table
