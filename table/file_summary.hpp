/// What a file or directory of this program holds, without reading more of it than that takes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "table/schema.hpp"
#include "table/shards.hpp"

namespace semblance::table {

/// What `semblance info` prints.
struct FileSummary {
  /// Of a fact: text, or number as the file holds it.
  using Value = std::variant<std::string, double, std::int64_t, std::uint64_t>;
  std::string what;              ///< "table", "shard directory", "model" or "HDF5 file"
  std::string format;            ///< "csv", "csv.gz", "parquet", "hdf5" or "shards"
  std::int64_t size_bytes = 0;   ///< on disk; of a directory all its files
  std::int64_t n_rows = -1;      ///< -1: not a table
  Schema schema;                 ///< of a table, or of the tables that a model makes
  std::vector<ShardPart> parts;  ///< of a shard directory, in row order; else empty
  /// Attributes of an HDF5 file ("seed", "codec/columns", ...) and entries of a manifest.
  std::vector<std::pair<std::string, Value>> facts;
};

/// \param threads  for CSV and Parquet files, which have to be read to know their columns; 0: all
/// \throws Error{kIo} unreadable; Error{kData} when it is nothing of ours
FileSummary summarise_file(const std::string& path, int threads = 0);

}  // namespace semblance::table
