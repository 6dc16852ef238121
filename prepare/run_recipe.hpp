/// Carries out a recipe: plans each table as a chain of row programs and sinks, then streams rows
/// through.
#pragma once

#include <cstdint>
#include <string>

#include "base/communicator.hpp"
#include "prepare/recipe.hpp"

namespace semblance::prepare {

/// With what a recipe is run.
struct RecipeRun {
  std::string input;              ///< directory of the raw tables
  std::int64_t memory_bytes = 0;  ///< for rows that are kept, over all tables
  int threads = 0;                ///< 0: all cores; the output does not depend on it
  std::string metadata;           ///< metadata YAML to write beside the table; "" for none
};

/// Runs a recipe and writes its output table. Returns the number of rows (on rank 0). Every rank
/// calls it; plain CSV files, and gzip files whose members tell their lengths, are shared out. The
/// table is the same for any number of ranks and threads.
/// \throws Error{kData} with recipe line, or file, row and column; Error{kIo}; the same on all
/// ranks
std::int64_t run_recipe(const Recipe& recipe, const RecipeRun& run, const std::string& output,
                        base::Communicator& communicator);

}  // namespace semblance::prepare
