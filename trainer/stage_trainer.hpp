/// One network after another of a training, each with checkpoints, messages and signals.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/communicator.hpp"
#include "base/progress.hpp"
#include "trainer/checkpoint.hpp"
#include "trainer/choose.hpp"
#include "trainer/fit.hpp"
#include "trainer/train.hpp"

namespace semblance::trainer {

/// Names and texts of all settings that decide the result, those that were chosen among them: for
/// the model file, and for telling whether a checkpoint belongs to the training.
std::vector<std::pair<std::string, std::string>> settings_texts(TrainOptions options,
                                                                const Choice& choice);

/// Trains networks on the same rows and goes on from the checkpoint of each that was stopped.
class StageTrainer {
 public:
  /// Keeps references to all but total_rows. Every rank makes one: the rows of all are hashed.
  /// \param total_rows  over all ranks
  StageTrainer(const TokenRows& rows, const TrainOptions& options, std::int64_t total_rows,
               base::Communicator& communicator);

  /// \param stage    names the checkpoint: "plain", "probe", "blocks"
  /// \param initial  weights to start from, or null
  /// \throws as fit_network()
  FitResult run(const std::string& stage, const Choice& choice, const std::vector<float>* initial);
  /// When the model stands, its checkpoints are not needed any more.
  void remove_checkpoints() const;

 private:
  std::string path(const std::string& stage) const;
  FitHooks hooks(const std::string& stage, const std::string& print, base::Progress& progress);
  std::optional<FitState> resumed(const std::string& stage, const std::string& print) const;

  const TokenRows& rows_;
  const TrainOptions& options_;
  std::int64_t total_rows_;
  std::int64_t data_;
  base::Communicator& communicator_;
  SignalRequests signals_;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
  std::string note_;
  std::vector<std::string> stages_;
};

}  // namespace semblance::trainer
