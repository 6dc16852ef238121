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
  std::string config;             ///< path of the YAML file
  std::vector<std::string> sets;  ///< "section.key=value", in order
  std::string output;    ///< run folder, relative to the working directory; "": as configured
  std::string from, to;  ///< stage names; "" for the ends of the road
  bool force = false;    ///< run stages whose results are up to date, too
  std::string program;   ///< name and version
};

/// Runs what is not up to date; tells where the report is.
/// \throws Error{kUsage}, Error{kData}, Error{kIo} as read_config() and run_stages() do
std::vector<StageOutcome> run(const RunRequest& request, base::Communicator& communicator);

}  // namespace semblance::pipeline
