/// Rows that belong together: the rows of one patient (an entity), put in order for the model.
/// Equations: docs/MODEL.md, "Rows that belong together".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::trainer {

/// The column that tells how many rows an entity has. It is learned like others, and not written.
inline constexpr const char* kEntityRows = "(rows)";
/// The date that an entity's next one is counted from: that of its row before or, in the first row,
/// the column that the dates are relative to. Only there while the tokens are made.
inline constexpr const char* kPreviousDate = "(previous)";

/// A table whose rows of one entity stand together, in the order of their dates.
struct Panel {
  table::Table rows;                ///< with kEntityRows and, when there are dates, kPreviousDate
  std::vector<std::int64_t> begin;  ///< [entities + 1] first row of each
  std::vector<std::int64_t> order;  ///< [rows] where each row stood in the table
  std::int64_t ids_after = 0;       ///< new identifiers are whole numbers above this

  /// How many different ones there are.
  std::int64_t entities() const { return static_cast<std::int64_t>(begin.size()) - 1; }
  /// The entity of each row in [first, last).
  std::vector<std::int64_t> entity_of(std::int64_t first, std::int64_t last) const;
  /// Of each row in [first, last): rows of its entity before it, and in all.
  void places(std::int64_t first, std::int64_t last, std::vector<std::int32_t>& index,
              std::vector<std::int32_t>& size) const;
};

/// Rows by entity.
struct Grouping {
  std::vector<std::int64_t> order;  ///< [rows] entities in the order of their first rows, by date
  std::vector<std::int64_t> begin;  ///< [entities + 1] first row of each in that order
};

/// \param time  null: an entity's rows stay as they are; rows without a date come last
Grouping group_rows(const table::Column& entity, const table::Column* time);

/// Puts kPreviousDate (where there are dates) and kEntityRows behind the columns of a table whose
/// rows of one entity stand together. \param schema  with entity_time
void add_panel_columns(const table::Schema& schema, const std::vector<std::int64_t>& begin,
                       table::Table& rows);

/// True when the schema names an entity that has several rows, so that prepare_panel() has
/// something to do.
bool has_panel(const table::Table& rows, const table::Schema& schema);

/// Sorts rows by entity (in the order of their first rows) and date, and adds the columns above.
/// The schema is made complete: entity_time (the first date that is not constant within entities,
/// when it names none), entity_constants (all columns that are constant within every entity, with
/// those that it names), the entity as an identifier, and kEntityRows.
/// A row without an entity is one of its own.
/// \throws Error{kData} for names that are no columns, a time that is no date, or a column that is
///         listed as constant and is not
Panel prepare_panel(table::Table rows, table::Schema& schema);

/// The first row of each entity in [first, last): what constants are learned from.
table::Table first_rows(const Panel& panel, std::int64_t first, std::int64_t last);

}  // namespace semblance::trainer
