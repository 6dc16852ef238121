/// Carries out a recipe: plans each table as a chain of row programs and sinks, then streams rows
/// through.
#pragma once

#include <cstdint>
#include <string>

#include "prepare/recipe.hpp"

namespace semblance::prepare {

/// With what a recipe is run.
struct RecipeRun {
  std::string input;              ///< directory of the raw tables
  std::int64_t memory_bytes = 0;  ///< for rows that are kept, over all tables
  int threads = 0;                ///< 0: all cores; the output does not depend on it
  std::string metadata;           ///< metadata YAML to write beside the table; "" for none
};

/// Runs a recipe and writes its output table. Returns the number of rows.
/// \throws Error{kData} with recipe line, or file, row and column; Error{kIo}
std::int64_t run_recipe(const Recipe& recipe, const RecipeRun& run, const std::string& output);

}  // namespace semblance::prepare
