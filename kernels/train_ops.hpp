/// What a training step on a device does between its matrix products. Each operation is one launch
/// on CUDA and a loop on the CPU, of the same body (kernels/train_ops_body.hpp). All sums are taken
/// in a fixed order: no atomics, so a device gives the same bits again.
///
/// B: rows of a batch, padded; C: columns; S: contexts (C, or 1 when columns are independent); T:
/// tokens. All pointers are to memory of the device; matrices are row-major without gaps.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace semblance::kernels {

/// What the steps of an epoch differ in: one entry a batch, so that a step needs nothing from the
/// host.
struct BatchPlan {
  std::int64_t first = 0;   ///< of the batch in the epoch's order of rows
  std::int32_t rows = 0;    ///< of this rank; at most B
  std::uint32_t epoch = 0;  ///< addresses the noise
  float scale = 0;          ///< of the gradient: 1 / rows of the batch over all ranks
  float rate = 0;           ///< learning rate / (1 - beta1^step)
  float keep = 1;           ///< 1 - learning rate * weight decay
  float unbias2 = 1;        ///< 1 / (1 - beta2^step)
  float share = 1;          ///< of the newest weights in their running mean
};

/// The batch that a step works on: entry *step of the plan.
struct BatchSource {
  const std::uint16_t* tokens = nullptr;  ///< [N, C] of the rank's rows
  const std::int64_t* order = nullptr;    ///< local row numbers, batch after batch
  const BatchPlan* plan = nullptr;        ///< one entry a batch
  const std::int64_t* step = nullptr;     ///< [1]
  std::int64_t first_row = 0;             ///< global number of local row 0: addresses the noise
};

/// The rows of a batch, gathered. Rows behind the batch's own have token 0 and scale 0, so that
/// they add nothing.
struct BatchRows {
  int rows = 0;                     ///< B
  std::uint16_t* tokens = nullptr;  ///< [C, B]
  std::int64_t* numbers = nullptr;  ///< [B] global; -1 behind the batch's own
  float* scale = nullptr;           ///< [B]
};

/// The columns of the table. Column s has its logits at logits[s] as a matrix [B, padded[s]].
struct TokenColumns {
  int columns = 0;                       ///< C
  std::int64_t tokens = 0;               ///< T
  const std::int64_t* offset = nullptr;  ///< [C] first token
  const std::int32_t* size = nullptr;    ///< [C] tokens
  const std::int32_t* column = nullptr;  ///< [T] whose token
  const std::int64_t* logits = nullptr;  ///< [C]
  const std::int32_t* padded = nullptr;  ///< [C] at least size
};

/// Units that are left out of a block. \see dropout_factor
struct DropoutMasks {
  std::uint32_t threshold = 0;  ///< 256 * probability; 0: none
  std::uint64_t seed = 0;       ///< of the training
  int blocks = 1;               ///< of the network
  int block = 0;                ///< this one's number
};

/// Sums of rows of one flat array into rows of another: row i of the result, `width[i]` floats at
/// at[i], is the sum of share[e] * (the floats at from[e]) over begin[i] <= e < begin[i + 1].
struct SparseRows {
  std::int64_t rows = 0;                ///< of the result
  int most_width = 0;                   ///< the largest width
  const std::int64_t* at = nullptr;     ///< [rows]
  const std::int32_t* width = nullptr;  ///< [rows]
  const std::int64_t* begin = nullptr;  ///< [rows + 1]
  const std::int64_t* from = nullptr;   ///< [entries]
  const float* share = nullptr;         ///< [entries]
};

/// AdamW over `size` numbers in groups (trainer/cell_loops.hpp, adam_update).
struct AdamArrays {
  std::int64_t size = 0;            ///< trained numbers
  std::int64_t weights_size = 0;    ///< the first of them are copied to `weights`
  const float* gradient = nullptr;  ///< [size]
  const float* norm = nullptr;      ///< [1] of the gradient
  float most_norm = 0;              ///< longer gradients are shortened to this
  /// Shares that the running means keep, and what is added to the root.
  float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
  const std::uint8_t* group = nullptr;   ///< [size]
  const std::uint8_t* decays = nullptr;  ///< [groups] 1: shrunk by BatchPlan::keep
  const float* second_sum = nullptr;     ///< [groups] of the running mean of squares
  const float* floor = nullptr;          ///< [groups] times unbias2 and the sum: added to squares
  float* first = nullptr;                ///< [size]
  float* second = nullptr;               ///< [size]
  float* trained = nullptr;              ///< [size]
  float* weights = nullptr;              ///< [weights_size]
};

