#include "trainer/host_engine.hpp"

#include <cmath>

#include "base/error.hpp"
#include "trainer/cell_loops.hpp"

namespace semblance::trainer {

HostEngine::HostEngine(const EngineParts& parts)
    : parts_(parts),
      lanes_(parts.shape, parts.settings.threads, parts.settings.device),
      basis_(parts.shape, parts.layout, parts.settings.ordered),
      trained_(parts.layout.size + basis_.size()),
      adam_(parts.layout, basis_.size()),
      flat_(static_cast<std::size_t>(trained_) + kExtras) {}

void HostEngine::load(const FitState& state) {
  own_ = state.weights;
  average_ = state.average;
  if (state.first.empty()) {
    adam_ = AdamW(parts_.layout, basis_.size());
  } else {
    adam_.first = state.first;
    adam_.second = state.second;
  }
  adam_.steps = state.steps;
  combine();
}

void HostEngine::store(FitState& state) {
  state.weights = own_;
  state.average = average_;
  state.first = adam_.first;
  state.second = adam_.second;
}

/// weights_ from the trained numbers.
void HostEngine::combine() {
  weights_.assign(own_.begin(), own_.begin() + parts_.layout.size);
  basis_.add(std::span(own_).subspan(weights_.size()), weights_);
}

StepLoss HostEngine::step(std::int64_t b, StepSignals& signals) {
  const FitSettings& settings = parts_.settings;
  const StepNumbers& numbers = plan_->numbers[static_cast<std::size_t>(b)];
  const std::span<float> all(flat_.data(), static_cast<std::size_t>(trained_));
  const std::span<float> gradient = all.first(static_cast<std::size_t>(parts_.layout.size));
  const float scale = 1.0f / static_cast<float>(plan_->batches.global_size(b));
  const StepLoss loss = lanes_.gradient(weights_.data(), parts_.data, plan_->batches.batch(b),
                                        plan_->noise, scale, gradient);
  float* extras = flat_.data() + trained_;
  extras[kNll] = static_cast<float>(loss.nll);
  extras[kKl] = static_cast<float>(loss.kl);
  extras[kRows] = static_cast<float>(loss.rows);
  extras[kStop] = signals.stop;
  extras[kSave] = signals.save;
  if (parts_.communicator.size() > 1) parts_.communicator.all_reduce_sum(std::span(flat_));

  SEMBLANCE_EXPECT(std::isfinite(extras[kNll]) && std::isfinite(extras[kKl]), kData,
                   "the loss is not a number at step {} of epoch {}: lower learning_rate (now {})",
                   b + 1, plan_->noise.epoch + 1, settings.learning_rate);
  basis_.reduce(gradient, all.subspan(gradient.size()));
  const double length = norm(gradient);
  SEMBLANCE_EXPECT(
      std::isfinite(length), kData,
      "the gradient is not a number at step {} of epoch {}: lower learning_rate (now {})", b + 1,
      plan_->noise.epoch + 1, settings.learning_rate);
  const double clip = length > settings.gradient_norm ? settings.gradient_norm / length : 1.0;
  const AdamSettings adam{.learning_rate = numbers.rate,
                          .weight_decay = settings.weight_decay,
                          .shrinkage = settings.shrinkage};
  adam_.step(all, clip, adam, own_);
  combine();
  blend(weights_.data(), static_cast<float>(numbers.share), parts_.layout.size, average_.data());
  signals = {extras[kStop], extras[kSave]};
  return {extras[kNll], extras[kKl], static_cast<std::int64_t>(extras[kRows])};
}

StepLoss HostEngine::measure(std::span<const float> weights, std::span<const std::int64_t> rows,
                             const StepNoise& noise, std::span<double> column_nll) {
  return lanes_.loss(weights.empty() ? average_.data() : weights.data(), parts_.data, rows, noise,
                     column_nll);
}

}  // namespace semblance::trainer
