/// Checks that may stop a release: those marked `gate: true` in the thresholds.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "evaluator/report_model.hpp"

namespace semblance::evaluator {

/// Ids of the gate checks that failed.
std::vector<std::string> failed_gates(const Report& report);

/// Ids of the gate checks without a value: nobody knows whether they would have failed.
std::vector<std::string> unanswered_gates(const Report& report);

/// Lets a report pass only when every gate has an answer and none failed.
/// \param page  where the report is, for the message
/// \throws Error{kGate} that names the checks
void check_gates(const Report& report, const std::filesystem::path& page);

}  // namespace semblance::evaluator
