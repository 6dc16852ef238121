/// The sections of the report that ask: would an analysis come to the same result?
#pragma once

#include "evaluator/context.hpp"

namespace semblance::evaluator {

/// utility.tstr_*, ci_overlap, fairness_*: one chosen target; not computed without --target.
Section target_section(const Context& context);
/// utility.global: every column as target in turn, real against synthetic training rows.
Section global_utility_section(const Context& context);

}  // namespace semblance::evaluator
