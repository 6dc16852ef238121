/// The network's shape and its parameters in one flat array. Equations: docs/MODEL.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace semblance::trainer {

/// Sizes of the network. Column s is the s-th column in the order of generation.
struct NetworkShape {
  bool autoregressive = true;      ///< false: columns are independent given z
  std::vector<int> cardinalities;  ///< [C] tokens of each column, in the order of generation
  int latent = 16;                 ///< L: dimensions of z; 0 for none
  int hidden = 128;                ///< H: width of the running context
  int blocks = 0;                  ///< residual blocks
  int block_width = 0;             ///< W: width inside a block
  /// Rows of an entity follow one another: the context knows the row before and the row's place.
  bool panel = false;
  int shared = 0;    ///< leading columns that belong to the entity, in every row alike
  int encoder = 64;  ///< G: width of the encoder

  int columns() const { return static_cast<int>(cardinalities.size()); }  ///< C
  std::int64_t total_tokens() const;  ///< T: sum of the cardinalities
  /// [C + 1] where each column's table of transitions begins (kernels/transition.hpp); the last: R
  std::vector<std::int64_t> transition_offsets() const;
  std::vector<std::int64_t> token_offsets()
      const;  ///< [C + 1] first row of each column in T-row matrices
  /// \throws Error{kData} when a size is not sensible (files are not trusted)
  void check() const;
};

/// A row-major matrix inside the flat array.
struct Parameter {
  std::string name;                    ///< in the model file, for example "encoder_embedding"
  std::int64_t offset = 0;             ///< of its first float in the flat array
  std::int64_t rows = 0, columns = 0;  ///< a bias has one row, or one a column of the table
  bool decays = true;                  ///< weight decay applies (not to biases)
  bool per_token = false;              ///< a row is a token's own
  std::int64_t size() const { return rows * columns; }  ///< floats
};

/// Where each parameter lies in the flat array.
struct NetworkLayout {
  /// \throws Error{kData} as NetworkShape::check() does
  explicit NetworkLayout(const NetworkShape& shape);

  /// Indices into `parameters` of one residual block.
  struct Block {
    int in = -1;    ///< [H, W]
    int bias = -1;  ///< [C, W]
    int out = -1;   ///< [W, H]
  };
  std::vector<Parameter> parameters;  ///< in the order of the flat array, without gaps
  std::int64_t size = 0;              ///< floats in all

  // Indices into `parameters`; -1 where the shape has no such part.
  int encoder_embedding = -1;    ///< [T, G]
  int encoder_bias = -1;         ///< [1, G]
  int encoder_hidden = -1;       ///< [G, G]
  int encoder_hidden_bias = -1;  ///< [1, G]
  int encoder_out = -1;          ///< [G, 2 L]: means, then log variances
  int encoder_out_bias = -1;     ///< [1, 2 L]
  int latent = -1;               ///< [L, H]
  int column_bias = -1;          ///< [C, H]; [1, H] when not autoregressive
  int embedding = -1;            ///< [T, H]; absent when not autoregressive
  std::vector<Block> blocks;     ///< empty for a network without blocks
  int head = -1;                 ///< [T, H]
  int previous = -1;             ///< [T, H] tokens of the row before; only of a panel
  int position = -1;             ///< [kPositions, H] the row's place; only of a panel
  int transition = -1;  ///< [1, R] logits given the token of the row before; only of a panel
  int recall = -1;      ///< [C, kLookBack - 1] logits of the tokens before that; only of a panel
  int stay_gate = -1;   ///< [C, H] silu(context) to the logit of that token; only of a panel
  int head_bias = -1;   ///< [1, T]

  /// \param index  one of those above, not -1
  std::int64_t offset(int index) const {
    return parameters[static_cast<std::size_t>(index)].offset;
  }

 private:
  int add(std::string name, std::int64_t rows, std::int64_t columns, bool decays = true,
          bool per_token = false);
};

/// Initial weights: small random numbers from Philox(seed, kInitialise, parameter), and head biases
/// at the logarithm of each token's (smoothed) frequency.
/// \param frequencies  [T] counts of the tokens over the training rows of all ranks
/// \param ordered      [C] as FitSettings::ordered; empty: none
std::vector<float> initial_weights(const NetworkShape& shape, const NetworkLayout& layout,
                                   std::span<const double> frequencies, std::uint64_t seed,
                                   const std::vector<int>& ordered = {});

}  // namespace semblance::trainer
