#include "trainer/fit.hpp"

#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "base/error.hpp"
#include "trainer/batches.hpp"
#include "trainer/history.hpp"
#include "trainer/optimizer.hpp"
#include "trainer/smooth_basis.hpp"
#include "trainer/step_engine.hpp"

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
        trained_(layout_.size + SmoothBasis(shape, layout_, settings.ordered).size()) {
    SEMBLANCE_EXPECT(
        split_.total_training > 0, kData,
        "there are no rows to train on: {} rows in all, {} of them kept for validation",
        split_.total_training + split_.total_validation, split_.total_validation);
    n_batches_ = std::max<std::int64_t>(
        1, (split_.total_training + settings.batch_size / 2) / settings.batch_size);
    batches_.emplace(split_, n_batches_, settings.seed, settings.device != "cpu");
  }

  FitResult run(const FitState* resume, const std::vector<float>* initial);

 private:
  void start_afresh(const std::vector<float>* initial);
  void restore(const FitState& state);
  FitState snapshot();
  EpochPlan plan_epoch();
  void train_epoch();
  void train_batch(std::int64_t b);
  void tell(const StepLoss& loss);
  void finish_epoch(double seconds);
  StepLoss measure(std::span<const float> weights, std::span<double> column_nll);
  double rate(std::int64_t batch) const;
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
  std::int64_t trained_;  // numbers that the optimizer moves
  std::int64_t n_batches_ = 1;
  std::optional<BatchMaker> batches_;
  FitState state_;  // weights, first, second and average are the engine's while training
  std::unique_ptr<StepEngine> engine_;
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
}

FitState Fit::snapshot() {
  engine_->store(state_);
  return state_;
}

EpochPlan Fit::plan_epoch() {
  const auto epoch = static_cast<std::uint32_t>(state_.epoch);
  EpochPlan plan{batches_->make(epoch, state_.epoch + 1 == settings_.epochs),
                 {settings_.seed, epoch, settings_.dropout},
                 std::vector<StepNumbers>(static_cast<std::size_t>(n_batches_)),
                 state_.batch,
                 state_.steps};
  for (std::int64_t b = plan.first; b < n_batches_; ++b) {
    plan.numbers[static_cast<std::size_t>(b)] = {rate(b),
                                                 average_share(state_.steps + b - plan.first + 1)};
  }
  return plan;
}

void Fit::tell(const StepLoss& loss) {
  if (loss.rows == 0) return;
  state_.nll += loss.nll;
  state_.kl += loss.kl;
  state_.rows += static_cast<double>(loss.rows);
  if (hooks_.batch_done) {
    hooks_.batch_done(loss.rows, loss.total() / static_cast<double>(loss.rows));
  }
}

void Fit::train_batch(std::int64_t b) {
  StepSignals signals;
  signals.stop = hooks_.stop_requested && hooks_.stop_requested() ? 1.0f : 0.0f;
  signals.save = communicator_.rank() == 0 && hooks_.save_due && hooks_.save_due() ? 1.0f : 0.0f;
  tell(engine_->step(b, signals));
  ++state_.steps;
  ++state_.batch;
  const bool stop = signals.stop > 0;
  if (stop || signals.save > 0) tell(engine_->settle());
  if ((stop || signals.save > 0) && hooks_.save) hooks_.save(snapshot());
  if (stop) {
    base::fail(base::ErrorKind::kStopped,
               "stopped by a signal in epoch {} of {}; the same command goes on from there",
               state_.epoch + 1, settings_.epochs);
  }
}

void Fit::train_epoch() {
  const Clock::time_point start = Clock::now();
  const EpochPlan plan = plan_epoch();
  engine_->begin_epoch(plan);
  for (std::int64_t b = plan.first; b < n_batches_; ++b) train_batch(b);
  tell(engine_->settle());
  const double share =
      static_cast<double>(n_batches_ - plan.first) / static_cast<double>(n_batches_);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  finish_epoch(seconds / std::max(share, 1e-9));
}

/// \param weights  empty: the running mean
StepLoss Fit::measure(std::span<const float> weights, std::span<double> column_nll) {
  const StepNoise noise{settings_.seed, kMeasuringEpoch, 0};
  const bool validated = split_.total_validation > 0;
  const StepLoss loss =
      engine_->measure(weights, validated ? split_.validation : split_.training, noise, column_nll);
  std::vector<double> sums = {loss.nll, loss.kl, static_cast<double>(loss.rows)};
  sums.insert(sums.end(), column_nll.begin(), column_nll.end());
  communicator_.all_reduce_sum(std::span(sums));
  for (std::size_t s = 0; s < column_nll.size(); ++s) column_nll[s] = sums[3 + s] / sums[2];
  return {sums[0] / sums[2], sums[1] / sums[2], static_cast<std::int64_t>(sums[2])};
}

/// The learning rate of a batch of this epoch.
double Fit::rate(std::int64_t batch) const {
  const auto share = [&](int from, int epochs) {
    const double done = static_cast<double>((state_.epoch - from) * n_batches_ + batch);
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

/// Too far: the best epoch lies back, the loss has risen since, and the best's rate was still high.
bool Fit::should_cool_down() const {
  if (state_.cooldown_from >= 0 || settings_.patience == 0 || state_.best_epoch == 0) return false;
  const bool risen = state_.log.back().judged() > state_.best_loss * (1 + settings_.tolerance);
  const bool waited = risen && state_.epoch - state_.best_epoch >= settings_.patience;
  const bool too_late = state_.epoch == settings_.epochs && state_.best_epoch < state_.epoch;
  return (waited || too_late) && state_.best_rate > 0.1 * settings_.learning_rate;
}

void Fit::begin_cooldown() {
  state_.weights = state_.best_weights;
  state_.average = state_.best;
  state_.first = state_.best_first;
  state_.second = state_.best_second;
  state_.steps = state_.best_steps;
  state_.cooldown_from = state_.epoch;
  state_.cooldown_epochs = std::max(1, (state_.best_epoch + 2) / 3);
  engine_->load(state_);
}

void Fit::finish_epoch(double seconds) {
  EpochLog line;
  line.epoch = ++state_.epoch;
  state_.batch = 0;
  line.training = (state_.nll + state_.kl) / state_.rows;
  line.kl = state_.kl / state_.rows;
  line.rows_per_s = state_.rows / std::max(seconds, 1e-9);
  line.validation = std::numeric_limits<double>::quiet_NaN();
  if (split_.total_validation > 0) {
    const StepLoss loss = measure({}, {});
    line.validation = loss.total();
    line.kl = loss.kl;
  }
  // At a rate of nothing the weights have settled, and the margins are truer than the loss can
  // tell: the last epoch is kept unless it is clearly worse.
  const double leeway = finished() ? 1 + std::max(kSettledLeeway, settings_.tolerance) : 1;
  if (line.judged() < state_.best_loss * leeway) {
    state_.best_loss = line.judged();
    state_.best_epoch = state_.epoch;
    engine_->store(state_);
    state_.best = state_.average;
    if (state_.cooldown_from < 0) {
      state_.best_weights = state_.weights;
      state_.best_first = state_.first;
      state_.best_second = state_.second;
      state_.best_steps = state_.steps;
      state_.best_rate = rate(0);
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
  engine_ =
      make_step_engine({data_, shape_, layout_, settings_, communicator_}, state_, split_.training);
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
