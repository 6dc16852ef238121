/// Goes through the stages of a run folder, and runs those whose results are not there already.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "pipeline/stage.hpp"

namespace semblance::pipeline {

/// Which stages to look at, and what goes into every record.
struct RunOptions {
  std::filesystem::path folder;  ///< where run.json is kept; made when absent
  std::string from, to;          ///< first and last stage to look at; "" for the ends of the road
  bool force = false;            ///< run the stages from `from` to `to` even when nothing changed
  std::string program;           ///< name and version, part of every fingerprint
  std::filesystem::path config;  ///< for run.json
};

/// What became of a stage.
struct StageOutcome {
  /// kLeftOut: not between `from` and `to`.
  enum class State { kRan, kUpToDate, kLeftOut };
  std::string name;               ///< of the stage
  State state = State::kLeftOut;  ///< kUpToDate: nothing was run or written
  std::string reason;  ///< why it ran, for example "setting 'epochs' changed from 5 to 10"
  double seconds = 0;  ///< wall time; 0 unless it ran
};

/// All ranks call this together; rank 0 decides, and the others follow. A stage is up to date when
/// run.json shows that it ended with the same program version, settings and contents of inputs, and
/// its outputs still have the contents that it left. Outputs and checkpoints of an attempt that was
/// interrupted are kept when nothing changed since, so that the stage goes on from there.
/// \throws Error{kUsage} for an unknown or misplaced `from` or `to`; Error{kIo} when an input is
///         not there or another run is at work in the folder; and whatever a stage throws
std::vector<StageOutcome> run_stages(const std::vector<Stage>& stages, const RunOptions& options,
                                     base::Communicator& communicator);

}  // namespace semblance::pipeline
