#include "trainer/noise.hpp"

#include <algorithm>
#include <cmath>

#include "base/philox.hpp"
#include "kernels/train_noise.hpp"

namespace semblance::trainer {

void latent_noise(std::uint64_t seed, std::int64_t row, std::uint32_t epoch, std::span<float> out) {
  const std::uint32_t blocks = static_cast<std::uint32_t>((out.size() + 3) / 4);
  for (std::uint32_t b = 0; b < blocks; ++b) {
    const base::PhiloxWords words = base::philox(
        seed, base::Purpose::kLatent, static_cast<std::uint64_t>(row), epoch * blocks + b);
    for (std::size_t i = 0; i < 4 && 4 * b + i < out.size(); i += 2) {
      const float radius = kernels::training_radius(words.word[i]);
      const float angle = kernels::training_angle(words.word[i + 1]);
      out[4 * b + i] = radius * std::cos(angle);
      if (4 * b + i + 1 < out.size()) out[4 * b + i + 1] = radius * std::sin(angle);
    }
  }
}

void apply_dropout(std::uint64_t seed, std::int64_t row, std::uint32_t stream, double p,
                   std::int64_t width, float* value, float* slope) {
  const std::uint32_t threshold = static_cast<std::uint32_t>(std::lround(256 * p));
  const float keep = 256.0f / static_cast<float>(256 - threshold);
  const std::uint32_t blocks = static_cast<std::uint32_t>((width + 15) / 16);
  for (std::uint32_t b = 0; b < blocks; ++b) {
    const base::PhiloxWords words = base::philox(
        seed, base::Purpose::kDropout, static_cast<std::uint64_t>(row), stream * blocks + b);
    const std::int64_t first = 16 * static_cast<std::int64_t>(b);
    const std::int64_t many = std::min<std::int64_t>(16, width - first);
    for (std::int64_t i = 0; i < many; ++i) {
      const bool dropped = (words.word[i / 4] >> (8 * (i % 4)) & 255u) < threshold;
      const float factor = dropped ? 0.0f : keep;
      value[first + i] *= factor;
      slope[first + i] *= factor;
    }
  }
}

}  // namespace semblance::trainer
