/// The rows of a shard directory as one file.
#pragma once

#include <string>

namespace semblance::pipeline {

/// Writes the rows of the shard directory to `file` (.csv, .csv.gz, .parquet or .h5), part by part:
/// memory for one part at a time.
/// \throws Error{kData} when the directory is not a whole dataset; Error{kIo} when `file` cannot be
/// written
void export_synthetic(const std::string& shards, const std::string& file);

}  // namespace semblance::pipeline
