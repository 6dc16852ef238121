/// One lane of a training step: the negative evidence lower bound (ELBO) of some rows and its
/// gradient, written out by hand. Equations: docs/MODEL.md.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "trainer/carried_block.hpp"
#include "trainer/network.hpp"

namespace semblance::trainer {

/// Tokens of the rows that a rank owns, row-major, columns in the order of generation.
struct TokenRows {
  std::int64_t n_rows = 0;            ///< 0 on a rank without rows
  int n_columns = 0;                  ///< C: token columns
  std::int64_t first_row = 0;         ///< global number of the first row: addresses the noise
  std::vector<std::uint16_t> tokens;  ///< [n_rows, n_columns]

  // Of a panel: rows of an entity follow one another, all of them on one rank. Empty otherwise.
  std::vector<std::int64_t> entity;  ///< [n_rows] global number: addresses z and validation
  std::vector<std::int32_t> index;   ///< [n_rows] rows of the entity before this one
  std::vector<std::int32_t> size;    ///< [n_rows] rows of the entity
};

/// Where the noise of a pass comes from.
struct StepNoise {
  std::uint64_t seed = 1;   ///< of the training
  std::uint32_t epoch = 0;  ///< another epoch draws other noise for the same row
  double dropout = 0;       ///< probability that a unit inside a block is left out
};

/// Log variances of q(z | x) outside this range are held at its ends.
inline constexpr float kLeastLogVariance = -12.0f;
inline constexpr float kMostLogVariance = 6.0f;  ///< see kLeastLogVariance

/// The dropout mask's number within a row (see apply_dropout): column s, block k.
inline std::uint32_t dropout_stream(const StepNoise& noise, const NetworkShape& shape,
                                    std::int64_t s, int k) {
  const auto columns = static_cast<std::uint32_t>(shape.columns());
  const auto blocks = static_cast<std::uint32_t>(shape.blocks);
  return (noise.epoch * columns + static_cast<std::uint32_t>(s)) * blocks +
         static_cast<std::uint32_t>(k);
}

/// Sums over the rows of a pass, in nats.
struct StepLoss {
  double nll = 0;                            ///< -log p(x | z)
  double kl = 0;                             ///< KL(q(z|x) || N(0, 1))
  std::int64_t rows = 0;                     ///< summed over
  double total() const { return nll + kl; }  ///< minus the evidence lower bound
};

struct HistoryHead;

/// Sees what a pass over n rows says of the s-th column: logits [K, n] without the head bias, and
/// the tokens [n] that the rows have.
using LogitVisitor =
    std::function<void(int s, std::int64_t n, const float* logits, const std::uint16_t* tokens)>;

/// The step on one CPU thread, with its working memory: one object a thread.
class TrainingStep {
 public:
  /// \param most_rows  rows of the largest pass; decides the size of the working memory
  TrainingStep(const NetworkShape& shape, std::int64_t most_rows);

  /// Loss of the given rows and its gradient times `scale`.
  /// \param rows      local row numbers, at most most_rows of them
  /// \param gradient  [layout size], overwritten
  StepLoss gradient(const float* weights, const TokenRows& data, std::span<const std::int64_t> rows,
                    const StepNoise& noise, float scale, float* gradient);

  /// Loss alone, without dropout.
  /// \param column_nll  [C] the sum over rows of each column's -log p is added, when not null
  StepLoss loss(const float* weights, const TokenRows& data, std::span<const std::int64_t> rows,
                const StepNoise& noise, double* column_nll = nullptr);

  /// The loss of each row, without dropout. \param row_loss  [rows.size()], overwritten
  void row_losses(const float* weights, const TokenRows& data, std::span<const std::int64_t> rows,
                  const StepNoise& noise, double* row_loss);

  /// Shows the logits of each column to the visitor, without dropout; the columns come in any
  /// order.
  void visit_logits(const float* weights, const TokenRows& data, std::span<const std::int64_t> rows,
                    const StepNoise& noise, const LogitVisitor& visitor);

 private:
  struct Pass;
  void gather_tokens(const Pass& pass);
  void encode(Pass& pass);
  void encode_backward(const Pass& pass);
  void enter_context(const Pass& pass, int s);
  struct HeadRows;
  void head(Pass& pass, int s, bool first);
  void head(Pass& pass, int s, bool first, const HeadRows& rows);
  void head_of_first_rows(Pass& pass, int s);
  HistoryHead history_head(const Pass& pass, int s) const;
  void sum_embeddings(const Pass& pass);
  void sum_embeddings_backward(const Pass& pass);
  float kl_share(const Pass& pass, std::int64_t r) const;
  void leave_context(const Pass& pass, int s);
  void run(Pass& pass);

  NetworkShape shape_;
  NetworkLayout layout_;
  std::vector<std::int64_t> token_offsets_;
  std::int64_t most_rows_;

  CarriedBlock carried_;

  // Working memory of one pass over n rows.
  std::vector<std::uint16_t> tokens_;                       // [C, n]
  std::vector<float> encoder_sum_, encoder1_, slope1_;      // [n, G]
  std::vector<float> encoder2_, slope2_, encoder_grad_;     // [n, G]
  std::vector<float> statistics_, statistics_grad_;         // [n, 2 L]
  std::vector<float> epsilon_, z_, z_grad_;                 // [n, L]
  std::vector<float> context_, context_grad_;               // [n, H] running sum and its gradient
  std::vector<std::vector<float>> stream_;                  // [blocks + 1] of [n, H]
  std::vector<std::vector<float>> unit_, unit_slope_;       // [blocks] of [n, W]
  std::vector<float> unit_grad_;                            // [n, W]
  std::vector<float> hidden_, hidden_slope_, hidden_grad_;  // [n, H]
  std::vector<float> logits_;                               // [largest K, n]
  std::vector<float> compact_, compact_grad_;               // [n, H] of the first rows of entities
  std::vector<std::uint16_t> compact_tokens_;               // [n]
  std::vector<std::int64_t> compact_rows_;                  // [n] places in the pass
  std::vector<float> nll_, scratch_;                        // [n], [3 n]
};

}  // namespace semblance::trainer
