/// Shard directories: part-00000.h5 …, dataset.h5 (virtual datasets over all parts) and
/// manifest.json, which is written last: no manifest, no dataset. Layout: docs/FORMAT.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::table {

struct ShardPart {
  std::string file;  ///< "part-00000.h5"
  std::int64_t rows = 0;
  std::string sha256;  ///< of the file's bytes
};

struct Manifest {
  Schema schema;
  std::vector<ShardPart> parts;
  std::uint64_t seed = 0;
  std::string model_sha256;  ///< "" when the rows come from no model
  std::string program;       ///< program name and version
  std::int64_t n_rows() const;
};

std::string part_file_name(std::int64_t part);

/// Writes one part under its final name (atomically). Every part of a directory must be given the
/// same levels, in the same order, for its category columns. Returns rows and checksum.
ShardPart write_part(const std::string& directory, std::int64_t part, const Table& rows);

/// True when the part exists and has this checksum or, with an empty checksum, can be opened and
/// has `rows` rows.
bool part_is_whole(const std::string& directory, const ShardPart& part);

/// Writes dataset.h5, then manifest.json.
void write_manifest(const std::string& directory, const Manifest& manifest);

/// \throws Error{kData} when manifest.json is absent (an unfinished dataset) or damaged
Manifest read_manifest(const std::string& directory);

/// All rows of a shard directory in part order; checksums are verified when `verify` is true.
Table read_shards(const std::string& directory, bool verify = false);

}  // namespace semblance::table
