/// Rows are worked on in tiles; within a tile every row is computed by itself, in one fixed order
/// of additions, so neither the tile nor its neighbours change its bits. Loops run over outputs
/// (widths, tokens), never summing across vector lanes.
#include <algorithm>
#include <cstring>

#include "base/parallel.hpp"
#include "kernels/activation.hpp"
#include "kernels/sample_cell.hpp"
#include "kernels/sample_rows_driver.hpp"
#include "kernels/target_clones.hpp"

namespace semblance::kernels {
namespace {

constexpr int kTile = 64;             // rows of a tile
constexpr int kLane = 16;             // widths are padded to multiples of this
constexpr int kRowStep = 8;           // rows that share a load of the weights
constexpr std::int64_t kTask = 2048;  // rows of a parallel task

static_assert(kTile % kRowStep == 0 && kLane == kPickLanes);

typedef float Vector __attribute__((vector_size(4 * kLane)));

std::int64_t padded(std::int64_t width) { return (width + kLane - 1) / kLane * kLane; }

/// A matrix [inner, width] whose rows are padded with zeros to whole vectors.
struct Padded {
  std::int64_t inner = 0, stride = 0;
  std::vector<float> values;

  Padded() = default;
  Padded(std::int64_t rows, std::int64_t width)
      : inner(rows), stride(padded(width)), values(static_cast<std::size_t>(rows * stride)) {}
  static Padded from(const float* source, std::int64_t rows, std::int64_t width) {
    Padded out(rows, width);
    for (std::int64_t r = 0; r < rows; ++r) {
      std::copy_n(source + r * width, width, out.values.data() + r * out.stride);
    }
    return out;
  }
  static Padded transposed(const float* source, std::int64_t width, std::int64_t rows) {
    Padded out(rows, width);
    for (std::int64_t i = 0; i < width; ++i) {
      for (std::int64_t r = 0; r < rows; ++r) {
        out.values[r * out.stride + i] = source[i * rows + r];
      }
    }
    return out;
  }
  const float* row(std::int64_t r) const { return values.data() + r * stride; }
};

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

/// Logits of one row to unnormalised probabilities, and their lane sums.
SEMBLANCE_CLONES void exponentiate(std::int64_t tokens, std::int64_t stride,
                                   float* __restrict logits, float* __restrict lanes) {
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

/// Working memory of one thread.
struct Tile {
  std::vector<float> context, stream, unit, unit_in, hidden, logits, z;
};

class CpuRowSampler : public RowSampler {
 public:
  explicit CpuRowSampler(const DecoderWeights& w);
  void sample(std::int64_t first_row, std::int64_t n_rows, std::uint64_t seed, int threads,
              std::uint16_t* out) const override;

 private:
  struct Block {
    Padded in, bias, out;
  };
  void sample_tile(std::int64_t first_row, int rows, std::uint64_t seed, Tile& tile,
                   std::uint16_t* out, std::int64_t out_stride) const;
  void draw_latent(std::int64_t first_row, int rows, std::uint64_t seed, Tile& tile) const;
  void enter_context(int s, Tile& tile) const;
  void draw_column(int s, std::int64_t first_row, int rows, std::uint64_t seed, Tile& tile,
                   std::uint16_t* out) const;

  bool autoregressive_;
  std::vector<int> cardinalities_, order_;
  std::int64_t stride_, unit_stride_;  // padded H and W
  int latent_;
  Padded latent_in_, column_bias_, embedding_;
  std::vector<std::int64_t> offsets_;
  std::vector<Block> blocks_;
  std::vector<Padded> heads_, head_biases_;
};

CpuRowSampler::CpuRowSampler(const DecoderWeights& w)
    : autoregressive_(w.autoregressive),
      cardinalities_(w.cardinalities),
      order_(w.order),
      stride_(padded(w.hidden)),
      unit_stride_(padded(w.block_width)),
      latent_(w.latent),
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
  for (const DecoderWeights::Block& block : w.blocks) {
    blocks_.push_back({Padded::from(block.in.data(), h, w.block_width),
                       Padded::from(block.bias.data(), contexts, w.block_width),
                       Padded::from(block.out.data(), w.block_width, h)});
  }
}

void CpuRowSampler::draw_latent(std::int64_t first_row, int rows, std::uint64_t seed,
                                Tile& tile) const {
  std::fill(tile.context.begin(), tile.context.end(), 0.0f);
  if (latent_ == 0) return;
  for (int r = 0; r < rows; ++r) {
    for (int i = 0; i < latent_; ++i) {
      tile.z[r * latent_ + i] = latent_normal(seed, static_cast<std::uint64_t>(first_row + r), i);
    }
  }
  multiply_add(tile.z.data(), latent_, latent_in_, tile.context.data());
}

/// tile.hidden = silu of column s's context, through the blocks.
void CpuRowSampler::enter_context(int s, Tile& tile) const {
  add_rows(tile.context.data(), column_bias_.row(s), stride_, tile.stream.data());
  for (const Block& block : blocks_) {
    set_rows(block.bias.row(s), unit_stride_, tile.unit_in.data());
    multiply_add(tile.stream.data(), stride_, block.in, tile.unit_in.data());
    silu_rows(kTile * unit_stride_, tile.unit_in.data(), tile.unit.data());
    multiply_add(tile.unit.data(), unit_stride_, block.out, tile.stream.data());
  }
  silu_rows(kTile * stride_, tile.stream.data(), tile.hidden.data());
}

void CpuRowSampler::draw_column(int s, std::int64_t first_row, int rows, std::uint64_t seed,
                                Tile& tile, std::uint16_t* out) const {
  const Padded& head = heads_[s];
  set_rows(head_biases_[s].row(0), head.stride, tile.logits.data());
  multiply_add(tile.hidden.data(), stride_, head, tile.logits.data());
  const bool feeds_on = autoregressive_ && s + 1 < static_cast<int>(cardinalities_.size());
  for (int r = 0; r < rows; ++r) {
    float* weights = tile.logits.data() + r * head.stride;
    float lanes[kPickLanes];
    exponentiate(cardinalities_[s], head.stride, weights, lanes);
    const std::uint32_t bits =
        base::random_bits(seed, base::Purpose::kSample, static_cast<std::uint64_t>(first_row + r),
                          static_cast<std::uint32_t>(s));
    const int token =
        pick_token(weights, static_cast<int>(head.stride), lanes, base::uniform_float(bits));
    out[r] = static_cast<std::uint16_t>(token);
    if (feeds_on) {
      add_row(embedding_.row(offsets_[s] + token), stride_, tile.context.data() + r * stride_);
    }
  }
}

void CpuRowSampler::sample_tile(std::int64_t first_row, int rows, std::uint64_t seed, Tile& tile,
                                std::uint16_t* out, std::int64_t out_stride) const {
  draw_latent(first_row, rows, seed, tile);
  for (int s = 0; s < static_cast<int>(cardinalities_.size()); ++s) {
    if (autoregressive_ || s == 0) enter_context(s, tile);
    draw_column(s, first_row, rows, seed, tile, out + order_[s] * out_stride);
  }
}

void CpuRowSampler::sample(std::int64_t first_row, std::int64_t n_rows, std::uint64_t seed,
                           int threads, std::uint16_t* out) const {
  std::int64_t widest = 0;
  for (const Padded& head : heads_) widest = std::max(widest, head.stride);
  const auto rows = [](std::int64_t width) {
    return std::vector<float>(static_cast<std::size_t>(kTile * width));
  };
  base::parallel_for((n_rows + kTask - 1) / kTask, threads, [&](std::int64_t task) {
    Tile tile{rows(stride_), rows(stride_), rows(unit_stride_), rows(unit_stride_),
              rows(stride_), rows(widest),  rows(latent_)};
    const std::int64_t last = std::min(n_rows, (task + 1) * kTask);
    for (std::int64_t r = task * kTask; r < last; r += kTile) {
      const int many = static_cast<int>(std::min<std::int64_t>(kTile, last - r));
      sample_tile(first_row + r, many, seed, tile, out + r, n_rows);
    }
  });
}

}  // namespace

std::unique_ptr<RowSampler> make_row_sampler_cpu(const DecoderWeights& weights) {
  return std::make_unique<CpuRowSampler>(weights);
}

}  // namespace semblance::kernels
