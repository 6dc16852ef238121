/// Writing tables: .csv, .csv.gz, .parquet, .h5 by extension, or a shard directory (no extension).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "table/column.hpp"

namespace semblance::table {

/// Rows appended in order to one file. Nothing stands under the final name before finish().
class TableWriter {
 public:
  virtual ~TableWriter() = default;
  /// Columns must be those of the schema; levels of categories may grow from call to call.
  virtual void append(const Table& rows) = 0;
  /// Writes what is left and puts the file under its final name; nothing may be appended after it.
  /// \throws Error{kIo}, for example when the disk is full
  virtual void finish() = 0;
};

/// kShards is a directory of HDF5 parts; the others are single files.
enum class TableFormat { kCsv, kCsvGz, kParquet, kHdf5, kShards };

/// By extension; a path without one is a shard directory.
/// \throws Error{kUsage} for an extension that is none of ours
TableFormat table_format(const std::string& path);

/// A writer for one file of any format except kShards.
/// \throws Error{kIo} when it cannot be created
std::unique_ptr<TableWriter> open_table_writer(const std::string& path, const Schema& schema);

/// Writes a whole table to a file, or to a shard directory of `rows_per_part` rows a part.
void write_table(const std::string& path, const Table& table,
                 std::int64_t rows_per_part = 1'000'000);

}  // namespace semblance::table
