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

constexpr int kLane = 16;    // widths are padded to multiples of this
constexpr int kRowStep = 8;  // rows that share a load of the weights

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

SEMBLANCE_CLONES void set_rows(const float* bias, std::int64_t stride, float* out) {
  for (int r = 0; r < kTile; ++r, out += stride) {
    for (std::int64_t i = 0; i < stride; ++i) out[i] = bias[i];
  }
}

SEMBLANCE_CLONES void add_rows(const float* in, const float* bias, std::int64_t stride,
                               float* __restrict out) {
  for (int r = 0; r < kTile; ++r, in += stride, out += stride) {
    for (std::int64_t i = 0; i < stride; ++i) out[i] = in[i] + bias[i];
  }
}

SEMBLANCE_CLONES void silu_rows(std::int64_t size, const float* in, float* __restrict out) {
  for (std::int64_t i = 0; i < size; ++i) out[i] = silu(in[i]);
}

SEMBLANCE_CLONES void add_row(const float* row, std::int64_t stride, float* __restrict out) {
  for (std::int64_t i = 0; i < stride; ++i) out[i] += row[i];
}

/// The product of two padded rows.
SEMBLANCE_CLONES float dot(const float* a, const float* b, std::int64_t stride) {
  float lanes[kLane] = {};
  for (std::int64_t i = 0; i < stride; i += kLane) {
    for (int l = 0; l < kLane; ++l) lanes[l] += a[i + l] * b[i + l];
  }
  float sum = 0;
  for (int l = 0; l < kLane; ++l) sum += lanes[l];
  return sum;
}

