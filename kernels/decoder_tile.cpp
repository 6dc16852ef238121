/// Loops run over outputs (widths, tokens), never summing across vector lanes.
#include "kernels/decoder_tile.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/activation.hpp"
#include "kernels/position.hpp"
#include "kernels/sample_cell.hpp"
#include "kernels/target_clones.hpp"
#include "kernels/transition.hpp"

namespace semblance::kernels {
namespace {

constexpr int kLane = 16;           // widths are padded to multiples of this
constexpr int kRowStep = 8;         // rows that share a load of the weights
constexpr float kNoToken = -1e30f;  // logit of what is no token

static_assert(kTile % kRowStep == 0 && kLane == kPickLanes);

typedef float Vector __attribute__((vector_size(4 * kLane)));
std::int64_t padded(std::int64_t width) { return (width + kLane - 1) / kLane * kLane; }

/// out[r, :] (+)= in[r, :] M for the rows of a tile; kWide vectors of outputs at a time.
/// \param in   [kTile, in_stride], the first m.inner entries of a row are used
/// \param out  [kTile, m.stride]
template <int kWide>
inline __attribute__((always_inline)) void multiply_strip(const float* in, std::int64_t in_stride,
                                                          const Padded& m, std::int64_t at,
                                                          float* out) {
  const std::int64_t stride = m.stride, inner = m.inner;
  for (int r0 = 0; r0 < kTile; r0 += kRowStep) {
    Vector sum[kRowStep][kWide];
    for (int r = 0; r < kRowStep; ++r) {
      for (int v = 0; v < kWide; ++v) {
        std::memcpy(&sum[r][v], out + (r0 + r) * stride + at + v * kLane, sizeof(Vector));
      }
    }
    const float* weights = m.values.data() + at;
    const float* x = in + r0 * in_stride;
    for (std::int64_t i = 0; i < inner; ++i, weights += stride, ++x) {
      Vector w[kWide];
      for (int v = 0; v < kWide; ++v) std::memcpy(&w[v], weights + v * kLane, sizeof(Vector));
      for (int r = 0; r < kRowStep; ++r) {
        for (int v = 0; v < kWide; ++v) sum[r][v] += x[r * in_stride] * w[v];
      }
    }
    for (int r = 0; r < kRowStep; ++r) {
      for (int v = 0; v < kWide; ++v) {
        std::memcpy(out + (r0 + r) * stride + at + v * kLane, &sum[r][v], sizeof(Vector));
      }
    }
  }
}

/// out += in M, over a tile.
SEMBLANCE_CLONES void multiply_add(const float* in, std::int64_t in_stride, const Padded& m,
                                   float* out) {
  std::int64_t at = 0;
  for (; at + 2 * kLane <= m.stride; at += 2 * kLane) multiply_strip<2>(in, in_stride, m, at, out);
  for (; at < m.stride; at += kLane) multiply_strip<1>(in, in_stride, m, at, out);
}

/// out += row, over whole vectors.
inline __attribute__((always_inline)) void add_vectors(const float* row, std::int64_t stride,
                                                       float* __restrict out) {
  for (std::int64_t i = 0; i < stride; i += kLane)
    for (int l = 0; l < kLane; ++l) out[i + l] += row[i + l];
}

SEMBLANCE_CLONES void add_row(const float* row, std::int64_t stride, float* out) {
  add_vectors(row, stride, out);
}

/// The same of a row that counts for less: by a power of two, so that the product is exact.
SEMBLANCE_CLONES void add_faded(const float* row, float weight, std::int64_t stride, float* out) {
  for (std::int64_t i = 0; i < stride; i += kLane)
    for (int l = 0; l < kLane; ++l) out[i + l] += weight * row[i + l];
}

/// Each row of a tile += the row of the table that its token names.
SEMBLANCE_CLONES void add_rows(const float* table, const std::uint16_t* tokens, int rows,
                               std::int64_t stride, float* out) {
  for (int r = 0; r < rows; ++r) add_vectors(table + tokens[r] * stride, stride, out + r * stride);
}

/// out[0, w) += row[0, h) M, added up in double, where a product of floats is exact: so the bits do
/// not depend on fused multiply-add.
SEMBLANCE_CLONES void add_product(const float* row, const float* m, std::int64_t h, std::int64_t w,
                                  double* __restrict sums, float* __restrict out) {
  for (std::int64_t o = 0; o < w; ++o) sums[o] = out[o];
  for (std::int64_t i = 0; i < h; ++i, m += w) {
    const double x = row[i];
    for (std::int64_t o = 0; o < w; ++o) sums[o] += x * m[o];
  }
  for (std::int64_t o = 0; o < w; ++o) out[o] = static_cast<float>(sums[o]);
}

/// Logits of one row to unnormalised probabilities, and their lane sums. Logits behind the last
/// token are far below all others.
inline __attribute__((always_inline)) void to_weights(std::int64_t tokens, std::int64_t stride,
                                                      float* __restrict logits,
                                                      float* __restrict lanes) {
  float largest[kLane];
  for (int l = 0; l < kLane; ++l) largest[l] = logits[l];
  for (std::int64_t t = kLane; t < stride; t += kLane) {
    for (int l = 0; l < kLane; ++l)
      largest[l] = largest[l] > logits[t + l] ? largest[l] : logits[t + l];
  }
  for (int step = kLane / 2; step > 0; step /= 2) {
    for (int l = 0; l < step; ++l)
      largest[l] = largest[l] > largest[l + step] ? largest[l] : largest[l + step];
  }
  const float top = largest[0];
  constexpr float kLog2e = 1.44269504088896341f;
  const std::int64_t last = stride - kLane;
  for (std::int64_t t = 0; t < last; t += kLane)
    for (int l = 0; l < kLane; ++l) logits[t + l] = fast_exp2((logits[t + l] - top) * kLog2e);
  const int many = static_cast<int>(tokens - last);
  for (int l = 0; l < kLane; ++l) {
    const float e = fast_exp2((logits[last + l] - top) * kLog2e);
    logits[last + l] = l < many ? e : 0.0f;
  }
  Vector sums;
  std::memcpy(&sums, logits, sizeof sums);
  for (std::int64_t t = kLane; t < stride; t += kLane) {
    Vector more;
    std::memcpy(&more, logits + t, sizeof more);
    sums += more;
  }
  std::memcpy(lanes, &sums, sizeof sums);
}

SEMBLANCE_CLONES void to_weights_of_one(std::int64_t tokens, std::int64_t stride, float* logits,
                                        float* lanes) {
  to_weights(tokens, stride, logits, lanes);
}

/// The lane of each row's token and what is left of u behind the lanes before: pick_token()'s first
/// half. \param lanes  [kLane, kTile]
SEMBLANCE_CLONES void pick_lanes(const float (*lanes)[kTile], const float* u, int* __restrict lane,
                                 float* __restrict left) {
  float total[kTile] = {}, sum[kTile] = {}, before[kTile] = {};
  for (int l = 0; l < kLane; ++l)
    for (int r = 0; r < kTile; ++r) total[r] += lanes[l][r];
  for (int r = 0; r < kTile; ++r) left[r] = u[r] * total[r];
  for (int r = 0; r < kTile; ++r) lane[r] = 0;
  for (int l = 0; l < kLane - 1; ++l) {
    for (int r = 0; r < kTile; ++r) {
      sum[r] += lanes[l][r];
      lane[r] = sum[r] <= left[r] ? l + 1 : lane[r];
      before[r] = sum[r] <= left[r] ? sum[r] : before[r];
    }
  }
  for (int r = 0; r < kTile; ++r) left[r] -= before[r];
}

SEMBLANCE_CLONES void to_weights_of_tile(std::int64_t tokens, std::int64_t stride, float* logits,
                                         float (*lanes)[kLane]) {
  for (int r = 0; r < kTile; ++r) to_weights(tokens, stride, logits + r * stride, lanes[r]);
}

}  // namespace

Padded::Padded(std::int64_t rows, std::int64_t width)
    : inner(rows), stride(padded(width)), values(static_cast<std::size_t>(rows * stride)) {}

Padded Padded::from(const float* source, std::int64_t rows, std::int64_t width) {
  Padded out(rows, width);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::copy_n(source + r * width, width, out.values.data() + r * out.stride);
  }
  return out;
}

