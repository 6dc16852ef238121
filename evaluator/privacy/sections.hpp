/// The sections of the report that ask: could anybody be found in the synthetic table?
#pragma once

#include "evaluator/context.hpp"

namespace semblance::evaluator {

Section copies_section(const Context& context);
Section closest_record_section(const Context& context);
Section disclosure_section(const Context& context);
Section attacks_section(const Context& context);
Section membership_section(const Context& context);

}  // namespace semblance::evaluator
