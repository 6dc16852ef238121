#include "trainer/choose.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/device.hpp"
#include "base/error.hpp"

namespace semblance::trainer {
namespace {

void check_options(const TrainOptions& o) {
  SEMBLANCE_EXPECT(o.decoder == "autoregressive" || o.decoder == "independent", kData,
                   "setting 'decoder' is '{}'; it must be autoregressive or independent{}",
                   o.decoder, base::did_you_mean(o.decoder, {"autoregressive", "independent"}));
  SEMBLANCE_EXPECT(o.entity_rows == "together" || o.entity_rows == "apart", kData,
                   "setting 'entity_rows' is '{}'; it must be together or apart{}", o.entity_rows,
                   base::did_you_mean(o.entity_rows, {"together", "apart"}));
  SEMBLANCE_EXPECT(o.latent >= 0, kData, "setting 'latent' is {}; it must be 0 or more", o.latent);
  SEMBLANCE_EXPECT(o.hidden >= 0, kData,
                   "setting 'hidden' is {}; it must be 1 or more, or 0 to be chosen", o.hidden);
  SEMBLANCE_EXPECT(o.blocks >= -1, kData,
                   "setting 'blocks' is {}; it must be 0 or more, or -1 to be chosen", o.blocks);
  SEMBLANCE_EXPECT(o.epochs >= 0, kData,
                   "setting 'epochs' is {}; it must be 1 or more, or 0 to be chosen", o.epochs);
  SEMBLANCE_EXPECT(o.batch_size >= 1, kData, "setting 'batch_size' is {}; it must be 1 or more",
                   o.batch_size);
  SEMBLANCE_EXPECT(o.learning_rate > 0, kData, "setting 'learning_rate' is {}; it must be above 0",
                   o.learning_rate);
  SEMBLANCE_EXPECT(o.weight_decay >= 0 || o.weight_decay == -1, kData,
                   "setting 'weight_decay' is {}; it must be 0 or more, or -1 to be chosen",
                   o.weight_decay);
  SEMBLANCE_EXPECT(o.validation >= 0 && o.validation < 1, kData,
                   "setting 'validation' is {}; it must be a share from 0 to below 1",
                   o.validation);
  SEMBLANCE_EXPECT(o.patience >= 0, kData,
                   "setting 'patience' is {}; it must be 1 or more, or 0 to be chosen", o.patience);
  SEMBLANCE_EXPECT(o.slopes >= -1 && o.slopes <= 1, kData,
                   "setting 'slopes' is {}; it must be 1 (restored), 0 (left), or -1 to be chosen",
                   o.slopes);
}

/// Rows to go through grow with the square root of the rows of the table: 300,000 (9 epochs) for
/// 32,000 rows. Small tables stop early by their validation loss.
int chosen_epochs(std::int64_t rows, int blocks) {
  const double n = static_cast<double>(std::max<std::int64_t>(rows, 1));
  const double visits = 300'000 * std::sqrt(n / 32'000) * (blocks > 0 ? 1.5 : 1.0);
  return std::clamp(static_cast<int>(std::lround(visits / n)), 2, 60);
}

/// Tables of so many rows or more get a network that smooths less.
constexpr std::int64_t kManyRows = 50'000;

/// Many rows have more to tell than the usual width holds. Chosen on flights and hospital stays, by
/// their validation losses and by what is learned from their synthetic rows.
int chosen_width(std::int64_t rows) { return rows >= kManyRows ? 256 : 128; }

/// Decay acts at every step, so more rows an epoch would be held back more by the same decay (Wang
/// and Aitchison 2024, "How to set AdamW's weight decay as you scale model and dataset size"); an
/// epoch of more rows also tells more, so it falls with their square root only.
double chosen_weight_decay(std::int64_t rows) {
  constexpr double kUsual = 0.3;
  return kUsual *
         std::sqrt(std::min(1.0, static_cast<double>(kManyRows) /
                                     static_cast<double>(std::max<std::int64_t>(rows, 1))));
}

/// Smoothing costs those who learn from the synthetic rows more than a little learning by heart
/// does.
double chosen_tolerance(std::int64_t rows) { return rows >= kManyRows ? 0.01 : 0.0; }

/// Few rows tell little of rare tokens. The rule was fitted to the validation losses of tables of
/// some thousand to some ten thousand rows.
double chosen_shrinkage(std::int64_t rows) {
  constexpr double kMost = 100, kLeast = 0.2;
  const double shrinkage = 10 * std::pow(8'000.0 / static_cast<double>(rows), 3);
  return shrinkage < kLeast ? 0.0 : std::min(shrinkage, kMost);
}

}  // namespace

Choice choose(const TrainOptions& options, const std::vector<int>& cardinalities, std::int64_t rows,
              int ranks) {
  check_options(options);
  Choice choice;
  NetworkShape& shape = choice.shape;
  shape.autoregressive = options.decoder == "autoregressive";
  shape.cardinalities = cardinalities;
  shape.latent = options.latent;
  shape.hidden = options.hidden > 0 ? options.hidden : chosen_width(rows);
  shape.blocks = options.blocks >= 0 ? options.blocks : (shape.autoregressive ? 0 : 1);
  shape.block_width = shape.blocks > 0 ? shape.hidden : 0;
  shape.encoder = 64;
  shape.panel = options.shared_columns >= 0;
  shape.shared = std::max(options.shared_columns, 0);
  shape.check();

  FitSettings& fit = choice.fit;
  // Few rows: smaller batches, so that an epoch still has some tens of steps.
  const std::int64_t most_batch = std::max<std::int64_t>(
      32, static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(rows / 32 + 1))));
  fit.batch_size = std::min<std::int64_t>(std::int64_t{options.batch_size} * ranks, most_batch);
  fit.epochs = options.epochs > 0 ? static_cast<int>(std::lround(std::ceil(options.epochs)))
                                  : chosen_epochs(rows, shape.blocks);
  fit.learning_rate = options.learning_rate;
  fit.weight_decay = options.weight_decay >= 0 ? options.weight_decay : chosen_weight_decay(rows);
  fit.tolerance = chosen_tolerance(rows);
  fit.shrinkage = chosen_shrinkage(std::max<std::int64_t>(rows, 1));
  // Epochs are compared on the same rows, so that a few thousand tell them apart.
  constexpr double kMostValidation = 2'000;
  fit.validation = std::min(options.validation,
                            kMostValidation / static_cast<double>(std::max<std::int64_t>(rows, 1)));
  // So few rows are all needed to learn from; without validation the training is kept short.
  constexpr std::int64_t kFewRows = 100;
  if (rows < kFewRows) {
    fit.validation = 0;
    if (options.epochs == 0) fit.epochs = std::min(fit.epochs, 20);
  }
  fit.patience = options.patience > 0 ? options.patience : std::max(2, fit.epochs / 4);
  fit.seed = options.seed;
  fit.threads = options.threads;
  fit.tf32 = options.tf32;
  // The rows of an entity also follow from one another, past the heads.
  choice.slopes = options.slopes >= 0 ? options.slopes == 1 : rows >= kManyRows;
  choice.slopes = choice.slopes && shape.autoregressive && !shape.panel;
  // The step on LibTorch's tensors knows nothing of entities.
  fit.device = shape.panel ? "cpu" : base::resolve_device(options.device).name();
  return choice;
}

}  // namespace semblance::trainer
