/// Noise of the training step, addressed by global row: shared by the CPU's step and the device's.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/host_device.hpp"
#include "base/philox.hpp"

namespace semblance::kernels {

/// Box and Muller (1958): two words make two standard normals, radius * cos and sin of the angle.
SEMBLANCE_HD inline float training_radius(std::uint32_t word) {
  return sqrtf(-2.0f * log1pf(-base::uniform_float(word)));
}
/// See training_radius.
SEMBLANCE_HD inline float training_angle(std::uint32_t word) {
  return 2.0f * 3.14159274101257324f * base::uniform_float(word);
}

/// The i-th of the `latent` standard normals of a row in an epoch: word i of block
/// epoch * ceil(latent / 4) + i / 4 of (seed, kLatent, row) and its neighbour.
SEMBLANCE_HD inline float training_normal_of(std::uint64_t seed, std::uint64_t row,
                                             std::uint32_t epoch, int latent, int i) {
  const std::uint32_t blocks = static_cast<std::uint32_t>((latent + 3) / 4);
  const base::PhiloxWords words = base::philox(seed, base::Purpose::kLatent, row,
                                               epoch * blocks + static_cast<std::uint32_t>(i / 4));
  const int even = i % 4 / 2 * 2;
  const float angle = training_angle(words.word[even + 1]);
  return training_radius(words.word[even]) * (i % 2 == 1 ? sinf(angle) : cosf(angle));
}

/// The factor of unit i of a mask: 0 with probability threshold / 256, else `keep`.
/// \param stream  number of the mask within the row; a block of words serves 16 units
SEMBLANCE_HD inline float dropout_factor(std::uint64_t seed, std::uint64_t row,
                                         std::uint32_t stream, std::uint32_t threshold, int width,
                                         int i) {
  const std::uint32_t blocks = static_cast<std::uint32_t>((width + 15) / 16);
  const base::PhiloxWords words = base::philox(
      seed, base::Purpose::kDropout, row, stream * blocks + static_cast<std::uint32_t>(i / 16));
  const std::uint32_t byte = words.word[i % 16 / 4] >> (8 * (i % 4)) & 255u;
  return byte < threshold ? 0.0f : 256.0f / static_cast<float>(256 - threshold);
}

}  // namespace semblance::kernels
