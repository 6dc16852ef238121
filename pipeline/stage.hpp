/// A stage of the road from raw data to the report: what it reads, what it writes, what decides it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/communicator.hpp"

namespace semblance::pipeline {

/// One step and all that decides its result; run_stages() knows no more of it than this.
struct Stage {
  /// A file or directory under the name by which run.json knows it.
  struct Item {
    std::string role;            ///< for example "recipe"
    std::filesystem::path path;  ///< absolute
  };

  std::string name;           ///< as in --from and in the configuration, for example "train"
  std::string task;           ///< what it does, for people: "learn a model of the training rows"
  std::vector<Item> inputs;   ///< files that must be there, and whose contents decide the result
  std::vector<Item> outputs;  ///< files that the stage leaves; all of them, always
  std::vector<Item> scratch;  ///< checkpoints: kept while the stage may be resumed, then removed
  /// Name and value of every setting that decides the result (threads and device do not).
  std::vector<std::pair<std::string, std::string>> settings;
  /// Does the work on every rank. Outputs of an unfinished attempt with the same inputs and
  /// settings are left in place for it to go on from; others have been removed.
  std::function<void(base::Communicator&)> run;
};

}  // namespace semblance::pipeline
