/// Sampling rows of tokens from a trained decoder: plain arrays of weights, no LibTorch.
/// Equations: docs/MODEL.md. CPU: sample_rows_cpu.cpp; CUDA: sample_rows_cuda.cu.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace semblance::kernels {

/// The decoder p(x | z), as arrays owned elsewhere. Row-major; column s is the s-th in the order of
/// generation; T is the sum of the cardinalities, and column s owns the T-rows from their running
/// sum.
struct DecoderWeights {
  bool autoregressive = true;          ///< false: columns are independent given z
  std::vector<int> cardinalities;      ///< [C] tokens of each column
  std::vector<int> order;              ///< [C] the output column of the s-th column
  int latent = 0;                      ///< L
  int hidden = 0;                      ///< H
  int block_width = 0;                 ///< W
  std::span<const float> latent_in;    ///< [L, H]; empty when L = 0
  std::span<const float> column_bias;  ///< [C, H]; [1, H] when not autoregressive
  std::span<const float> embedding;    ///< [T, H]; empty when not autoregressive
  /// A residual block: c += out^T silu(in^T c + bias).
  struct Block {
    std::span<const float> in;    ///< [H, W]
    std::span<const float> bias;  ///< [C, W]; [1, W] when not autoregressive
    std::span<const float> out;   ///< [W, H]
  };
  std::vector<Block> blocks;         ///< in the order of computation
  std::span<const float> head;       ///< [T, H]
  std::span<const float> head_bias;  ///< [T]

  // Of a panel (rows of an entity that follow one another); empty otherwise.
  std::span<const float> previous;    ///< [T, H] added for each token of the row before
  std::span<const float> position;    ///< [kPositions, H] added for the row's place
  std::span<const float> transition;  ///< [R] added to logits for the token of the row before: the
                                      ///< columns' tables (kernels/transition.hpp)
  std::span<const float> recall;     ///< [C, kLookBack - 1] to the logits of the tokens before that
  std::span<const float> stay_gate;  ///< [C, H] silu(context) to the logit of that token
  int shared = 0;                    ///< leading columns that do not count in the row before

  /// What the token of one earlier column adds to a column's logits.
  struct Pair {
    int given = 0, column = 0;      ///< in the order of generation; given < column
    std::span<const float> values;  ///< [K_given, K_column]
  };
  std::vector<Pair> pairs;  ///< added one after the other; only of an autoregressive decoder
};

/// \throws Error{kData} naming the array whose size does not follow from the others
void check(const DecoderWeights& weights);

/// A decoder made ready for sampling. Copies the weights, so they need not live on.
class RowSampler {
 public:
  virtual ~RowSampler() = default;
  /// Tokens of rows [first_row, first_row + n_rows), column-major: (row, c) at out[c * n_rows +
  /// row]. z comes from (seed, kLatent, row), the s-th token from draw s of (seed, kSample, row).
  /// \param threads  CPU: 0 for all
  /// \note a row has the same bits for any n_rows, number of threads and (with fused multiply-add
  ///       hardware) instruction set
  virtual void sample(std::int64_t first_row, std::int64_t n_rows, std::uint64_t seed, int threads,
                      std::uint16_t* out) const = 0;
};

/// \param device  as base::Device::name()
/// \throws Error{kDevice} when CUDA is asked for and absent; Error{kData} as check()
std::unique_ptr<RowSampler> make_row_sampler(const DecoderWeights& weights,
                                             const std::string& device = "cpu");

}  // namespace semblance::kernels
