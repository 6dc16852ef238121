/// What can be told of the settings of an evaluation before there are tables.
#pragma once

namespace semblance::evaluator {

struct EvaluateOptions;

/// Checks the ranges of the settings and reads the thresholds file.
/// \throws Error{kData} naming the setting, or path and line; Error{kIo} for a file that cannot be
///         read
void check_settings(const EvaluateOptions& options);

}  // namespace semblance::evaluator
