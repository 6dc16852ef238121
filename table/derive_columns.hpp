/// Columns that follow exactly from others of their row, found in a table.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "table/column.hpp"

namespace semblance::table {

/// Sets `derived` of each column that follows from others in every row of the table, and is missing
/// just where one of them is: copies; the time between two dates, in days, hours, minutes, seconds,
/// nights, weeks, months or years, rounded in whichever way holds; sums of up to eight numbers; one
/// number times a factor plus a constant. Never on little evidence: at least 50 rows are needed,
/// and in each column of a formula 20 that differ from its commonest value. Of columns that say the
/// same the coarser one is derived, or the later; of a sum and its parts the sum, so that no result
/// is outside what its parts allow. Identifiers, the entity, columns of constraints, dropped and
/// derived ones stay as they are. Cost: O(rows * columns), and a sample of rows for each pair.
/// \param table  with the columns of `schema`
/// \param kept   columns that must be learned, beside those of schema.order
/// \return       (column, formula) of each that was set
std::vector<std::pair<std::string, std::string>> derive_columns(
    const Table& table, Schema& schema, const std::vector<std::string>& kept = {});

}  // namespace semblance::table