/// Logits of one row to unnormalised probabilities, and their lane sums.
SEMBLANCE_CLONES void to_weights(std::int64_t tokens, std::int64_t stride, float* __restrict logits,
                                 float* __restrict lanes) {
  float largest[kLane];
  for (int l = 0; l < kLane; ++l) largest[l] = -1e30f;
  for (std::int64_t t = tokens; t < stride; ++t) logits[t] = -1e30f;
  for (std::int64_t t = 0; t < stride; t += kLane) {
    for (int l = 0; l < kLane; ++l)
      largest[l] = logits[t + l] > largest[l] ? logits[t + l] : largest[l];
  }
  float top = largest[0];
  for (int l = 1; l < kLane; ++l) top = largest[l] > top ? largest[l] : top;
  float sums[kLane] = {};
  for (std::int64_t t = 0; t < stride; t += kLane) {
    for (int l = 0; l < kLane; ++l) {
      const float e = fast_exp(logits[t + l] - top);
      logits[t + l] = e;
      sums[l] += e;
    }
  }
  // fast_exp never gives 0: entries that stand for no token are taken out again.
  for (std::int64_t t = tokens; t < stride; ++t) {
    sums[t % kLane] -= logits[t];
    logits[t] = 0;
  }
  for (int l = 0; l < kLane; ++l) lanes[l] = sums[l] > 0 ? sums[l] : 0.0f;
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

Padded Padded::transposed(const float* source, std::int64_t width, std::int64_t rows) {
  Padded out(rows, width);
  for (std::int64_t i = 0; i < width; ++i) {
    for (std::int64_t r = 0; r < rows; ++r) {
      out.values[r * out.stride + i] = source[i * rows + r];
    }
  }
  return out;
}

DecoderTile::DecoderTile(const DecoderWeights& w)
    : autoregressive_(w.autoregressive),
      cardinalities_(w.cardinalities),
      order_(w.order),
      stride_(padded(w.hidden)),
      unit_stride_(padded(w.block_width)),
      latent_(w.latent),
      shared_(w.shared),
      latent_in_(Padded::from(w.latent_in.data(), w.latent, w.hidden)) {
  const std::int64_t columns = static_cast<std::int64_t>(cardinalities_.size()), h = w.hidden;
  const std::int64_t contexts = autoregressive_ ? columns : 1;
  column_bias_ = Padded::from(w.column_bias.data(), contexts, h);
  std::int64_t at = 0;
  for (const int k : cardinalities_) {
    offsets_.push_back(at);
    heads_.push_back(Padded::transposed(w.head.data() + at * h, k, h));
    head_biases_.push_back(Padded::from(w.head_bias.data() + at, 1, k));
    at += k;
  }
  if (autoregressive_) embedding_ = Padded::from(w.embedding.data(), at, h);
  if (!w.position.empty()) {
    previous_ = Padded::from(w.previous.data(), at, h);
    position_ = Padded::from(w.position.data(), kPositions, h);
    stay_gate_ = Padded::from(w.stay_gate.data(), columns, h);
    transition_.assign(w.transition.begin(), w.transition.end());
    std::int64_t next = 0;
    for (const int k : cardinalities_) {
      transition_offsets_.push_back(next);
      next += transition_size(k);
    }
  }
  for (const DecoderWeights::Block& block : w.blocks) {
    blocks_.push_back({Padded::from(block.in.data(), h, w.block_width),
                       Padded::from(block.bias.data(), contexts, w.block_width),
                       Padded::from(block.out.data(), w.block_width, h)});
  }
}

DecoderTile::Work DecoderTile::work() const {
  std::int64_t widest = 0;
  for (const Padded& head : heads_) widest = std::max(widest, head.stride);
  const auto rows = [](std::int64_t width) {
    return std::vector<float>(static_cast<std::size_t>(kTile * width));
  };
  return {rows(stride_), rows(unit_stride_), rows(unit_stride_), rows(stride_), rows(widest)};
}

void DecoderTile::add_latent(const float* z, float* context) const {
  if (latent_ > 0) multiply_add(z, latent_, latent_in_, context);
}

void DecoderTile::add_history(const std::uint16_t* tokens, std::int64_t step, std::int32_t index,
                              std::int32_t size, float* context) const {
  for (int s = shared_; tokens != nullptr && s < columns(); ++s)
    add_row(previous_.row(offsets_[static_cast<std::size_t>(s)] + tokens[output(s) * step]),
            stride_, context);
  add_row(position_.row(position_from_start(index)), stride_, context);
  // The first row does not know yet how many there are: it draws that.
  if (tokens != nullptr) add_row(position_.row(position_from_end(index, size)), stride_, context);
}

void DecoderTile::enter(int s, const float* context, Work& work) const {
  add_rows(context, column_bias_.row(autoregressive_ ? s : 0), stride_, work.stream.data());
  for (const Block& block : blocks_) {
    set_rows(block.bias.row(autoregressive_ ? s : 0), unit_stride_, work.unit_in.data());
    multiply_add(work.stream.data(), stride_, block.in, work.unit_in.data());
    silu_rows(kTile * unit_stride_, work.unit_in.data(), work.unit.data());
    multiply_add(work.unit.data(), unit_stride_, block.out, work.stream.data());
  }
  silu_rows(kTile * stride_, work.stream.data(), work.hidden.data());
}

void DecoderTile::logits(int s, Work& work) const {
  const Padded& head = heads_[static_cast<std::size_t>(s)];
  set_rows(head_biases_[static_cast<std::size_t>(s)].row(0), head.stride, work.logits.data());
  multiply_add(work.hidden.data(), stride_, head, work.logits.data());
}

void DecoderTile::add_transitions(int s, int before, int r, Work& work) const {
  if (s < shared_) return;
  float* logits = work.logits.data() + r * head_stride(s);
  const float* table = transition_.data() + transition_offsets_[static_cast<std::size_t>(s)];
  for_each_transition(cardinality(s), before,
                      [&](int token, int at) { logits[token] += table[at]; });
  logits[before] += dot(stay_gate_.row(s), work.hidden.data() + r * stride_, stride_);
}

void DecoderTile::exponentiate(int s, float* logits, float* lanes) const {
  to_weights(cardinality(s), head_stride(s), logits, lanes);
}

void DecoderTile::feed(int s, int token, float* context) const {
  if (!autoregressive_ || s + 1 >= columns()) return;
  add_row(embedding_.row(offsets_[static_cast<std::size_t>(s)] + token), stride_, context);
}

}  // namespace semblance::kernels
