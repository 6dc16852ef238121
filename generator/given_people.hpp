/// The rows of `generate --like TABLE` for a model of entities: whose they are, in what order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::generator {

/// Given rows, those of one entity together and in the order of their dates.
struct GivenPeople {
  table::Table rows;                ///< with the columns that the model of entities adds to a table
  std::vector<std::int64_t> begin;  ///< [entities + 1] first row of each
};

/// Groups given rows by the entity's column. A row without an entity is one of its own.
/// \param model   schema of a model of entities
/// \param impute  missing cells of constants are filled from the entity's other rows
/// \param name    of the table, for messages
/// \throws Error{kData}: there is no column of the entity; a column that the model keeps constant
///         varies; dates that rows are in order of are given in some rows and to be made in others
GivenPeople group_people(table::Table rows, const table::Schema& model, bool impute,
                         const std::string& name);

}  // namespace semblance::generator
