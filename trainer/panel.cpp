#include "trainer/panel.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/error.hpp"
#include "base/log.hpp"
#include "table/constraint.hpp"
#include "table/derivation.hpp"
#include "trainer/codec_calendar.hpp"
#include "trainer/codec_identifier.hpp"

namespace semblance::trainer {
namespace {

bool is_date(table::Kind kind) {
  return kind == table::Kind::kDate || kind == table::Kind::kDatetime;
}

/// The entity of each row, numbered in the order of their first rows.
std::vector<std::int64_t> numbered(const table::Column& column) {
  std::unordered_map<std::string, std::int64_t> number;
  std::vector<std::int64_t> out(static_cast<std::size_t>(column.size()));
  std::int64_t next = 0;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    std::int64_t& entity = out[static_cast<std::size_t>(row)];
    entity = next;
    if (!column.is_missing(row))
      entity = number.try_emplace(column.as_text(row), next).first->second;
    if (entity == next) ++next;
  }
  return out;
}

/// Whether two cells of a column hold the same.
bool same(const table::Column& column, std::int64_t a, std::int64_t b) {
  if (column.is_missing(a) || column.is_missing(b))
    return column.is_missing(a) && column.is_missing(b);
  return column.as_double(a) == column.as_double(b);
}

/// Entities within which the column takes several values.
std::int64_t varying_entities(const table::Column& column, const std::vector<std::int64_t>& begin) {
  std::int64_t varying = 0;
  for (std::size_t e = 0; e + 1 < begin.size(); ++e) {
    for (std::int64_t row = begin[e] + 1; row < begin[e + 1]; ++row) {
      if (same(column, begin[e], row)) continue;
      ++varying;
      break;
    }
  }
  return varying;
}

/// Puts the rows of an entity together, by date; rows without a date come last.
std::vector<std::int64_t> sorted(const std::vector<std::int64_t>& entity,
                                 const table::Column* time) {
  std::vector<std::int64_t> order(entity.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const auto key = [&](std::int64_t row) {
    const bool missing = time == nullptr || time->is_missing(row);
    const std::int64_t date = missing ? 0 : time->ints[static_cast<std::size_t>(row)];
    return std::tuple(entity[static_cast<std::size_t>(row)], missing, date);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return key(a) < key(b); });
  return order;
}

std::vector<std::int64_t> begins(std::vector<std::int64_t> entity) {
  std::sort(entity.begin(), entity.end());
  std::vector<std::int64_t> begin;
  for (std::size_t row = 0; row < entity.size(); ++row) {
    if (row == 0 || entity[row] != entity[row - 1]) begin.push_back(static_cast<std::int64_t>(row));
  }
  begin.push_back(static_cast<std::int64_t>(entity.size()));
  return begin;
}

int column_named(const table::Table& rows, const std::string& name, const char* setting) {
  const int found = rows.find(name);
  SEMBLANCE_EXPECT(found >= 0, kData, "entity: {} names '{}', which is no column{}", setting, name,
                   base::did_you_mean(name, rows.schema().names()));
  return found;
}

/// Columns that share tokens with another (a fixed combination) are constant only together.
void keep_whole_combinations(const table::Schema& schema, std::vector<std::string>& constants) {
  for (const table::Constraint& constraint : table::parse_constraints(schema)) {
    const auto is_constant = [&](int column) {
      return std::find(constants.begin(), constants.end(),
                       schema.columns[static_cast<std::size_t>(column)].name) != constants.end();
    };
    if (std::all_of(constraint.columns.begin(), constraint.columns.end(), is_constant)) continue;
    for (const int column : constraint.columns) {
      const std::string& name = schema.columns[static_cast<std::size_t>(column)].name;
      if (!is_constant(column)) continue;
      base::log_warning(
          "column '{}' is constant within each '{}', but '{}' ties it to one that is not: it may "
          "vary in the synthetic table",
          name, schema.entity, constraint.text);
      std::erase(constants, name);
    }
  }
}

/// A column that is derived is constant where all that it follows from are.
void keep_whole_derivations(const table::Schema& schema, std::vector<std::string>& constants) {
  const auto is_constant = [&](int column) {
    return std::find(constants.begin(), constants.end(),
                     schema.columns[static_cast<std::size_t>(column)].name) != constants.end();
  };
  for (const table::Derivation& formula : table::parse_derivations(schema)) {
    const std::vector<int> operands = formula.operands();
    if (std::all_of(operands.begin(), operands.end(), is_constant) || !is_constant(formula.column))
      continue;
    base::log_warning(
        "column '{}' is constant within each '{}', but derived ('{}') from columns that are not: "
        "it "
        "may vary in the synthetic table",
        formula.spec.name, schema.entity, formula.text);
    std::erase(constants, formula.spec.name);
  }
}

/// Completes schema.entity_constants. \param rows  sorted
void find_constants(const table::Table& rows, const std::vector<std::int64_t>& begin,
                    table::Schema& schema) {
  for (const std::string& name : schema.entity_constants) {
    const std::int64_t varying = varying_entities(
        rows.columns[static_cast<std::size_t>(column_named(rows, name, "constants"))], begin);
    SEMBLANCE_EXPECT(varying == 0, kData,
                     "entity: column '{}' is listed as constant, but varies within {} of {} values "
                     "of '{}'; correct the table, or take it off the list",
                     name, varying, begin.size() - 1, schema.entity);
  }
  schema.entity_constants.clear();
  for (const table::ColumnSpec& spec : schema.columns) {
    if (spec.dropped || spec.kind == table::Kind::kId || spec.name == schema.entity_time) continue;
    if (varying_entities(rows.column(spec.name), begin) == 0)
      schema.entity_constants.push_back(spec.name);
  }
  keep_whole_combinations(schema, schema.entity_constants);
  keep_whole_derivations(schema, schema.entity_constants);
}

/// The first date that is not constant within entities.
std::string find_time(const table::Table& rows, const std::vector<std::int64_t>& entity,
                      const table::Schema& schema) {
  const table::Table together = table::take_rows(rows, sorted(entity, nullptr));
  const std::vector<std::int64_t> begin = begins(entity);
  for (const table::ColumnSpec& spec : schema.columns) {
    if (spec.dropped || !is_date(spec.kind) || !spec.derived.empty()) continue;
    if (varying_entities(together.column(spec.name), begin) > 0) return spec.name;
  }
  return "";
}

/// The last date before each row within its entity; where there is none, that of `base` (or null).
table::Column previous_dates(const table::Column& time, const table::Column* base,
                             const std::vector<std::int64_t>& begin) {
  table::Column out{.spec = time.spec};
  out.spec.name = kPreviousDate;
  out.spec.relative_to.clear();
  out.ints.assign(static_cast<std::size_t>(time.size()), table::kMissingInt);
  for (std::size_t e = 0; e + 1 < begin.size(); ++e) {
    std::int64_t last = table::kMissingInt;
    for (std::int64_t row = begin[e]; row < begin[e + 1]; ++row) {
      const auto i = static_cast<std::size_t>(row);
      out.ints[i] = last;
      if (last == table::kMissingInt && base != nullptr && !base->is_missing(row))
        out.ints[i] = date_value(day_time(*base, row), time.spec.kind);
      if (!time.is_missing(row)) last = time.ints[i];
    }
  }
  return out;
}

table::Column row_counts(const std::vector<std::int64_t>& begin) {
  table::Column out{.spec = {.name = kEntityRows, .kind = table::Kind::kInteger}};
  for (std::size_t e = 0; e + 1 < begin.size(); ++e) {
    for (std::int64_t row = begin[e]; row < begin[e + 1]; ++row)
      out.ints.push_back(begin[e + 1] - begin[e]);
  }
  return out;
}

}  // namespace

