/// The arithmetic of one sampled cell, shared by the CPU and the CUDA driver of sample_rows.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/host_device.hpp"
#include "base/philox.hpp"
#include "kernels/activation.hpp"

namespace semblance::kernels {

/// Weights of a distribution are summed in this many interleaved lanes, on every device and for
/// every instruction set.
inline constexpr int kPickLanes = 16;

/// The second half of pick_token: the token of a lane.
/// \param left  what is left of u times the sum of the weights, the lanes before taken off
SEMBLANCE_HD SEMBLANCE_FORCE_INLINE int pick_in_lane(const float* weights, int padded,
                                                     const float* lanes, int lane, float left) {
  // Rounding may walk past the last lane with mass.
  for (; lane > 0 && lanes[lane] <= 0; --lane) left = 3e38f;
  float sum = 0;
  int t = lane;
  for (int i = lane; i + kPickLanes < padded; i += kPickLanes) {
    sum += weights[i];
    t += sum <= left ? kPickLanes : 0;  // counted, so that no branch has to be guessed
  }
  while (t >= kPickLanes && weights[t] <= 0) t -= kPickLanes;
  return t;
}

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
  const float left = u * total;
  float sum = 0, before = 0;
  int lane = 0;
  for (int l = 0; l < kPickLanes - 1; ++l) {
    sum += lanes[l];
    if (sum <= left) lane = l + 1, before = sum;
  }
  return pick_in_lane(weights, padded, lanes, lane, left - before);
}

/// log of x in (0, 1]; absolute error 1e-7 near 1. Cephes' logf polynomial.
SEMBLANCE_HD SEMBLANCE_FORCE_INLINE float fast_log(float x) {
  // x = m * 2^n, m in [sqrt(1/2), sqrt(2)).
  const std::int32_t n = (as_bits(x) - 0x3F3504F3) >> 23;
  const float m =
      as_float(as_bits(x) - static_cast<std::int32_t>(static_cast<std::uint32_t>(n) << 23)) - 1.0f;
  float p = 7.0376836292e-2f;
  p = p * m + -1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m + -1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m + -1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m + -2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const float square = m * m, power = static_cast<float>(n);
  return (p * m * square + power * -2.12194440e-4f - 0.5f * square) + m + power * 0.693359375f;
}

/// Two standard normals.
struct NormalPair {
  float even, odd;  ///< by the cosine and the sine of the angle
};

/// Box and Muller (1958), of two words: the radius from one, the angle from the other. Built of
/// operations that are the same on every device, as kernels/activation.hpp is.
SEMBLANCE_HD SEMBLANCE_FORCE_INLINE NormalPair normal_pair(std::uint32_t first,
                                                           std::uint32_t second) {
  const float radius = sqrtf(-2.0f * fast_log(1.0f - base::uniform_float(first)));
  // The angle as a number of quarter turns q and a rest in [-1/8, 1/8] of a turn.
  const float turns = base::uniform_float(second) * 4.0f;
  const float shifted = turns + kRounder;
  const std::int32_t q = as_bits(shifted);
  const float a = (turns - (shifted - kRounder)) * 1.57079632679489662f, square = a * a;
  const float sine =
      a +
      a * square * (-1.6666654611e-1f + square * (8.3321608736e-3f + square * -1.9515295891e-4f));
  const float cosine = 1.0f - 0.5f * square +
                       square * square *
                           (4.166664568298827e-2f +
                            square * (-1.388731625493765e-3f + square * 2.443315711809948e-5f));
  const float c = (q & 1) != 0 ? sine : cosine, s = (q & 1) != 0 ? cosine : sine;
  return {radius * (((q + 1) & 2) != 0 ? -c : c), radius * ((q & 2) != 0 ? -s : s)};
}

/// The i-th standard normal of a row's z, from words of (seed, kLatent, row).
SEMBLANCE_HD inline float latent_normal(std::uint64_t seed, std::uint64_t row, std::uint32_t i) {
  const base::PhiloxWords words = base::philox(seed, base::Purpose::kLatent, row, i / 4);
  const NormalPair pair = i % 4 < 2 ? normal_pair(words.word[0], words.word[1])
                                    : normal_pair(words.word[2], words.word[3]);
  return i % 2 == 0 ? pair.even : pair.odd;
}

}  // namespace semblance::kernels
