/// Whether a stage has to run: its fingerprint, and in words what changed since it ran.
#pragma once

#include <filesystem>
#include <string>

#include "pipeline/run_record.hpp"
#include "pipeline/stage.hpp"

namespace semblance::pipeline {

/// A stage as it would run now: contents of its inputs and the fingerprint of all that decides it.
/// \param record  spares hashing what did not change since it was written
/// \throws Error{kIo} naming the input that is not there
StageRecord describe_stage(const Stage& stage, const std::filesystem::path& folder,
                           const std::string& program, const RunRecord& record);

/// Why the stage must run in view of the record, for example "setting 'epochs' changed from '5' to
/// '10'"; "" when it need not.
std::string reason_to_run(const Stage& stage, const std::filesystem::path& folder,
                          const StageRecord& now, const RunRecord& record);

}  // namespace semblance::pipeline
