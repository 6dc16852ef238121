/// Writing what a TableMaker makes: a shard directory, or one file in row order.
#pragma once

#include <cstdint>
#include <string>

#include "base/communicator.hpp"
#include "generator/table_maker.hpp"
#include "table/shards.hpp"

namespace semblance::generator {

/// Which rows go where, and what the manifest says of them.
struct OutputPlan {
  std::string path;       ///< directory or file; the writer is chosen by the caller
  std::int64_t rows = 0;  ///< rows 0 to rows - 1 are made
  std::int64_t rows_per_part = 1'000'000;  ///< shard directories
  int threads = 0;                         ///< a rank; 0: all cores
  std::uint64_t seed = 1;                  ///< for the manifest; the TableMaker has its own
  std::string model_sha256;  ///< of the model file, for the manifest and the check of parts
  std::string settings;      ///< whatever else decides the rows, as text: a part made under other
                             ///< settings is redone
};

/// Parts are made by the ranks in turn. A part that is there already, made from the same model,
/// seed and settings, and whole, is kept; dataset.h5 and the manifest are written last, by rank 0.
/// \throws Error{kIo}; Error{kUsage} when the directory holds files of other kinds
void write_shard_directory(const OutputPlan& plan, const TableMaker& maker,
                           base::Communicator& communicator, RetryCounts& counts);

/// One file; the ranks make runs of rows in turn and rank 0 writes them in order.
void write_single_file(const OutputPlan& plan, const TableMaker& maker,
                       base::Communicator& communicator, RetryCounts& counts);

}  // namespace semblance::generator
