/// The loops of the training step that are not matrix products, over n rows of one lane. All
/// matrices are row-major without gaps. Vectorised over columns or rows, never reduced across
/// lanes.
#pragma once

#include <cstdint>

namespace semblance::trainer {

/// out[r, :] = bias (null: 0) for n rows of width w.
void fill_rows(const float* bias, std::int64_t n, std::int64_t w, float* out);

/// out[r, :] += table[tokens[r], :].
void gather_add(const float* table, const std::uint16_t* tokens, std::int64_t n, std::int64_t w,
                float* out);
/// out[r, :] -= table[tokens[r], :].
void gather_subtract(const float* table, const std::uint16_t* tokens, std::int64_t n,
                     std::int64_t w, float* out);
/// table[tokens[r], :] += rows[r, :].
void scatter_add(const float* rows, const std::uint16_t* tokens, std::int64_t n, std::int64_t w,
                 float* table);

/// out[r, :] = in[r, :] + bias.
void add_bias(const float* in, const float* bias, std::int64_t n, std::int64_t w, float* out);

/// value = silu(in + bias), slope = its derivative there; bias may be null.
void silu_with_slope(const float* in, const float* bias, std::int64_t n, std::int64_t w,
                     float* value, float* slope);

/// grad *= slope, and sums[:] += sum over rows of the result.
void apply_slope(const float* slope, std::int64_t n, std::int64_t w, float* grad, float* sums);

/// sums[:] += sum over rows of grad.
void column_sums(const float* grad, std::int64_t n, std::int64_t w, float* sums);

/// out *= in, over `size` numbers.
void multiply(const float* in, std::int64_t size, float* out);

/// out += in, over `size` numbers.
void accumulate(const float* in, std::int64_t size, float* out);

/// Turns logits [k, n] (one column of the matrix a row of data) into the gradient of the mean loss:
/// (softmax - onehot) * scale, in place; adds each row's -log softmax[target] to nll [n], and the
/// sum over rows of the gradient to bias_grad [k] (null: not wanted).
/// \param bias  [k] added to the logits first
/// \param scratch  [3 n]
void softmax_gradient(const float* bias, const std::uint16_t* targets, std::int64_t k,
                      std::int64_t n, float scale, float* logits, float* nll, float* bias_grad,
                      float* scratch);

/// out += share * in, over `size` numbers.
void add_scaled(const float* in, float share, std::int64_t size, float* out);

/// Sum of a * b over `size` numbers, in 16 partial sums.
float dot(const float* a, const float* b, std::int64_t size);

/// average += share * (in - average).
void blend(const float* in, float share, std::int64_t size, float* average);

/// Numbers of one AdamW step that are the same for all weights of a parameter.
struct AdamFactors {
  /// rate: learning rate / (1 - beta1^step); unbias2: 1 / (1 - beta2^step); keep: 1 - learning
  /// rate * weight decay, or 1.
  float gradient_scale, beta1, beta2, rate, unbias2, epsilon, keep;
  float floor;  ///< added to the (unbiased) mean squared gradient
};
/// One step of `size` weights; `first` and `second` are the running means of the gradient and its
/// square. All arrays are [size].
void adam_update(const AdamFactors& f, const float* gradient, std::int64_t size, float* first,
                 float* second, float* weights);

/// Sum in 16 partial sums of double precision.
double sum(const float* values, std::int64_t size);

/// Sum of squares, likewise.
double sum_of_squares(const float* values, std::int64_t size);

}  // namespace semblance::trainer