std::vector<std::int64_t> Panel::entity_of(std::int64_t first, std::int64_t last) const {
  std::vector<std::int64_t> out;
  auto next = std::upper_bound(begin.begin(), begin.end(), first);
  for (std::int64_t row = first; row < last; ++row) {
    while (next != begin.end() && *next <= row) ++next;
    out.push_back(next - begin.begin() - 1);
  }
  return out;
}

void Panel::places(std::int64_t first, std::int64_t last, std::vector<std::int32_t>& index,
                   std::vector<std::int32_t>& size) const {
  const std::vector<std::int64_t> entity = entity_of(first, last);
  for (std::int64_t row = first; row < last; ++row) {
    const auto e = static_cast<std::size_t>(entity[static_cast<std::size_t>(row - first)]);
    index.push_back(static_cast<std::int32_t>(row - begin[e]));
    size.push_back(static_cast<std::int32_t>(begin[e + 1] - begin[e]));
  }
}

Grouping group_rows(const table::Column& entity, const table::Column* time) {
  const std::vector<std::int64_t> numbers = numbered(entity);
  return {sorted(numbers, time), begins(numbers)};
}

void add_panel_columns(const table::Schema& schema, const std::vector<std::int64_t>& begin,
                       table::Table& rows) {
  const int time = schema.entity_time.empty() ? -1 : rows.find(schema.entity_time);
  if (time >= 0) {
    const table::Column& dates = rows.columns[static_cast<std::size_t>(time)];
    const table::ColumnSpec& spec =
        schema.columns[static_cast<std::size_t>(schema.find(schema.entity_time))];
    const std::string source = table::copy_source(schema, spec.relative_to);
    const int base = schema.find(source);
    const bool usable = base >= 0 && source != spec.name &&
                        !schema.columns[static_cast<std::size_t>(base)].dropped &&
                        rows.find(source) >= 0;
    rows.columns.push_back(previous_dates(dates, usable ? &rows.column(source) : nullptr, begin));
  }
  rows.columns.push_back(row_counts(begin));
}

