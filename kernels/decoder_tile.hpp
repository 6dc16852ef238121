/// The decoder's arithmetic over a tile of rows on the CPU, shared by the samplers. Within a tile
/// every row is computed by itself, in one fixed order of additions or in whole numbers, so neither
/// the tile nor its neighbours change its bits.
///
/// With blocks, a row's context carries the first block's W1^T c + a_j beside c: as c is a sum of
/// rows of matrices, so is that, and their products with W1 are made once, with the tile. So the
/// first block costs one product a column, not two.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/fixed_product.hpp"
#include "kernels/sample_rows.hpp"

namespace semblance::kernels {

/// A matrix [inner, width] whose rows are padded with zeros to whole vectors.
struct Padded {
  std::int64_t inner = 0, stride = 0;  ///< rows, and floats from row to row
  std::vector<float> values;           ///< [inner, stride]

  Padded() = default;
  /// All zeros.
  Padded(std::int64_t rows, std::int64_t width);
  /// \param source  [rows, width] without gaps
  static Padded from(const float* source, std::int64_t rows, std::int64_t width);
  /// [stride], zeros behind the width.
  const float* row(std::int64_t r) const { return values.data() + r * stride; }
};

/// A decoder made ready for tiles: the weights padded and, for the heads, transposed. Column s is
/// the s-th in the order of generation.
class DecoderTile {
 public:
  /// \param weights  checked; they are copied
  explicit DecoderTile(const DecoderWeights& weights, FixedIsa isa = best_fixed_isa());

  /// Working memory of one thread, for one tile at a time.
  struct Work {
    std::vector<float> stream, unit, logits;         ///< each [kTile, its stride]
    FixedRows rounded_stream, rounded_unit, hidden;  ///< what the products of the three read
    float gates[kTile] = {};  ///< of a panel: what the token of the row before gets from `hidden`
  };
  Work work() const;  ///< of this decoder's sizes, all zeros

  int columns() const { return static_cast<int>(cardinalities_.size()); }  ///< C
  bool autoregressive() const { return autoregressive_; }  ///< false: feed() does nothing
  /// Tokens of column s.
  int cardinality(int s) const { return cardinalities_[static_cast<std::size_t>(s)]; }
  /// Column of the output that column s is.
  int output(int s) const { return order_[static_cast<std::size_t>(s)]; }
  bool panel() const { return position_.inner > 0; }          ///< rows have a history
  int latent() const { return latent_; }                      ///< L; 0: there is no z
  std::int64_t stride() const { return stride_ + carried_; }  ///< floats of a row's context
  /// Floats of a row's logits; those behind the cardinality are no tokens.
  std::int64_t head_stride(int s) const { return heads_[static_cast<std::size_t>(s)].stride; }

  /// context += z U. \param z  [kTile, latent] \param context  [kTile, stride]
  void add_latent(const float* z, float* context) const;
  /// Adds what a row knows of its entity's other rows to its context: see GivenRows::History.
  /// \param tokens  of the row before, by output column, `step` apart; behind them those of the row
  ///                before it, up to kLookBack rows; not read in a first row
  void add_history(const std::uint16_t* tokens, std::int64_t step, std::int32_t index,
                   std::int32_t size, float* context) const;
  /// work.hidden = silu of column s's context, through the blocks, rounded.
  /// \param context  [kTile, stride]
  void enter(int s, const float* context, Work& work) const;
  /// work.logits [kTile, head_stride(s)] of column s from work.hidden.
  void logits(int s, Work& work) const;
  /// After logits(), in one row: adds the transitions from the tokens of the rows before. Nothing
  /// in a first row and for columns that the rows of an entity share. \param tokens  as of
  /// add_history() \param r  of the tile
  void add_transitions(int s, const std::uint16_t* tokens, std::int64_t step, std::int32_t index,
                       int r, Work& work) const;
  /// After logits(), in one row: adds what the tokens of earlier columns say directly.
  /// \param token_of  (g) the row's token of column g \param r  of the tile
  template <class TokenOf>
  void add_pairs(int s, int r, const TokenOf& token_of, Work& work) const {
    for (const Pair& pair : pairs_[static_cast<std::size_t>(s)])
      add_to_logits(s, pair.table.row(token_of(pair.given)), r, work);
  }
  /// Logits of one row of column s to unnormalised probabilities, in place, and their lane sums.
  void exponentiate(int s, float* logits, float* lanes) const;
  /// Draws column s of `rows` rows from work.logits. \param u  [rows] \param tokens  [rows]
  void pick(int s, int rows, const float* u, Work& work, std::uint16_t* tokens) const;
  /// Adds the embedding of column s's token to one row's context; nothing when not autoregressive
  /// or after the last column.
  void feed(int s, int token, float* context) const;
  /// The same for the first `rows` rows of a tile. \param context  [kTile, stride]
  void feed(int s, int rows, const std::uint16_t* tokens, float* context) const;

 private:
  struct Block {
    FixedMatrix in;  // not of the first, which the context carries
    Padded bias;
    FixedMatrix out;
  };
  /// What the token of an earlier column adds to the logits.
  struct Pair {
    int given = 0;
    Padded table;
  };
  void add_to_logits(int s, const float* row, int r, Work& work) const;
  /// Whether column s's token of the row before has a say.
  bool has_gate(int s) const { return panel_ && s >= shared_; }
  Padded carried(const float* rows, std::int64_t n, const DecoderWeights& w) const;

  FixedIsa isa_;
  FixedFunctions fixed_;
  bool autoregressive_;
  std::vector<int> cardinalities_, order_;
  std::int64_t stride_, unit_stride_;  // padded H and W
  std::int64_t carried_;               // floats that a context has for the first block
  std::vector<float> no_bias_;         // zeros
  int latent_, shared_;
  bool panel_;
  Padded latent_in_, column_bias_, embedding_, previous_, position_;
  std::vector<float> recall_;                     // [C, kLookBack - 1]
  std::vector<float> transition_;                 // [R]
  std::vector<std::int64_t> transition_offsets_;  // [C]
  std::vector<std::int64_t> offsets_;
  std::vector<Block> blocks_;
  std::vector<FixedMatrix> heads_;
  std::vector<Padded> head_biases_;
  std::vector<std::vector<Pair>> pairs_;  // [C]
};

}  // namespace semblance::kernels
