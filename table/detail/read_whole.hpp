/// What read_table and inspect_table share.
#pragma once

#include <string>

#include "table/detail/loaded_table.hpp"

namespace semblance::table::detail {

/// A table of any format with metadata laid over it and identifiers recognised; warnings are
/// gathered, not shown. Errors as read_table.
LoadedTable read_whole(const std::string& path, const ReadOptions& options);

}  // namespace semblance::table::detail
