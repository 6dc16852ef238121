/// Raw hospital tables to one input table, by a YAML recipe (grammar: docs/RECIPES.md).
#pragma once

#include <cstdint>
#include <string>

#include "base/communicator.hpp"
#include "base/settings.hpp"

namespace semblance::prepare {

struct PrepareOptions {
  std::string recipe;  ///< path of the recipe
  std::string input;   ///< directory of the raw tables
  std::string output;  ///< path of the table to write
  std::string
      metadata;  ///< where to write what the recipe knows of the columns (kinds, relative_to,
                 ///< entity) as metadata YAML, for `train --metadata`; "" for nowhere
  std::int64_t memory_mib = 2048;
  int threads = 0;
};
void add_settings(base::SettingList& list, PrepareOptions& options);

void prepare(const PrepareOptions& options, base::Communicator& communicator);

}  // namespace semblance::prepare
