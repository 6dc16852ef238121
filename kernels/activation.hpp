/// exp, sigmoid and silu in float, built of add, multiply and integer shifts only, so that a loop
/// over them vectorises and the host and the device run the same steps. Relative error of fast_exp:
/// 2e-7 on [-87, 80]; the range is clamped, so nothing overflows and nothing is denormal.
#pragma once

#include <bit>
#include <cstdint>

#include "base/host_device.hpp"

#ifdef __CUDACC__
/// Inlines by force: the loops that call such functions are compiled for several instruction sets.
#define SEMBLANCE_FORCE_INLINE __forceinline__
#else
#define SEMBLANCE_FORCE_INLINE inline __attribute__((always_inline))
#endif

namespace semblance::kernels {

/// The bits of a float, and the float of bits.
SEMBLANCE_HD SEMBLANCE_FORCE_INLINE std::int32_t as_bits(float x) {
#ifdef __CUDA_ARCH__
  return __float_as_int(x);
#else
  return std::bit_cast<std::int32_t>(x);
#endif
}
/// See as_bits.
SEMBLANCE_HD SEMBLANCE_FORCE_INLINE float as_float(std::int32_t bits) {
#ifdef __CUDA_ARCH__
  return __int_as_float(bits);
#else
  return std::bit_cast<float>(bits);
#endif
}

/// 1.5 * 2^23: a sum with it has the other summand, |x| < 2^22, rounded to a whole number in its
/// low bits.
inline constexpr float kRounder = 12582912.0f;

/// x * 2^n, where shifted = n + kRounder.
SEMBLANCE_HD SEMBLANCE_FORCE_INLINE float times_power(float x, float shifted) {
  return as_float(as_bits(x) +
                  static_cast<std::int32_t>(static_cast<std::uint32_t>(as_bits(shifted)) << 23));
}

/// e^x, x clamped to [-87, 80]. Cephes' expf polynomial after reduction by ln 2.
SEMBLANCE_HD SEMBLANCE_FORCE_INLINE float fast_exp(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 80.0f ? 80.0f : x;
  const float shifted = x * 1.44269504088896341f + kRounder;
  const std::int32_t power = as_bits(shifted) - 0x4B400000;
  const float n = shifted - kRounder;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  return p * as_float((power + 127) << 23);
}

/// 1 / (1 + e^-x); error 2e-7; at least 1e-35, never 0.
SEMBLANCE_HD SEMBLANCE_FORCE_INLINE float sigmoid(float x) {
  constexpr float kLog2e = 1.44269504088896341f;
  float held = x < -80.0f ? -80.0f : x;
  held = held > 80.0f ? 80.0f : held;
  const float shifted = held * -kLog2e + kRounder;
  const float f = held * -kLog2e - (shifted - kRounder);
  float p = 1.32765e-3f;
  p = p * f + 9.67555e-3f;
  p = p * f + 5.550713e-2f;
  p = p * f + 2.402212e-1f;
  p = p * f + 6.9314697e-1f;
  p = p * f + 1.00000007f;
  const float d = 1.0f + times_power(p, shifted);
  // 1 / d: as in coarse_silu, and a Newton step.
  float y = as_float(0x7EF28000 - as_bits(d));
  const float g = 1.5005f - d * y;
  y = y * (g * g + 0.74952f);
  return y * (2.0f - d * y);
}

/// x * sigmoid(x) (Elfwing, Uchibe, Doya 2018, Neural Networks 107).
SEMBLANCE_HD SEMBLANCE_FORCE_INLINE float silu(float x) { return x * sigmoid(x); }

/// 2^x, x clamped to [-120, 120]; relative error 3e-6.
SEMBLANCE_HD SEMBLANCE_FORCE_INLINE float fast_exp2(float x) {
  x = x < -120.0f ? -120.0f : x;
  x = x > 120.0f ? 120.0f : x;
  const float shifted = x + kRounder;
  const float f = x - (shifted - kRounder);
  float p = 9.57011e-3f;
  p = p * f + 5.59179e-2f;
  p = p * f + 2.4024745e-1f;
  p = p * f + 6.9312181e-1f;
  p = p * f + 9.9999926e-1f;
  return times_power(p, shifted);
}

/// silu for where 14 bits of it are kept: relative error 1.5e-4, in 16 operations.
SEMBLANCE_HD SEMBLANCE_FORCE_INLINE float coarse_silu(float x) {
  constexpr float kLog2e = 1.44269504088896341f;
  float held = x < -80.0f ? -80.0f : x;
  held = held > 80.0f ? 80.0f : held;
  const float shifted = held * -kLog2e + kRounder;
  const float f = held * -kLog2e - (shifted - kRounder);
  float p = 5.517165e-2f;
  p = p * f + 2.4261138e-1f;
  p = p * f + 6.9326101e-1f;
  p = p * f + 9.9992806e-1f;
  const float d = 1.0f + times_power(p, shifted);
  // 1 / d: a guess y from the exponent, then y * ((K - d y)^2 + L), the best of that form.
  const float y = as_float(0x7EF28000 - as_bits(d));
  const float g = 1.5005f - d * y;
  return x * y * (g * g + 0.74952f);
}

}  // namespace semblance::kernels
