#include "trainer/fit.hpp"

#include <chrono>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "trainer/batches.hpp"
#include "trainer/cell_loops.hpp"
#include "trainer/history.hpp"
#include "trainer/lanes.hpp"
#include "trainer/optimizer.hpp"
#include "trainer/smooth_basis.hpp"

namespace semblance::trainer {
namespace {

/// Draws of the latent noise when the loss is only measured: a fixed stream of its own, so that
/// epochs are compared under the same noise.
constexpr std::uint32_t kMeasuringEpoch = 1u << 24;

/// Weight of the newest parameters in their running mean: the mean at step t weighs step s by about
/// s^9, so it looks back over the last tenth of the training however long that is (Karras et al.
/// 2024, "Analyzing and improving the training dynamics of diffusion models", section 3.1).
double average_share(std::int64_t step) {
  constexpr double kPower = 9;
  return 1 - std::pow(1 - 1 / static_cast<double>(step), kPower + 1);
}

/// By this share of the validation loss an epoch at a rate of nothing may be worse and still be
/// kept.
constexpr double kSettledLeeway = 0.002;

using Clock = std::chrono::steady_clock;

class Fit {
 public:
  Fit(const TokenRows& data, const NetworkShape& shape, const FitSettings& settings,
      base::Communicator& communicator, const FitHooks& hooks)
      : data_(data),
        shape_(shape),
        layout_(shape),
        settings_(settings),
        communicator_(communicator),
        hooks_(hooks),
        split_(split_rows(data.first_row, data.n_rows, settings.validation, settings.seed,
                          communicator, data.entity)),
        lanes_(shape, settings.threads, settings.device),
        basis_(shape, layout_, settings.ordered),
        trained_(layout_.size + basis_.size()),
        adam_(layout_, basis_.size()),
        flat_(static_cast<std::size_t>(trained_) + kExtras) {
    SEMBLANCE_EXPECT(
        split_.total_training > 0, kData,
        "there are no rows to train on: {} rows in all, {} of them kept for validation",
        split_.total_training + split_.total_validation, split_.total_validation);
    n_batches_ = std::max<std::int64_t>(
        1, (split_.total_training + settings.batch_size / 2) / settings.batch_size);
  }

  FitResult run(const FitState* resume, const std::vector<float>* initial);

 private:
  /// Numbers that travel behind the gradient in each step's reduction.
  enum Extra { kNll, kKl, kRows, kStop, kSave, kExtras };

  void start_afresh(const std::vector<float>* initial);
  void restore(const FitState& state);
  FitState snapshot() const;
  void combine();
  void train_epoch();
  void train_batch(const EpochBatches& batches, std::int64_t b);
  void finish_epoch(double seconds);
  StepLoss measure(const std::vector<float>& weights, std::span<double> column_nll);
  double rate() const;
  bool finished() const;
  bool should_cool_down() const;
  void begin_cooldown();

