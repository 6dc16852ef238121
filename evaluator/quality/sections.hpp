/// The sections of the report that ask: does the synthetic table look like the real one?
#pragma once

#include "evaluator/context.hpp"

namespace semblance::evaluator {

Section column_shape_section(const Context& context);
Section missingness_section(const Context& context);
Section pair_trend_section(const Context& context);
Section detection_section(const Context& context);
Section plane_section(const Context& context);
Section date_rhythm_section(const Context& context);
Section accuracy_section(const Context& context);

}  // namespace semblance::evaluator
