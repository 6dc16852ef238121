/// The whole road from one configuration: data, holdout, model, synthetic rows, report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "pipeline/run_stages.hpp"

namespace semblance::pipeline {

/// What the command line says on top of the configuration.
struct RunRequest {
  std::string config;
  std::vector<std::string> sets;  ///< "section.key=value", in order
  std::string output;  ///< run folder, relative to the working directory; "": as configured
  std::string from, to;
  bool force = false;
  std::string program;  ///< name and version
};

/// Runs what is not up to date; tells where the report is.
/// \throws Error{kUsage}, Error{kData}, Error{kIo} as read_config() and run_stages() do
std::vector<StageOutcome> run(const RunRequest& request, base::Communicator& communicator);

}  // namespace semblance::pipeline
