/// run.json: what was run in a run folder, with which settings, on which contents, and how long it
/// took.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/stage.hpp"

namespace semblance::pipeline {

/// A file or directory as it was when it was hashed.
struct ContentRecord {
  std::string path;              ///< relative to the run folder when inside it
  std::string sha256;            ///< of the contents
  std::int64_t bytes = 0;        ///< all files together
  std::int64_t modified_ns = 0;  ///< latest modification of any file, nanoseconds since 1970
  std::int64_t files = 1;        ///< how many; 1 unless it is a directory
};

/// The last run of a stage, whole or interrupted.
struct StageRecord {
  bool done = false;        ///< false: started, and not known to have ended
  std::string fingerprint;  ///< SHA-256 of program version, settings and input contents
  std::string program;      ///< "semblance 0.1.0"
  std::vector<std::pair<std::string, std::string>> settings;  ///< those that decide the result
  std::map<std::string, ContentRecord> inputs, outputs;       ///< by role
  std::string started, finished;                              ///< UTC, ISO 8601
  double seconds = 0;                                         ///< wall time of rank 0
  int ranks = 1;     ///< processes; no part of the fingerprint
  std::string host;  ///< of rank 0
};

/// What run.json holds.
struct RunRecord {
  std::string config;                         ///< path of the configuration
  std::string config_sha256;                  ///< of its bytes at the time of the last run
  std::map<std::string, StageRecord> stages;  ///< by stage name

  /// The record of a run folder; an empty one when there is no run.json.
  /// \throws Error{kData} when run.json is damaged
  static RunRecord load(const std::filesystem::path& folder);
  /// Writes run.json (whole or not at all); stages stand in the given order.
  void save(const std::filesystem::path& folder, const std::vector<std::string>& order) const;
  /// SHA-256 on record for a path with the same number of files, size and modification time; "" for
  /// none.
  std::string known_sha256(const ContentRecord& content) const;
};

/// The contents of a file or directory; not hashed again when `known` has it with the same number
/// of files, size and modification time. \throws Error{kIo} when it cannot be read
ContentRecord content_of(const std::filesystem::path& path, const std::filesystem::path& folder,
                         const RunRecord& known);

/// The present time as UTC, ISO 8601.
std::string utc_now();

}  // namespace semblance::pipeline
