/// Rows as bytes, to pass them from rank to rank.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "table/column.hpp"

namespace semblance::generator {

/// Values and levels of all columns in the byte order of this machine; for ranks of one job, not
/// for files.
std::vector<std::byte> pack_rows(const table::Table& rows);
/// \param schema  of the table that was packed
table::Table unpack_rows(std::span<const std::byte> bytes, const table::Schema& schema);

/// Rows of `more` after those of `rows`; both have the same columns, levels may differ.
void append_rows(table::Table& rows, const table::Table& more);

}  // namespace semblance::generator
