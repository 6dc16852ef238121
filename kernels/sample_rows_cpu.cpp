/// Rows are drawn in tiles (kernels/decoder_tile.hpp).
#include <algorithm>

#include "base/parallel.hpp"
#include "kernels/decoder_tile.hpp"
#include "kernels/sample_rows_driver.hpp"
#include "kernels/tile_draws.hpp"

namespace semblance::kernels {
namespace {

constexpr std::int64_t kTask = 2048;  // rows of a parallel task

class CpuRowSampler : public RowSampler {
 public:
  explicit CpuRowSampler(const DecoderWeights& w) : tile_(w) {}
  void sample(std::int64_t first_row, std::int64_t n_rows, std::uint64_t seed, int threads,
              std::uint16_t* out) const override;

 private:
  /// Working memory of one thread.
  struct Work {
    DecoderTile::Work tile;
    std::vector<float> context, z, uniform;  // [kTile, stride], [kTile, L], [C + 3, kTile]
  };
  void sample_tile(std::int64_t first_row, int rows, std::uint64_t seed, Work& work,
                   std::uint16_t* out, std::int64_t out_stride) const;
  void draw_latent(std::int64_t first_row, int rows, std::uint64_t seed, Work& work) const;

  DecoderTile tile_;
};

void CpuRowSampler::draw_latent(std::int64_t first_row, int rows, std::uint64_t seed,
                                Work& work) const {
  std::fill(work.context.begin(), work.context.end(), 0.0f);
  draw_latent_rows(seed, static_cast<std::uint64_t>(first_row), rows, tile_.latent(),
                   work.z.data());
  tile_.add_latent(work.z.data(), work.context.data());
}

void CpuRowSampler::sample_tile(std::int64_t first_row, int rows, std::uint64_t seed, Work& work,
                                std::uint16_t* out, std::int64_t out_stride) const {
  draw_latent(first_row, rows, seed, work);
  draw_uniform_rows(seed, static_cast<std::uint64_t>(first_row), rows, tile_.columns(),
                    work.uniform.data());
  for (int s = 0; s < tile_.columns(); ++s) {
    if (tile_.autoregressive() || s == 0) tile_.enter(s, work.context.data(), work.tile);
    tile_.logits(s, work.tile);
    for (int r = 0; r < rows; ++r) {
      tile_.add_pairs(
          s, r, [&](int g) { return out[tile_.output(g) * out_stride + r]; }, work.tile);
    }
    std::uint16_t* tokens = out + tile_.output(s) * out_stride;
    tile_.pick(s, rows, work.uniform.data() + s * rows, work.tile, tokens);
    tile_.feed(s, rows, tokens, work.context.data());
  }
}

void CpuRowSampler::sample(std::int64_t first_row, std::int64_t n_rows, std::uint64_t seed,
                           int threads, std::uint16_t* out) const {
  const auto rows = [](std::int64_t width) {
    return std::vector<float>(static_cast<std::size_t>(kTile * width));
  };
  base::parallel_for((n_rows + kTask - 1) / kTask, threads, [&](std::int64_t task) {
    Work work{tile_.work(), rows(tile_.stride()), rows(tile_.latent()), rows(tile_.columns() + 3)};
    const std::int64_t last = std::min(n_rows, (task + 1) * kTask);
    for (std::int64_t r = task * kTask; r < last; r += kTile) {
      const int many = static_cast<int>(std::min<std::int64_t>(kTile, last - r));
      sample_tile(first_row + r, many, seed, work, out + r, n_rows);
    }
  });
}

}  // namespace

std::unique_ptr<RowSampler> make_row_sampler_cpu(const DecoderWeights& weights) {
  return std::make_unique<CpuRowSampler>(weights);
}

}  // namespace semblance::kernels
