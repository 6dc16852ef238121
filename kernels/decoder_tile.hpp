/// The decoder's arithmetic over a tile of rows on the CPU, shared by the samplers. Within a tile
/// every row is computed by itself, in one fixed order of additions, so neither the tile nor its
/// neighbours change its bits.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/sample_rows.hpp"

namespace semblance::kernels {

inline constexpr int kTile = 64;  ///< rows of a tile

/// A matrix [inner, width] whose rows are padded with zeros to whole vectors.
struct Padded {
  std::int64_t inner = 0, stride = 0;  ///< rows, and floats from row to row
  std::vector<float> values;           ///< [inner, stride]

  Padded() = default;
  /// All zeros.
  Padded(std::int64_t rows, std::int64_t width);
  /// \param source  [rows, width] without gaps
  static Padded from(const float* source, std::int64_t rows, std::int64_t width);
  /// \param source  [width, rows]
  static Padded transposed(const float* source, std::int64_t width, std::int64_t rows);
  /// [stride], zeros behind the width.
  const float* row(std::int64_t r) const { return values.data() + r * stride; }
};

/// A decoder made ready for tiles: the weights padded and, for the heads, transposed. Column s is
/// the s-th in the order of generation.
class DecoderTile {
 public:
  /// \param weights  checked; they are copied
  explicit DecoderTile(const DecoderWeights& weights);

  /// Working memory of one thread, for one tile at a time.
  struct Work {
    std::vector<float> stream, unit, unit_in, hidden, logits;  ///< each [kTile, its stride]
  };
  Work work() const;  ///< of this decoder's sizes, all zeros

  int columns() const { return static_cast<int>(cardinalities_.size()); }  ///< C
  bool autoregressive() const { return autoregressive_; }  ///< false: feed() does nothing
  /// Tokens of column s.
  int cardinality(int s) const { return cardinalities_[static_cast<std::size_t>(s)]; }
  /// Column of the output that column s is.
  int output(int s) const { return order_[static_cast<std::size_t>(s)]; }
  bool panel() const { return position_.inner > 0; }  ///< rows have a history
  int latent() const { return latent_; }              ///< L; 0: there is no z
  std::int64_t stride() const { return stride_; }     ///< floats of a row's context
  /// Floats of a row's logits; those behind the cardinality are no tokens.
  std::int64_t head_stride(int s) const { return heads_[static_cast<std::size_t>(s)].stride; }

  /// context += z U. \param z  [kTile, latent] \param context  [kTile, stride]
  void add_latent(const float* z, float* context) const;
  /// Adds what a row knows of its entity's other rows to its context: see GivenRows::History.
  /// \param tokens  of the row before, by output column, `step` apart; null for a first row
  void add_history(const std::uint16_t* tokens, std::int64_t step, std::int32_t index,
                   std::int32_t size, float* context) const;
  /// work.hidden = silu of column s's context, through the blocks. \param context  [kTile, stride]
  void enter(int s, const float* context, Work& work) const;
  /// work.logits [kTile, head_stride(s)] of column s from work.hidden.
  void logits(int s, Work& work) const;
  /// After logits(), in one row whose row before has the token `before`: adds the transitions from
  /// it. Nothing for columns that the rows of an entity share. \param r  of the tile
  void add_transitions(int s, int before, int r, Work& work) const;
  /// Logits of one row of column s to unnormalised probabilities, in place, and their lane sums.
  void exponentiate(int s, float* logits, float* lanes) const;
  /// Adds the embedding of column s's token to one row's context; nothing when not autoregressive
  /// or after the last column.
  void feed(int s, int token, float* context) const;

 private:
  struct Block {
    Padded in, bias, out;
  };
  bool autoregressive_;
  std::vector<int> cardinalities_, order_;
  std::int64_t stride_, unit_stride_;  // padded H and W
  int latent_, shared_;
  Padded latent_in_, column_bias_, embedding_, previous_, position_, stay_gate_;
  std::vector<float> transition_;                 // [R]
  std::vector<std::int64_t> transition_offsets_;  // [C]
  std::vector<std::int64_t> offsets_;
  std::vector<Block> blocks_;
  std::vector<Padded> heads_, head_biases_;
};

}  // namespace semblance::kernels
