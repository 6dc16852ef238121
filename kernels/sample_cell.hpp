/// The arithmetic of one sampled cell, shared by the CPU and the CUDA driver of sample_rows.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/host_device.hpp"
#include "base/philox.hpp"

namespace semblance::kernels {

/// Weights of a distribution are summed in this many interleaved lanes, on every device and for
/// every instruction set.
inline constexpr int kPickLanes = 16;

/// Draws a token with probability weights[t] / sum.
/// \param weights  [padded] non-negative, at least one positive; padded is a multiple of kPickLanes
///                 and entries that stand for no token are 0
/// \param lanes    [kPickLanes] lanes[l] = weights[l] + weights[l + 16] + weights[l + 32] ...
/// \param u        uniform in [0, 1)
/// \note  inverts the distribution function of the tokens taken lane by lane: any order of the
///        tokens gives the same law
SEMBLANCE_HD inline int pick_token(const float* weights, int padded, const float* lanes, float u) {
  float total = 0;
  for (int l = 0; l < kPickLanes; ++l) total += lanes[l];
  float left = u * total;
  int lane = 0;
  while (lane < kPickLanes - 1 && left >= lanes[lane]) left -= lanes[lane++];
  while (lane > 0 && lanes[lane] <= 0) --lane;  // rounding may walk past the last lane with mass
  int t = lane;
  while (t + kPickLanes < padded && left >= weights[t]) {
    left -= weights[t];
    t += kPickLanes;
  }
  while (t >= kPickLanes && weights[t] <= 0) t -= kPickLanes;
  return t;
}

/// The i-th standard normal of a row's z: Box and Muller (1958) on words of (seed, kLatent, row).
SEMBLANCE_HD inline float latent_normal(std::uint64_t seed, std::uint64_t row, std::uint32_t i) {
  const base::PhiloxWords words = base::philox(seed, base::Purpose::kLatent, row, i / 4);
  const int pair = (i % 4) / 2 * 2;
  const float radius = sqrtf(-2.0f * log1pf(-base::uniform_float(words.word[pair])));
  const float angle = 6.28318530717958648f * base::uniform_float(words.word[pair + 1]);
  return radius * (i % 2 == 0 ? cosf(angle) : sinf(angle));
}

}  // namespace semblance::kernels
