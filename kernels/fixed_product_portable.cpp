#include "kernels/activation.hpp"
#include "kernels/fixed_product.hpp"

namespace semblance::kernels {
namespace {

#include "kernels/fixed_product_body.hpp"

constexpr int kLane = 16;

/// Sums of 16 outputs from `at` on of one row.
void add_up(const std::int16_t* x, const std::int16_t* w, const FixedMatrix& m,
            std::int32_t* __restrict sums) {
  // Even and odd numbers of the pairs by themselves, so that lanes stay in place.
  std::int32_t even[kLane] = {}, odd[kLane] = {};
  for (std::int64_t i = 0; i < m.inner; i += 2, w += 2 * m.stride) {
    const std::int32_t x0 = x[i], x1 = x[i + 1];
    for (int l = 0; l < kLane; ++l) {
      std::int32_t pair;
      __builtin_memcpy(&pair, w + 2 * l, sizeof pair);
      even[l] += x0 * (pair << 16 >> 16);
      odd[l] += x1 * (pair >> 16);
    }
  }
  for (int l = 0; l < kLane; ++l) sums[l] = even[l] + odd[l];
}

void multiply(const FixedRows& rows, const FixedMatrix& m, const FixedBase& base, float* out) {
  const auto* x = reinterpret_cast<const std::int16_t*>(rows.numbers.data());
  const auto* w = reinterpret_cast<const std::int16_t*>(m.numbers.data());
  for (int r = 0; r < kTile; ++r, x += rows.depth, out += m.stride) {
    for (std::int64_t at = 0; at < m.stride; at += kLane) {
      std::int32_t sums[kLane];
      add_up(x, w + at * 2, m, sums);
      for (int l = 0; l < kLane; ++l) {
        const std::int64_t o = at + l;
        const float product = static_cast<float>(sums[l]) * m.scales[o];
        const float start =
            base.values != nullptr ? base.values[r * base.row + o] + base.bias[o] : base.bias[o];
        out[o] = start + product * rows.scales[r];
      }
    }
  }
}

}  // namespace

FixedFunctions fixed_functions_portable() {
  return {round_rows<Words, false>, round_rows<Words, true>, multiply};
}

}  // namespace semblance::kernels