namespace {

/// The head of a column [k, h] the other way round: [h, k], or [h, k + 1] with the gate [h] behind.
std::vector<float> transposed(const float* head, int k, std::int64_t h, const float* gate) {
  const std::int64_t width = gate != nullptr ? k + 1 : k;
  std::vector<float> out(static_cast<std::size_t>(h * width));
  for (std::int64_t i = 0; i < h; ++i) {
    for (int t = 0; t < k; ++t) out[i * width + t] = head[t * h + i];
    if (gate != nullptr) out[i * width + k] = gate[i];
  }
  return out;
}

}  // namespace

/// Rows of H numbers, each with what it adds to the first block.
Padded DecoderTile::carried(const float* rows, std::int64_t n, const DecoderWeights& w) const {
  Padded out(n, stride());
  const std::int64_t h = w.hidden, u = carried_ > 0 ? w.block_width : 0;
  std::vector<double> sums(static_cast<std::size_t>(u));
  for (std::int64_t r = 0; r < n; ++r) {
    float* row = out.values.data() + r * out.stride;
    std::copy_n(rows + r * h, h, row);
    if (u > 0) add_product(rows + r * h, w.blocks[0].in.data(), h, u, sums.data(), row + stride_);
  }
  return out;
}

DecoderTile::DecoderTile(const DecoderWeights& w, FixedIsa isa)
    : isa_(isa),
      fixed_(fixed_functions(isa)),
      autoregressive_(w.autoregressive),
      cardinalities_(w.cardinalities),
      order_(w.order),
      stride_(padded(w.hidden)),
      unit_stride_(padded(w.block_width)),
      carried_(w.blocks.empty() ? 0 : unit_stride_),
      no_bias_(static_cast<std::size_t>(std::max(stride_, unit_stride_))),
      latent_(w.latent),
      shared_(w.shared),
      panel_(!w.position.empty()) {
  const std::int64_t columns = static_cast<std::int64_t>(cardinalities_.size()), h = w.hidden;
  const std::int64_t contexts = autoregressive_ ? columns : 1;
  latent_in_ = carried(w.latent_in.data(), w.latent, w);
  column_bias_ = carried(w.column_bias.data(), contexts, w);
  for (std::int64_t c = 0; c < contexts && carried_ > 0; ++c) {
    const float* bias = w.blocks[0].bias.data() + c * w.block_width;
    float* row = column_bias_.values.data() + c * column_bias_.stride + stride_;
    for (int i = 0; i < w.block_width; ++i) row[i] += bias[i];
  }
  std::int64_t at = 0;
  for (const int k : cardinalities_) {
    offsets_.push_back(at);
    const std::int64_t column = static_cast<std::int64_t>(heads_.size());
    const bool gated = has_gate(static_cast<int>(column));
    const int width = gated ? k + 1 : k;
    heads_.emplace_back(
        transposed(w.head.data() + at * h, k, h, gated ? w.stay_gate.data() + column * h : nullptr)
            .data(),
        width, h, width, isa);
    Padded bias = Padded::from(w.head_bias.data() + at, 1, k);
    bias.values.resize(static_cast<std::size_t>(heads_.back().stride));
    std::fill(bias.values.begin() + k, bias.values.end(), kNoToken);
    if (gated) bias.values[static_cast<std::size_t>(k)] = 0;
    head_biases_.push_back(std::move(bias));
    at += k;
  }
  pairs_.resize(w.cardinalities.size());
  for (const DecoderWeights::Pair& pair : w.pairs) {
    pairs_[static_cast<std::size_t>(pair.column)].push_back(
        {pair.given,
         Padded::from(pair.values.data(), cardinality(pair.given), cardinality(pair.column))});
  }
  if (autoregressive_) embedding_ = carried(w.embedding.data(), at, w);
  if (!w.position.empty()) {
    previous_ = carried(w.previous.data(), at, w);
    position_ = carried(w.position.data(), kPositions, w);
    recall_.assign(w.recall.begin(), w.recall.end());
    transition_.assign(w.transition.begin(), w.transition.end());
    std::int64_t next = 0;
    for (const int k : cardinalities_) {
      transition_offsets_.push_back(next);
      next += transition_size(k);
    }
  }
  for (const DecoderWeights::Block& block : w.blocks) {
    const std::int64_t u = w.block_width;
    blocks_.push_back({blocks_.empty() ? FixedMatrix() : FixedMatrix(block.in.data(), u, h, u, isa),
                       Padded::from(block.bias.data(), contexts, u),
                       FixedMatrix(block.out.data(), h, u, h, isa)});
  }
}

