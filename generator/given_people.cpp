#include "generator/given_people.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "trainer/panel.hpp"

namespace semblance::generator {
namespace {

void copy_cell(table::Column& cells, std::int64_t from, std::int64_t to) {
  const auto source = static_cast<std::size_t>(from), target = static_cast<std::size_t>(to);
  if (!cells.reals.empty()) cells.reals[target] = cells.reals[source];
  if (!cells.ints.empty()) cells.ints[target] = cells.ints[source];
  if (!cells.codes.empty()) cells.codes[target] = cells.codes[source];
}

/// What belongs to the entity must be one value; gaps are filled with it where they may be.
void settle_constant(table::Column& cells, const trainer::Grouping& groups,
                     const table::Column& owner, bool impute, const std::string& name) {
  for (std::size_t e = 0; e + 1 < groups.begin.size(); ++e) {
    const std::int64_t first = groups.begin[e], last = groups.begin[e + 1];
    std::int64_t known = first;
    while (impute && known + 1 < last && cells.is_missing(known)) ++known;
    for (std::int64_t row = first; row < last; ++row) {
      if (impute && cells.is_missing(row)) copy_cell(cells, known, row);
      const auto text = [&](std::int64_t at) {
        return cells.is_missing(at) ? std::string("missing") : "'" + cells.as_text(at) + "'";
      };
      SEMBLANCE_EXPECT(
          text(row) == text(known), kData,
          "{}: column '{}' never varies within a '{}' in the training table, but is {} and {} in "
          "rows {} and {} of '{}'; make them one{}",
          name, cells.spec.name, owner.spec.name, text(known), text(row),
          groups.order[static_cast<std::size_t>(known)] + 1,
          groups.order[static_cast<std::size_t>(row)] + 1,
          owner.is_missing(row) ? "" : owner.as_text(row),
          impute || !(cells.is_missing(row) || cells.is_missing(known))
              ? ""
              : ", or fill gaps (impute)");
    }
  }
}

}  // namespace

GivenPeople group_people(table::Table rows, const table::Schema& model, bool impute,
                         const std::string& name) {
  SEMBLANCE_EXPECT(rows.find(model.entity) >= 0, kData,
                   "{}: there is no column '{}', which tells whose row it is; rows of this model "
                   "are completed person by person{}",
                   name, model.entity, base::did_you_mean(model.entity, rows.schema().names()));
  const int time = model.entity_time.empty() ? -1 : rows.find(model.entity_time);
  if (time >= 0 && impute) {
    const table::Column& dates = rows.columns[static_cast<std::size_t>(time)];
    for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
      SEMBLANCE_EXPECT(!dates.is_missing(row), kData,
                       "{}: column '{}', by which the rows of a '{}' are in order, is missing in "
                       "row {}; give it in all rows, or leave the column out to have it made",
                       name, model.entity_time, model.entity, row + 1);
    }
  }
  const trainer::Grouping groups =
      trainer::group_rows(rows.column(model.entity),
                          time < 0 ? nullptr : &rows.columns[static_cast<std::size_t>(time)]);
  GivenPeople people{table::take_rows(rows, groups.order), groups.begin};
  const table::Column owner = people.rows.column(model.entity);
  for (const std::string& constant : model.entity_constants) {
    const int column = people.rows.find(constant);
    if (column >= 0)
      settle_constant(people.rows.columns[static_cast<std::size_t>(column)], groups, owner, impute,
                      name);
  }
  trainer::add_panel_columns(model, groups.begin, people.rows);
  return people;
}

}  // namespace semblance::generator
