/// Which columns an attacker is taken to know.
#pragma once

#include <string>
#include <vector>

#include "evaluator/context.hpp"

namespace semblance::evaluator {

/// Columns that an attacker is taken to know of a person.
struct QuasiIdentifiers {
  std::vector<int> columns;  ///< of the comparison; may be empty
  std::string text;          ///< their names, and how they were chosen
  std::string why_not;       ///< when there are none
};

/// Those of the options, else those with telling names.
QuasiIdentifiers quasi_identifiers(const Context& context);

}  // namespace semblance::evaluator
