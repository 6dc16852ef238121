/// Raw hospital tables to one input table, by a YAML recipe (grammar: docs/RECIPES.md).
#pragma once

#include <cstdint>
#include <string>

#include "base/communicator.hpp"
#include "base/settings.hpp"

namespace semblance::prepare {

/// What to prepare, and with how much.
struct PrepareOptions {
  std::string recipe;  ///< path of the recipe
  std::string input;   ///< directory of the raw tables
  std::string output;  ///< path of the table to write
  std::string
      metadata;  ///< where to write what the recipe knows of the columns (kinds, relative_to,
                 ///< entity) as metadata YAML, for `train --metadata`; "" for nowhere
  std::int64_t memory_mib = 2048;  ///< for rows that joins, sorts and the like keep; at least 1
  int threads = 0;                 ///< 0: all cores
};
/// The setting memory_mib; paths are arguments of the command.
void add_settings(base::SettingList& list, PrepareOptions& options);

/// Rank 0 works, the others wait. A recipe that leaves no row writes a header and warns.
/// \throws as read_recipe() and run_recipe(); Error{kIo} when the directory is absent
void prepare(const PrepareOptions& options, base::Communicator& communicator);

}  // namespace semblance::prepare
