/// Values as text, the same in every writer.
#pragma once

#include <cstdint>
#include <string>

#include "table/column.hpp"

namespace semblance::table {

/// Appends the value of a row as a CSV would hold it, without quoting; nothing when missing.
void append_value(std::string& out, const Column& column, std::int64_t row);

}  // namespace semblance::table
