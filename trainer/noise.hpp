/// Noise of the training step, addressed by global row so that it does not depend on how rows are
/// spread over ranks and lanes.
#pragma once

#include <cstdint>
#include <span>

namespace semblance::trainer {

/// Standard normals for a row: out[i] at draws epoch * out.size() + i of (seed, kLatent, row).
void latent_noise(std::uint64_t seed, std::int64_t row, std::uint32_t epoch, std::span<float> out);

/// Multiplies value and slope [width] by 0 with probability round(256 p) / 256, else by the inverse
/// of the share that is kept.
/// \param stream  number of the mask within the row: (epoch, column, block)
void apply_dropout(std::uint64_t seed, std::int64_t row, std::uint32_t stream, double p,
                   std::int64_t width, float* value, float* slope);

}  // namespace semblance::trainer