DecoderTile::Work DecoderTile::work() const {
  std::int64_t widest = 0;
  for (const FixedMatrix& head : heads_) widest = std::max(widest, head.stride);
  const auto rows = [](std::int64_t width) {
    return std::vector<float>(static_cast<std::size_t>(kTile * width));
  };
  return {rows(stride_),      rows(unit_stride_),      rows(widest),
          FixedRows(stride_), FixedRows(unit_stride_), FixedRows(stride_)};
}

void DecoderTile::add_latent(const float* z, float* context) const {
  if (latent_ > 0) multiply_add(z, latent_, latent_in_, context);
}

void DecoderTile::add_history(const std::uint16_t* tokens, std::int64_t step, std::int32_t index,
                              std::int32_t size, float* context) const {
  float weight = 1;
  for (int i = 0; i < std::min(index, kLookBack); ++i, weight *= kFading) {
    for (int s = shared_; s < columns(); ++s) {
      const int token = tokens[(std::int64_t{i} * columns() + output(s)) * step];
      add_faded(previous_.row(offsets_[static_cast<std::size_t>(s)] + token), weight, stride(),
                context);
    }
  }
  add_row(position_.row(position_from_start(index)), stride(), context);
  // The first row does not know yet how many there are: it draws that.
  if (index > 0) add_row(position_.row(position_from_end(index, size)), stride(), context);
}

