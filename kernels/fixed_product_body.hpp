/// Included by fixed_product_*.cpp inside an unnamed namespace, so that each compiles it for its
/// own instruction set.

/// x rounded to a whole number in the low 22 bits, |x| < 2^21; those above say nothing.
inline __attribute__((always_inline)) std::int32_t whole(float x) { return as_bits(x + kRounder); }

constexpr int kVector = 16;   // numbers of a row come in multiples of it
constexpr int kTogether = 8;  // rows whose factors are awaited together

/// Stores a row's numbers times `factor` as 16-bit whole numbers.
struct Words {
  static void put(const float* values, std::int64_t count, float factor, FixedRows& rows, int r) {
    auto* __restrict out = reinterpret_cast<std::int16_t*>(rows.numbers.data()) + r * rows.depth;
    for (std::int64_t i = 0; i < count; i += kVector)
      for (int l = 0; l < kVector; ++l)
        out[i + l] = static_cast<std::int16_t>(whole(values[i + l] * factor));
  }
};

/// Factor and scale of rounding to 14 bits: powers of two, so multiplying by them is exact.
struct Rounding {
  float factor, scale;
};

/// \param largest  absolute value of the row's largest number
inline Rounding rounding_of(float largest) {
  // largest is in [2^e, 2^(e+1)): times 2^(12-e) it is in [4096, 8192).
  std::int32_t exponent = as_bits(largest) >> 23;
  exponent = exponent < 64 ? 64 : exponent;
  exponent = exponent > 200 ? 200 : exponent;
  return {as_float((266 - exponent) << 23), as_float((exponent - 12) << 23)};
}

/// A row's numbers, through silu or not; returns the largest absolute value. (That of silu's
/// negative values is below 0.2785, and is not looked for.)
template <bool kSilu, bool kBias>
inline __attribute__((always_inline)) float take_row(const float* in, const float* bias,
                                                     std::int64_t count, float* __restrict values) {
  float largest[kVector];
  for (int l = 0; l < kVector; ++l) largest[l] = kSilu ? 0.2785f : 0.0f;
  for (std::int64_t i = 0; i < count; i += kVector) {
    for (int l = 0; l < kVector; ++l) {
      const float x = kBias ? in[i + l] + bias[i + l] : in[i + l];
      const float y = kSilu ? coarse_silu(x) : x;
      const float size = kSilu || y > 0 ? y : -y;
      values[i + l] = y;
      largest[l] = largest[l] > size ? largest[l] : size;
    }
  }
  float most = largest[0];
  for (int l = 1; l < kVector; ++l) most = most > largest[l] ? most : largest[l];
  return most;
}

template <class Store, bool kSilu>
void round_rows(const FixedInput& input, FixedRows& rows) {
  static_assert(kTile % kTogether == 0);
  const std::int64_t step = input.row, count = input.count, depth = rows.depth;
  const float* bias = input.bias;
  float* values = rows.values.data();
  for (int first = 0; first < kTile; first += kTogether) {
    float largest[kTogether];
    for (int k = 0; k < kTogether; ++k) {
      const float* in = input.values + (first + k) * step;
      float* out = values + k * depth;
      largest[k] = bias != nullptr ? take_row<kSilu, true>(in, bias, count, out)
                                   : take_row<kSilu, false>(in, bias, count, out);
    }
    for (int k = 0; k < kTogether; ++k) {
      const Rounding rounding = rounding_of(largest[k]);
      rows.scales[first + k] = rounding.scale;
      Store::put(values + k * depth, count, rounding.factor, rows, first + k);
    }
  }
}
