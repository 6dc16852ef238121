/// Shard directories: part-00000.h5 …, dataset.h5 (virtual datasets over all parts) and
/// manifest.json, which is written last: no manifest, no dataset. Layout: docs/FORMAT.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::table {

/// One line of a manifest: a file of rows that follow those of the part before.
struct ShardPart {
  std::string file;       ///< "part-00000.h5"
  std::int64_t rows = 0;  ///< 0 only in a table without rows
  std::string sha256;     ///< of the file's bytes
};

/// What manifest.json says of all parts together.
struct Manifest {
  Schema schema;                 ///< of every part
  std::vector<ShardPart> parts;  ///< in row order
  std::uint64_t seed = 0;        ///< of the generation; 0 when the rows come from no model
  std::string model_sha256;      ///< "" when the rows come from no model
  std::string program;           ///< name of the program, and what else decided the rows
  std::int64_t n_rows() const;   ///< of all parts
};

/// "part-00007.h5" for 7; more digits beyond 99999.
std::string part_file_name(std::int64_t part);

/// True for the name of a file that belongs to a shard directory: a part, the note that generating
/// leaves beside it, dataset.h5, manifest.json, or one of these while it is written.
bool is_shard_file(const std::string& name);

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
