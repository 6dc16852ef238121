#include "trainer/cell_loops.hpp"

#include <cmath>

#include "kernels/activation.hpp"
#include "kernels/target_clones.hpp"

namespace semblance::trainer {

SEMBLANCE_CLONES void fill_rows(const float* bias, std::int64_t n, std::int64_t w, float* out) {
  for (std::int64_t r = 0; r < n; ++r, out += w) {
    for (std::int64_t i = 0; i < w; ++i) out[i] = bias == nullptr ? 0.0f : bias[i];
  }
}

SEMBLANCE_CLONES void gather_add(const float* table, const std::uint16_t* tokens, std::int64_t n,
                                 std::int64_t w, float* __restrict out) {
  for (std::int64_t r = 0; r < n; ++r, out += w) {
    const float* row = table + tokens[r] * w;
    for (std::int64_t i = 0; i < w; ++i) out[i] += row[i];
  }
}

SEMBLANCE_CLONES void gather_subtract(const float* table, const std::uint16_t* tokens,
                                      std::int64_t n, std::int64_t w, float* __restrict out) {
  for (std::int64_t r = 0; r < n; ++r, out += w) {
    const float* row = table + tokens[r] * w;
    for (std::int64_t i = 0; i < w; ++i) out[i] -= row[i];
  }
}

SEMBLANCE_CLONES void scatter_add(const float* rows, const std::uint16_t* tokens, std::int64_t n,
                                  std::int64_t w, float* table) {
  for (std::int64_t r = 0; r < n; ++r, rows += w) {
    float* __restrict row = table + tokens[r] * w;
    for (std::int64_t i = 0; i < w; ++i) row[i] += rows[i];
  }
}

SEMBLANCE_CLONES void add_bias(const float* in, const float* bias, std::int64_t n, std::int64_t w,
                               float* __restrict out) {
  for (std::int64_t r = 0; r < n; ++r, in += w, out += w) {
    for (std::int64_t i = 0; i < w; ++i) out[i] = in[i] + bias[i];
  }
}

namespace {

template <bool kBias>
inline __attribute__((always_inline)) void silu_rows(const float* in, const float* bias,
                                                     std::int64_t n, std::int64_t w,
                                                     float* __restrict value,
                                                     float* __restrict slope) {
  for (std::int64_t r = 0; r < n; ++r, in += w, value += w, slope += w) {
    for (std::int64_t i = 0; i < w; ++i) {
      const float x = kBias ? in[i] + bias[i] : in[i];
      const float s = kernels::sigmoid(x);
      value[i] = x * s;
      slope[i] = s + x * s * (1.0f - s);
    }
  }
}

}  // namespace

SEMBLANCE_CLONES void silu_with_slope(const float* in, const float* bias, std::int64_t n,
                                      std::int64_t w, float* value, float* slope) {
  if (bias != nullptr) return silu_rows<true>(in, bias, n, w, value, slope);
  silu_rows<false>(in, bias, n, w, value, slope);
}

SEMBLANCE_CLONES void apply_slope(const float* slope, std::int64_t n, std::int64_t w,
                                  float* __restrict grad, float* __restrict sums) {
  for (std::int64_t r = 0; r < n; ++r, grad += w, slope += w) {
    for (std::int64_t i = 0; i < w; ++i) {
      grad[i] *= slope[i];
      sums[i] += grad[i];
    }
  }
}

SEMBLANCE_CLONES void column_sums(const float* grad, std::int64_t n, std::int64_t w,
                                  float* __restrict sums) {
  for (std::int64_t r = 0; r < n; ++r, grad += w) {
    for (std::int64_t i = 0; i < w; ++i) sums[i] += grad[i];
  }
}

SEMBLANCE_CLONES void multiply(const float* in, std::int64_t size, float* __restrict out) {
  for (std::int64_t i = 0; i < size; ++i) out[i] *= in[i];
}

SEMBLANCE_CLONES void accumulate(const float* in, std::int64_t size, float* __restrict out) {
  for (std::int64_t i = 0; i < size; ++i) out[i] += in[i];
}

namespace {

/// largest[r] over the k logits of each row, with the bias added in place.
SEMBLANCE_CLONES void add_bias_and_find_largest(const float* bias, std::int64_t k, std::int64_t n,
                                                float* __restrict logits,
                                                float* __restrict largest) {
  for (std::int64_t r = 0; r < n; ++r) largest[r] = -1e30f;
  for (std::int64_t t = 0; t < k; ++t, logits += n) {
    const float b = bias[t];
    for (std::int64_t r = 0; r < n; ++r) {
      const float x = logits[r] + b;
      logits[r] = x;
      largest[r] = x > largest[r] ? x : largest[r];
    }
  }
}

SEMBLANCE_CLONES void exponentiate(const float* largest, std::int64_t k, std::int64_t n,
                                   float* __restrict logits, float* __restrict sums) {
  for (std::int64_t r = 0; r < n; ++r) sums[r] = 0;
  for (std::int64_t t = 0; t < k; ++t, logits += n) {
    for (std::int64_t r = 0; r < n; ++r) {
      const float e = kernels::fast_exp(logits[r] - largest[r]);
      logits[r] = e;
      sums[r] += e;
    }
  }
}

SEMBLANCE_CLONES void scale_rows(const float* factor, std::int64_t k, std::int64_t n,
                                 float* __restrict values) {
  for (std::int64_t t = 0; t < k; ++t, values += n) {
    for (std::int64_t r = 0; r < n; ++r) values[r] *= factor[r];
  }
}

/// sums[t] += sum over r of values[t, r], in 16 partial sums so that it vectorises in a fixed
/// order.
SEMBLANCE_CLONES void row_sums(const float* values, std::int64_t k, std::int64_t n,
                               float* __restrict sums) {
  for (std::int64_t t = 0; t < k; ++t, values += n) {
    float partial[16] = {};
    const std::int64_t whole = n / 16 * 16;
    for (std::int64_t r = 0; r < whole; r += 16) {
      for (int i = 0; i < 16; ++i) partial[i] += values[r + i];
    }
    float sum = 0;
    for (const float p : partial) sum += p;
    for (std::int64_t r = whole; r < n; ++r) sum += values[r];
    sums[t] += sum;
  }
}

}  // namespace

void softmax_gradient(const float* bias, const std::uint16_t* targets, std::int64_t k,
                      std::int64_t n, float scale, float* logits, float* nll, float* bias_grad,
                      float* scratch) {
  float* largest = scratch;
  float* sums = scratch + n;
  float* factor = scratch + 2 * n;
  add_bias_and_find_largest(bias, k, n, logits, largest);
  for (std::int64_t r = 0; r < n; ++r) nll[r] += largest[r] - logits[targets[r] * n + r];
  exponentiate(largest, k, n, logits, sums);
  for (std::int64_t r = 0; r < n; ++r) {
    nll[r] += std::log(sums[r]);
    factor[r] = scale / sums[r];
  }
  if (bias_grad == nullptr) return;
  scale_rows(factor, k, n, logits);
  for (std::int64_t r = 0; r < n; ++r) logits[targets[r] * n + r] -= scale;
  row_sums(logits, k, n, bias_grad);
}

SEMBLANCE_CLONES void add_scaled(const float* in, float share, std::int64_t size,
                                 float* __restrict out) {
  for (std::int64_t i = 0; i < size; ++i) out[i] += share * in[i];
}

SEMBLANCE_CLONES void blend(const float* in, float share, std::int64_t size,
                            float* __restrict average) {
  for (std::int64_t i = 0; i < size; ++i) average[i] += share * (in[i] - average[i]);
}

SEMBLANCE_CLONES void adam_update(const AdamFactors& f, const float* gradient, std::int64_t size,
                                  float* __restrict first, float* __restrict second,
                                  float* __restrict weights) {
  const AdamFactors k = f;
  for (std::int64_t i = 0; i < size; ++i) {
    const float g = gradient[i] * k.gradient_scale;
    const float m = k.beta1 * first[i] + (1.0f - k.beta1) * g;
    const float v = k.beta2 * second[i] + (1.0f - k.beta2) * g * g;
    first[i] = m;
    second[i] = v;
    weights[i] =
        weights[i] * k.keep - k.rate * m / (std::sqrt(v * k.unbias2 + k.floor) + k.epsilon);
  }
}

namespace {

/// Sum of f(value) in 16 partial sums, so that it vectorises in a fixed order.
template <class F>
inline double partial_sums(const float* values, std::int64_t size, const F& f) {
  double partial[16] = {};
  const std::int64_t whole = size / 16 * 16;
  for (std::int64_t i = 0; i < whole; i += 16) {
    for (int j = 0; j < 16; ++j) partial[j] += f(static_cast<double>(values[i + j]));
  }
  double sum = 0;
  for (const double p : partial) sum += p;
  for (std::int64_t i = whole; i < size; ++i) sum += f(static_cast<double>(values[i]));
  return sum;
}

}  // namespace

SEMBLANCE_CLONES double sum(const float* values, std::int64_t size) {
  return partial_sums(values, size, [](double value) { return value; });
}

SEMBLANCE_CLONES double sum_of_squares(const float* values, std::int64_t size) {
  return partial_sums(values, size, [](double value) { return value * value; });
}

SEMBLANCE_CLONES float dot(const float* a, const float* b, std::int64_t size) {
  constexpr std::int64_t kSums = 16;
  float sums[kSums] = {};
  std::int64_t i = 0;
  for (; i + kSums <= size; i += kSums) {
    for (std::int64_t l = 0; l < kSums; ++l) sums[l] += a[i + l] * b[i + l];
  }
  float total = 0;
  for (std::int64_t l = 0; l < kSums; ++l) total += sums[l];
  for (; i < size; ++i) total += a[i] * b[i];
  return total;
}

}  // namespace semblance::trainer
