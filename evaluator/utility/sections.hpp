/// The sections of the report that ask: would an analysis come to the same result?
#pragma once

#include "evaluator/context.hpp"

namespace semblance::evaluator {

Section target_section(const Context& context);
Section global_utility_section(const Context& context);

}  // namespace semblance::evaluator
