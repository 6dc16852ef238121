/// The training loop: tokens in, weights out. Knows nothing of tables and files.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "trainer/network.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {

/// How to train one network; choose() fills it from the user's options.
struct FitSettings {
  int epochs = 20;                ///< length of the learning-rate schedule
  std::int64_t batch_size = 512;  ///< rows a step over all ranks
  double learning_rate = 4e-3;    ///< the largest of the schedule
  double weight_decay = 0.3;      ///< AdamW's, not on biases
  double shrinkage = 0;           ///< AdamSettings::shrinkage
  double dropout = 0;             ///< share of units inside blocks that a step leaves out
  double gradient_norm = 5;       ///< longer gradients are shortened to this
  double validation = 0.1;        ///< share of rows kept to judge by
  int patience = 0;  ///< epochs without a better validation loss before stopping; 0: never
  /// While the validation loss is above the best by no more than this share, training goes on, and
  /// a last epoch so near is kept.
  double tolerance = 0;
  std::vector<int>
      ordered;             ///< [C] as TokenColumn::ordered, in the order of generation; empty: none
  std::uint64_t seed = 1;  ///< of initial weights, batches and noise
  int threads = 1;         ///< the result does not depend on it
  std::string device = "cpu";  ///< as base::Device::name()
  bool tf32 = true;            ///< on a GPU: matrix products in TensorFloat-32 (10 bits)
};

/// One line of the loss log; losses in nats a row.
struct EpochLog {
  int epoch = 0;          ///< 1 is the first
  double training = 0;    ///< mean over the epoch, with dropout
  double validation = 0;  ///< NaN when there are no validation rows
  double kl = 0;          ///< part of the validation loss (of training, without validation rows)
  double rows_per_s = 0;  ///< over all ranks, wall time

  /// What epochs are compared by.
  double judged() const { return std::isnan(validation) ? training : validation; }
};

/// All that a stopped training needs to go on.
struct FitState {
  /// Trained numbers (the network's parameters, then the smooth basis') and AdamW's running means.
  std::vector<float> weights, first, second;
  /// Running mean of the parameters: what epochs are judged by and what the model keeps.
  std::vector<float> average;
  std::vector<float> best;  ///< `average` at the best epoch so far; empty before the first
  double best_loss = 0;     ///< validation loss of `best`, nats a row
  int best_epoch = 0;       ///< 0 before the first
  /// What training goes back to when it has gone too far: the trained numbers at the best epoch.
  std::vector<float> best_weights, best_first, best_second;
  std::int64_t best_steps = 0;       ///< optimizer steps at the best epoch
  double best_rate = 0;              ///< learning rate at the best epoch
  int cooldown_from = -1;            ///< finished epochs when the cool-down began; -1: not yet
  int cooldown_epochs = 0;           ///< length of the cool-down once it has begun
  int epoch = 0;                     ///< finished epochs
  std::int64_t batch = 0;            ///< finished batches of the epoch after those
  std::int64_t steps = 0;            ///< optimizer steps in all
  double nll = 0, kl = 0, rows = 0;  ///< sums over the finished batches of the unfinished epoch
  std::vector<EpochLog> log;         ///< one line a finished epoch
};

/// How the loop talks to the world. All members may be empty.
struct FitHooks {
  /// Asked on every rank before each step; true on any rank means: save, then end with
  /// Error{kStopped}.
  std::function<bool()> stop_requested;
  /// Asked on rank 0 before each step; true means: save and go on.
  std::function<bool()> save_due;
  /// Called on every rank with the same state.
  std::function<void(const FitState&)> save;
  /// Rows of the batch over all ranks, and their mean loss in nats; on a device, of several
  /// batches.
  std::function<void(std::int64_t, double)> batch_done;
  std::function<void(const EpochLog&)> epoch_done;  ///< called on every rank
  /// The state after the last epoch: a fit that resumes from it ends at once.
  std::function<void(const FitState&)> training_done;
};

/// What training leaves; the same on every rank.
struct FitResult {
  std::vector<float> weights;  ///< [layout size] the mean of the best epoch
  double validation_loss = 0;  ///< of these weights, nats a row
  int best_epoch = 0;          ///< 1 is the first
  std::vector<EpochLog> log;   ///< one line an epoch
  std::vector<double>
      column_loss;  ///< [C] validation nats a row by column, in the order of generation
};

/// Trains on the rows of all ranks. The learning rate follows one cycle over settings.epochs. When
/// the validation loss has not fallen for settings.patience epochs and has left the tolerance,
/// training goes back to the best epoch and cools down: the rate falls to nothing in a straight
/// line over a third as many epochs.
/// \param resume   null to start afresh
/// \param initial  [layout size] weights to start from; null: random ones
/// \throws Error{kData} when there are no rows, or the loss is not a number; Error{kStopped}
FitResult fit_network(const TokenRows& data, const NetworkShape& shape, const FitSettings& settings,
                      base::Communicator& communicator, const FitHooks& hooks = {},
                      const FitState* resume = nullptr,
                      const std::vector<float>* initial = nullptr);

}  // namespace semblance::trainer
