/// The sections of the report that ask: could anybody be found in the synthetic table?
#pragma once

#include "evaluator/context.hpp"

namespace semblance::evaluator {

/// privacy.exact_copies, replicated_uniques; lists up to 50 synthetic rows that equal a real one.
Section copies_section(const Context& context);
/// privacy.dcr_*, nndr_p5, identical_share: Gower distances of all rows.
Section closest_record_section(const Context& context);
/// privacy.identifiability, hitting_rate, attribute_disclosure.
Section disclosure_section(const Context& context);
/// privacy.singling_out_*, linkability, inference, inference_worst; not computed without a holdout.
Section attacks_section(const Context& context);
/// privacy.mia_*; not computed without a holdout of 20 rows.
Section membership_section(const Context& context);
/// privacy.lira_*, epsilon_lower: what attack.json tells (EvaluateOptions::attack_file).
Section shadow_section(const Context& context);

}  // namespace semblance::evaluator
