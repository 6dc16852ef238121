/// Fixed combinations ("fixcombo A B"): the columns are coded as one, so that only combinations of
/// the training table can ever come out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::trainer {

/// The category columns of a combination as one column whose levels are the combinations that
/// occur; a missing cell is a part of its combination.
table::Column joined_columns(const std::vector<const table::Column*>& columns);

/// Fills codes and levels of the columns from a joined column.
/// \throws Error{kData} when a level of `joined` does not have as many parts as there are columns
void split_column(const table::Column& joined, const std::vector<table::Column*>& columns);

/// The part of a joined level that belongs to its i-th column; nothing when that is missing.
std::optional<std::string> combination_part(const std::string& level, std::size_t i);

}  // namespace semblance::trainer