bool has_panel(const table::Table& rows, const table::Schema& schema) {
  if (schema.entity.empty() || rows.find(schema.entity) < 0) return false;
  const std::vector<std::int64_t> entity = numbered(rows.column(schema.entity));
  return !entity.empty() && *std::max_element(entity.begin(), entity.end()) + 1 < rows.n_rows();
}

Panel prepare_panel(table::Table rows, table::Schema& schema) {
  const std::vector<std::int64_t> entity = numbered(rows.column(schema.entity));
  if (schema.entity_time.empty()) {
    schema.entity_time = find_time(rows, entity, schema);
  } else {
    const int time = column_named(rows, schema.entity_time, "time");
    SEMBLANCE_EXPECT(is_date(rows.columns[static_cast<std::size_t>(time)].spec.kind), kData,
                     "entity: time names '{}', which is of kind {}; it must be a date",
                     schema.entity_time,
                     table::kind_name(rows.columns[static_cast<std::size_t>(time)].spec.kind));
    const std::string& derived = rows.columns[static_cast<std::size_t>(time)].spec.derived;
    SEMBLANCE_EXPECT(
        derived.empty(), kData,
        "entity: time names '{}', which is derived ('{}'); name a date that is learned",
        schema.entity_time, derived);
  }
  const table::Column* time =
      schema.entity_time.empty() ? nullptr : &rows.column(schema.entity_time);
  Panel panel;
  Grouping groups = group_rows(rows.column(schema.entity), time);
  panel.begin = std::move(groups.begin);
  panel.order = std::move(groups.order);
  panel.rows = table::take_rows(rows, panel.order);
  rows = {};

  const int id = schema.find(schema.entity);
  SEMBLANCE_EXPECT(id >= 0, kData, "entity: there is no column '{}'{}", schema.entity,
                   base::did_you_mean(schema.entity, schema.names()));
  table::Column& owner =
      panel.rows.columns[static_cast<std::size_t>(panel.rows.find(schema.entity))];
  panel.ids_after = first_free_row(owner);
  owner.codes.assign(static_cast<std::size_t>(owner.size()), table::kMissingCode);
  owner.levels.clear(), owner.ints.clear(), owner.reals.clear();
  table::ColumnSpec& spec = schema.columns[static_cast<std::size_t>(id)];
  spec = {.name = spec.name,
          .kind = table::Kind::kId,
          .id_pattern = spec.id_pattern,
          .missing_text = spec.missing_text};
  owner.spec = spec;

  find_constants(panel.rows, panel.begin, schema);
  add_panel_columns(schema, panel.begin, panel.rows);
  schema.columns.push_back(panel.rows.columns.back().spec);
  return panel;
}

table::Table first_rows(const Panel& panel, std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> rows;
  for (std::int64_t e = 0; e < panel.entities(); ++e) {
    const std::int64_t row = panel.begin[static_cast<std::size_t>(e)];
    if (row >= first && row < last) rows.push_back(row);
  }
  return table::take_rows(panel.rows, rows);
}

}  // namespace semblance::trainer