  const TokenRows& data_;
  NetworkShape shape_;
  NetworkLayout layout_;
  FitSettings settings_;
  base::Communicator& communicator_;
  const FitHooks& hooks_;
  RowSplit split_;
  Lanes lanes_;
  SmoothBasis basis_;
  std::int64_t trained_;  // numbers that the optimizer moves
  AdamW adam_;
  std::int64_t n_batches_ = 1;
  std::vector<float> flat_;     // gradient, then the extras
  std::vector<float> weights_;  // the network's parameters with the smooth basis added
  FitState state_;              // its first and second stay in adam_ while training
};

void Fit::start_afresh(const std::vector<float>* initial) {
  std::vector<double> counts(static_cast<std::size_t>(shape_.total_tokens()));
  const std::vector<std::int64_t> offsets = shape_.token_offsets();
  for (const std::int64_t row : split_.training) {
    const std::uint16_t* tokens = data_.tokens.data() + row * data_.n_columns;
    for (int s = 0; s < data_.n_columns; ++s) ++counts[offsets[s] + tokens[s]];
  }
  communicator_.all_reduce_sum(std::span(counts));
  state_.weights = initial != nullptr ? *initial
                                      : initial_weights(shape_, layout_, counts, settings_.seed,
                                                        settings_.ordered);
  SEMBLANCE_ASSERT(static_cast<std::int64_t>(state_.weights.size()) == layout_.size);
  if (shape_.panel && initial == nullptr) {
    std::vector<double> made = count_transitions(shape_, data_, split_.training);
    communicator_.all_reduce_sum(std::span(made));
    float* table = state_.weights.data() + layout_.offset(layout_.transition);
    set_initial_transitions(shape_, counts, made, table);
    std::vector<double> again = count_recalls(shape_, data_, split_.training, counts, table);
    communicator_.all_reduce_sum(std::span(again));
    set_initial_recall(shape_, again, state_.weights.data() + layout_.offset(layout_.recall));
  }
  state_.average = state_.weights;
  state_.weights.resize(static_cast<std::size_t>(trained_));
  state_.best_loss = std::numeric_limits<double>::infinity();
}

void Fit::restore(const FitState& state) {
  SEMBLANCE_EXPECT(static_cast<std::int64_t>(state.weights.size()) == trained_ &&
                       state.first.size() == state.weights.size() &&
                       state.second.size() == state.weights.size() &&
                       static_cast<std::int64_t>(state.average.size()) == layout_.size &&
                       (state.best.empty() || state.best.size() == state.average.size()),
                   kData, "the checkpoint belongs to a network of another size");
  state_ = state;
  adam_.first = std::move(state_.first);
  adam_.second = std::move(state_.second);
  adam_.steps = state_.steps;
}

FitState Fit::snapshot() const {
  FitState state = state_;
  state.first = adam_.first;
  state.second = adam_.second;
  state.steps = adam_.steps;
  return state;
}

/// weights_ from the trained numbers.
void Fit::combine() {
  weights_.assign(state_.weights.begin(), state_.weights.begin() + layout_.size);
  basis_.add(std::span(state_.weights).subspan(weights_.size()), weights_);
}

void Fit::train_batch(const EpochBatches& batches, std::int64_t b) {
  const StepNoise noise{settings_.seed, static_cast<std::uint32_t>(state_.epoch),
                        settings_.dropout};
  const std::span<float> all(flat_.data(), static_cast<std::size_t>(trained_));
  const std::span<float> gradient = all.first(static_cast<std::size_t>(layout_.size));
  const float scale = 1.0f / static_cast<float>(batches.global_size(b));
  const StepLoss loss =
      lanes_.gradient(weights_.data(), data_, batches.batch(b), noise, scale, gradient);
  float* extras = flat_.data() + trained_;
  extras[kNll] = static_cast<float>(loss.nll);
  extras[kKl] = static_cast<float>(loss.kl);
  extras[kRows] = static_cast<float>(loss.rows);
  extras[kStop] = hooks_.stop_requested && hooks_.stop_requested() ? 1.0f : 0.0f;
  extras[kSave] = communicator_.rank() == 0 && hooks_.save_due && hooks_.save_due() ? 1.0f : 0.0f;
  if (communicator_.size() > 1) communicator_.all_reduce_sum(std::span(flat_));

  SEMBLANCE_EXPECT(std::isfinite(extras[kNll]) && std::isfinite(extras[kKl]), kData,
                   "the loss is not a number at step {} of epoch {}: lower learning_rate (now {})",
                   b + 1, state_.epoch + 1, settings_.learning_rate);
  basis_.reduce(gradient, all.subspan(gradient.size()));
  const double length = norm(gradient);
  SEMBLANCE_EXPECT(
      std::isfinite(length), kData,
      "the gradient is not a number at step {} of epoch {}: lower learning_rate (now {})", b + 1,
      state_.epoch + 1, settings_.learning_rate);
  const double clip = length > settings_.gradient_norm ? settings_.gradient_norm / length : 1.0;
  const AdamSettings adam{.learning_rate = rate(),
                          .weight_decay = settings_.weight_decay,
                          .shrinkage = settings_.shrinkage};
  adam_.step(all, clip, adam, state_.weights);
  combine();
  blend(weights_.data(), static_cast<float>(average_share(adam_.steps)), layout_.size,
        state_.average.data());
  state_.nll += extras[kNll];
  state_.kl += extras[kKl];
  state_.rows += extras[kRows];
  ++state_.batch;
  if (hooks_.batch_done) {
    hooks_.batch_done(static_cast<std::int64_t>(extras[kRows]),
                      (extras[kNll] + extras[kKl]) / extras[kRows]);
  }
  const bool stop = extras[kStop] > 0;
  if ((stop || extras[kSave] > 0) && hooks_.save) hooks_.save(snapshot());
  if (stop) {
    base::fail(base::ErrorKind::kStopped,
               "stopped by a signal in epoch {} of {}; the same command goes on from there",
               state_.epoch + 1, settings_.epochs);
  }
}

void Fit::train_epoch() {
  const Clock::time_point start = Clock::now();
  const std::int64_t first = state_.batch;
  const EpochBatches batches(split_, n_batches_, settings_.seed,
                             static_cast<std::uint32_t>(state_.epoch));
  for (std::int64_t b = first; b < n_batches_; ++b) train_batch(batches, b);
  const double share = static_cast<double>(n_batches_ - first) / static_cast<double>(n_batches_);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  finish_epoch(seconds / std::max(share, 1e-9));
}

StepLoss Fit::measure(const std::vector<float>& weights, std::span<double> column_nll) {
  const StepNoise noise{settings_.seed, kMeasuringEpoch, 0};
  const bool validated = split_.total_validation > 0;
  const StepLoss loss = lanes_.loss(
      weights.data(), data_, validated ? split_.validation : split_.training, noise, column_nll);
  std::vector<double> sums = {loss.nll, loss.kl, static_cast<double>(loss.rows)};
  sums.insert(sums.end(), column_nll.begin(), column_nll.end());
  communicator_.all_reduce_sum(std::span(sums));
  for (std::size_t s = 0; s < column_nll.size(); ++s) column_nll[s] = sums[3 + s] / sums[2];
  return {sums[0] / sums[2], sums[1] / sums[2], static_cast<std::int64_t>(sums[2])};
}

/// The learning rate of the next step.
double Fit::rate() const {
  const auto share = [&](int from, int epochs) {
    const double done = static_cast<double>((state_.epoch - from) * n_batches_ + state_.batch);
    return done / static_cast<double>(epochs * n_batches_);
  };
  if (state_.cooldown_from >= 0) {
    return state_.best_rate * (1 - share(state_.cooldown_from, state_.cooldown_epochs));
  }
  return settings_.learning_rate * one_cycle(share(0, settings_.epochs));
}

bool Fit::finished() const {
  return state_.cooldown_from >= 0 ? state_.epoch >= state_.cooldown_from + state_.cooldown_epochs
                                   : state_.epoch >= settings_.epochs;
}

/// Too far: the best epoch lies back, and its rate was still high.
bool Fit::should_cool_down() const {
  if (state_.cooldown_from >= 0 || settings_.patience == 0 || state_.best_epoch == 0) return false;
  const bool waited = state_.epoch - state_.best_epoch >= settings_.patience;
  const bool too_late = state_.epoch == settings_.epochs && state_.best_epoch < state_.epoch;
  return (waited || too_late) && state_.best_rate > 0.1 * settings_.learning_rate;
}

void Fit::begin_cooldown() {
  state_.weights = state_.best_weights;
  state_.average = state_.best;
  adam_.first = state_.best_first;
  adam_.second = state_.best_second;
  adam_.steps = state_.best_steps;
  state_.cooldown_from = state_.epoch;
  state_.cooldown_epochs = std::max(1, (state_.best_epoch + 2) / 3);
  combine();
}

void Fit::finish_epoch(double seconds) {
  EpochLog line;
  line.epoch = ++state_.epoch;
  state_.batch = 0;
  line.training = (state_.nll + state_.kl) / state_.rows;
  line.kl = state_.kl / state_.rows;
  line.rows_per_s = state_.rows / std::max(seconds, 1e-9);
  line.validation = std::numeric_limits<double>::quiet_NaN();
  double judged = line.training;
  if (split_.total_validation > 0) {
    const StepLoss loss = measure(state_.average, {});
    line.validation = judged = loss.total();
    line.kl = loss.kl;
  }
  // At a rate of nothing the weights have settled, and the margins are truer than the loss can
  // tell: the last epoch is kept unless it is clearly worse.
  const double leeway = finished() ? 1 + kSettledLeeway : 1;
  if (judged < state_.best_loss * leeway) {
    state_.best_loss = judged;
    state_.best_epoch = state_.epoch;
    state_.best = state_.average;
    if (state_.cooldown_from < 0) {
      state_.best_weights = state_.weights;
      state_.best_first = adam_.first;
      state_.best_second = adam_.second;
      state_.best_steps = adam_.steps;
      state_.best_rate = rate();
    }
  }
  state_.nll = state_.kl = state_.rows = 0;
  state_.log.push_back(line);
  if (hooks_.epoch_done) hooks_.epoch_done(line);
}

FitResult Fit::run(const FitState* resume, const std::vector<float>* initial) {
  if (resume != nullptr) {
    restore(*resume);
  } else {
    start_afresh(initial);
  }
  combine();
  while (!finished()) {
    train_epoch();
    if (should_cool_down()) begin_cooldown();
  }
  if (hooks_.training_done) hooks_.training_done(snapshot());
  FitResult result;
  result.weights = state_.best;
  result.best_epoch = state_.best_epoch;
  result.log = state_.log;
  result.column_loss.resize(static_cast<std::size_t>(shape_.columns()));
  result.validation_loss = measure(result.weights, result.column_loss).total();
  return result;
}

}  // namespace

FitResult fit_network(const TokenRows& data, const NetworkShape& shape, const FitSettings& settings,
                      base::Communicator& communicator, const FitHooks& hooks,
                      const FitState* resume, const std::vector<float>* initial) {
  SEMBLANCE_EXPECT(settings.epochs >= 1 && settings.batch_size >= 1, kData,
                   "epochs ({}) and batch_size ({}) must be at least 1", settings.epochs,
                   settings.batch_size);
  return Fit(data, shape, settings, communicator, hooks).run(resume, initial);
}

}  // namespace semblance::trainer
