/// The checks of attribute disclosure: CAP and GeneralizedCAP.
#pragma once

#include <vector>

#include "evaluator/context.hpp"

namespace semblance::evaluator {

/// Both checks; a table of every secret is added to the blocks.
std::vector<Check> attribute_checks(const Context& context, Json& blocks);

}  // namespace semblance::evaluator
