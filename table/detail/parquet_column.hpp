/// One column of an Arrow table as a column of ours.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace arrow {
class ChunkedArray;
}

namespace semblance::table::detail {

/// Fills `column` (whose spec has its name) with the values of an Arrow column; the kind follows
/// the type. Texts that are `markers` are missing, beside nulls.
/// \return false when the type is none that a table can hold
/// \throws Error{kData} for a date out of range
bool read_arrow_column(const arrow::ChunkedArray& chunks, const std::vector<std::string>& markers,
                       Column& column);

}  // namespace semblance::table::detail
