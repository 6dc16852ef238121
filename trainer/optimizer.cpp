#include "trainer/optimizer.hpp"

#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "trainer/cell_loops.hpp"

namespace semblance::trainer {

AdamW::AdamW(const NetworkLayout& layout, std::int64_t more)
    : first(static_cast<std::size_t>(layout.size + more)),
      second(first.size()),
      parameters_(layout.parameters) {
  parameters_.push_back({"more", layout.size, 1, more, false});
}

void AdamW::step(std::span<const float> gradient, double gradient_scale,
                 const AdamSettings& settings, std::span<float> weights) {
  SEMBLANCE_ASSERT(gradient.size() == first.size() && weights.size() == first.size());
  ++steps;
  const double t = static_cast<double>(steps);
  AdamFactors factors;
  factors.gradient_scale = static_cast<float>(gradient_scale);
  factors.beta1 = static_cast<float>(settings.beta1);
  factors.beta2 = static_cast<float>(settings.beta2);
  factors.rate = static_cast<float>(settings.learning_rate / (1 - std::pow(settings.beta1, t)));
  factors.unbias2 = static_cast<float>(1 / (1 - std::pow(settings.beta2, t)));
  factors.epsilon = static_cast<float>(settings.epsilon);
  for (const Parameter& p : parameters_) {
    factors.keep =
        static_cast<float>(p.decays ? 1 - settings.learning_rate * settings.weight_decay : 1.0);
    const bool shrinks = p.per_token && settings.shrinkage > 0;
    factors.floor = shrinks ? static_cast<float>(settings.shrinkage * factors.unbias2 *
                                                 sum(second.data() + p.offset, p.size()) /
                                                 static_cast<double>(p.size()))
                            : 0.0f;
    adam_update(factors, gradient.data() + p.offset, p.size(), first.data() + p.offset,
                second.data() + p.offset, weights.data() + p.offset);
  }
}

double norm(std::span<const float> values) {
  return std::sqrt(sum_of_squares(values.data(), static_cast<std::int64_t>(values.size())));
}

double one_cycle(double progress) {
  constexpr double kWarmUp = 0.1;
  if (progress < kWarmUp) return progress / kWarmUp;
  return 0.5 * (1 + std::cos(std::numbers::pi * (progress - kWarmUp) / (1 - kWarmUp)));
}

}  // namespace semblance::trainer