/// The operations on one device. Calls return at once on CUDA; they run in order on the stream.
class TrainOps {
 public:
  virtual ~TrainOps() = default;

  /// Gathers batch *source.step.
  virtual void gather(const BatchSource& source, int columns, const BatchRows& rows) = 0;

  /// value [B, W] = silu(x), slope its derivative, x[r] = bias + sum over c of table[token of c].
  virtual void sum_embeddings(const TokenColumns& columns, const BatchRows& rows,
                              const float* table, const float* bias, int width, float* value,
                              float* slope) = 0;

  /// value, slope [S, B, W] of silu(in [S, B, W] + bias [S, W] (null: 0)); context s goes to place
  /// place[s] of `value` (null: s).
  virtual void silu(const float* in, const float* bias, const std::int32_t* place, int contexts,
                    int rows, int width, float* value, float* slope) = 0;

  /// Leaves units out: value and slope [S, B, W] are multiplied by the masks of the batch's rows.
  virtual void drop(const DropoutMasks& masks, const BatchSource& source, const BatchRows& rows,
                    int contexts, int width, float* value, float* slope) = 0;

  /// out[s] = grad[place[s]] * slope[s], each [B, W]; out may be grad where place is null.
  virtual void multiply_slope(const float* grad, const float* slope, const std::int32_t* place,
                              int contexts, int rows, int width, float* out) = 0;

  /// z [B, L] = mean + exp(log variance / 2) * noise and each dimension's KL [B, L] (0 in rows of
  /// scale 0). \param statistics  [B, 2 L]: means, then log variances; bias [2 L] is added to them
  virtual void draw_latent(const BatchSource& source, const BatchRows& rows, std::uint64_t seed,
                           const float* bias, int latent, float least, float most,
                           float* statistics, float* z, float* kl) = 0;
  /// The gradient of the same, [B, 2 L].
  virtual void latent_gradient(const BatchRows& rows, const float* statistics, const float* z,
                               const float* z_gradient, int latent, float least, float most,
                               float* gradient) = 0;

  /// context [S, B, H]: bias[s] + start (null: 0) + sum over c < s of embedding[token of c].
  virtual void prefix_sums(const TokenColumns& columns, const BatchRows& rows, const float* start,
                           const float* bias, const float* embedding, int contexts, int width,
                           float* context) = 0;
  /// grad[s] becomes the sum of grad[s], grad[s + 1] ... [S, B, H], in place.
  virtual void suffix_sums(int contexts, int rows, int width, float* grad) = 0;
  /// out [T, W]: of each token the sum of its rows' gradients. Tokens of column c read the c-th
  /// [B, W] of `grad` when by_column, else the only one; `first_columns` have tokens at all, the
  /// others get 0.
  virtual void token_gradient(const TokenColumns& columns, const BatchRows& rows, const float* grad,
                              bool by_column, int first_columns, int width, float* out) = 0;

  /// nll [C, B] of the targets under softmax(logits + bias [T]) (0 in rows of scale 0); the logits
  /// become the gradient, scaled by the row's scale, 0 behind a column's last token.
  virtual void softmax_gradient(const TokenColumns& columns, const BatchRows& rows,
                                const float* bias, float* logits, float* nll) = 0;

  /// to (= or +=) sums of rows of `from`.
  virtual void add_rows(const SparseRows& sparse, bool accumulate, const float* from,
                        float* to) = 0;
  /// One step of AdamW with the rates of entry *step of the plan.
  virtual void adam(const BatchPlan* plan, const std::int64_t* step, const AdamArrays& arrays) = 0;
  /// average += share * (weights - average).
  virtual void blend(const BatchPlan* plan, const std::int64_t* step, std::int64_t size,
                     const float* weights, float* average) = 0;
};

/// \param device  as base::Device::name(), or a name that begins with "cpu"
/// \param stream  the CUDA stream to launch on; not used on the CPU
/// \throws Error{kDevice} when CUDA is asked for and absent
std::unique_ptr<TrainOps> make_train_ops(const std::string& device, void* stream);

}  // namespace semblance::kernels