void DecoderTile::enter(int s, const float* context, Work& work) const {
  const std::int64_t row = autoregressive_ ? s : 0;
  const float* bias = column_bias_.row(row);
  if (blocks_.empty()) return fixed_.round_silu({context, stride(), bias, stride_}, work.hidden);
  fixed_.round_silu({context + stride_, stride(), bias + stride_, unit_stride_}, work.rounded_unit);
  fixed_.multiply(work.rounded_unit, blocks_[0].out, {context, stride(), bias}, work.stream.data());
  for (std::size_t k = 1; k < blocks_.size(); ++k) {
    const Block& block = blocks_[k];
    fixed_.round({work.stream.data(), stride_, nullptr, stride_}, work.rounded_stream);
    fixed_.multiply(work.rounded_stream, block.in, {nullptr, 0, block.bias.row(row)},
                    work.unit.data());
    fixed_.round_silu({work.unit.data(), unit_stride_, nullptr, unit_stride_}, work.rounded_unit);
    fixed_.multiply(work.rounded_unit, block.out, {work.stream.data(), stride_, no_bias_.data()},
                    work.stream.data());
  }
  fixed_.round_silu({work.stream.data(), stride_, nullptr, stride_}, work.hidden);
}

void DecoderTile::logits(int s, Work& work) const {
  fixed_.multiply(work.hidden, heads_[static_cast<std::size_t>(s)],
                  {nullptr, 0, head_biases_[static_cast<std::size_t>(s)].row(0)},
                  work.logits.data());
  if (!has_gate(s)) return;
  for (int r = 0; r < kTile; ++r) {
    float& gate = work.logits[static_cast<std::size_t>(r * head_stride(s) + cardinality(s))];
    work.gates[r] = gate;
    gate = kNoToken;
  }
}

void DecoderTile::add_transitions(int s, const std::uint16_t* tokens, std::int64_t step,
                                  std::int32_t index, int r, Work& work) const {
  if (!has_gate(s) || index == 0) return;
  const auto token_of = [&](int back) {
    return tokens[(std::int64_t{back} * columns() + output(s)) * step];
  };
  const int before = token_of(0);
  float* logits = work.logits.data() + r * head_stride(s);
  const float* table = transition_.data() + transition_offsets_[static_cast<std::size_t>(s)];
  for_each_transition(cardinality(s), before,
                      [&](int token, int at) { logits[token] += table[at]; });
  logits[before] += work.gates[r];
  for (int back = 1; back < std::min(index, kLookBack); ++back)
    logits[token_of(back)] += recall_[static_cast<std::size_t>(s * (kLookBack - 1) + back - 1)];
}

void DecoderTile::add_to_logits(int s, const float* row, int r, Work& work) const {
  add_row(row, head_stride(s), work.logits.data() + r * head_stride(s));
}

void DecoderTile::exponentiate(int s, float* logits, float* lanes) const {
  to_weights_of_one(cardinality(s), head_stride(s), logits, lanes);
}

void DecoderTile::pick(int s, int rows, const float* u, Work& work, std::uint16_t* tokens) const {
  const std::int64_t stride = head_stride(s);
  float lanes[kTile][kLane], turned[kLane][kTile], uniform[kTile] = {}, left[kTile];
  int lane[kTile];
  to_weights_of_tile(cardinality(s), stride, work.logits.data(), lanes);
  for (int r = 0; r < kTile; ++r)
    for (int l = 0; l < kLane; ++l) turned[l][r] = lanes[r][l];
  std::copy_n(u, rows, uniform);
  pick_lanes(turned, uniform, lane, left);
  for (int r = 0; r < rows; ++r) {
    tokens[r] = static_cast<std::uint16_t>(pick_in_lane(
        work.logits.data() + r * stride, static_cast<int>(stride), lanes[r], lane[r], left[r]));
  }
}

void DecoderTile::feed(int s, int rows, const std::uint16_t* tokens, float* context) const {
  if (!autoregressive_ || s + 1 >= columns()) return;
  add_rows(embedding_.row(offsets_[static_cast<std::size_t>(s)]), tokens, rows, stride(), context);
}

void DecoderTile::feed(int s, int token, float* context) const {
  if (!autoregressive_ || s + 1 >= columns()) return;
  add_row(embedding_.row(offsets_[static_cast<std::size_t>(s)] + token), stride(), context);
}

}  // namespace semblance::kernels
