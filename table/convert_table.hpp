/// A table from one format into another.
#pragma once

#include <cstdint>
#include <string>

#include "table/read_table.hpp"

namespace semblance::table {

/// The size of what was written.
struct Converted {
  std::int64_t n_rows = 0;  ///< of data, header left out
  int n_columns = 0;        ///< as written
};

/// Reads `in` and writes `out`. A shard directory goes into a single file part by part, so memory
/// holds one part; everything else is read as a whole.
/// Columns that options.metadata drop are left out.
/// \param rows_per_part  when `out` is a shard directory
/// \throws as read_table and write_table
Converted convert_table(const std::string& in, const std::string& out, const ReadOptions& options,
                        std::int64_t rows_per_part);

}  // namespace semblance::table
