#include "table/format_value.hpp"

namespace semblance::table {

void append_value(std::string& out, const Column& column, std::int64_t row) {
  if (column.is_missing(row)) return;
  if (!column.codes.empty())
    out += column.levels[static_cast<std::size_t>(column.codes[static_cast<std::size_t>(row)])];
}

}  // namespace semblance::table
