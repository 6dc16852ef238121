#include "kernels/sample_rows.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "kernels/on_device.hpp"
#include "kernels/position.hpp"
#include "kernels/sample_rows_driver.hpp"
#include "kernels/transition.hpp"

namespace semblance::kernels {
namespace {

void check_size(const char* name, std::size_t size, std::int64_t wanted) {
  SEMBLANCE_EXPECT(static_cast<std::int64_t>(size) == wanted, kData,
                   "the decoder's array '{}' has {} numbers where its sizes say {}", name, size,
                   wanted);
}

}  // namespace

void check(const DecoderWeights& w) {
  const std::int64_t columns = static_cast<std::int64_t>(w.cardinalities.size());
  SEMBLANCE_EXPECT(columns >= 1 && w.hidden >= 1 && w.latent >= 0 && w.block_width >= 0, kData,
                   "a decoder needs columns and a width");
  std::int64_t tokens = 0, transitions = 0;
  for (const int k : w.cardinalities) {
    SEMBLANCE_EXPECT(k >= 1 && k <= 65536, kData, "a decoder's column has {} tokens", k);
    tokens += k;
    transitions += transition_size(k);
  }
  std::vector<int> seen = w.order;
  std::sort(seen.begin(), seen.end());
  std::vector<int> all(w.cardinalities.size());
  std::iota(all.begin(), all.end(), 0);
  SEMBLANCE_EXPECT(seen == all, kData, "the decoder's order is not a permutation of its columns");
  const std::int64_t h = w.hidden, contexts = w.autoregressive ? columns : 1;
  check_size("latent", w.latent_in.size(), w.latent * h);
  check_size("column_bias", w.column_bias.size(), contexts * h);
  check_size("embedding", w.embedding.size(), w.autoregressive ? tokens * h : 0);
  check_size("head", w.head.size(), tokens * h);
  check_size("head_bias", w.head_bias.size(), tokens);
  const bool panel = !w.position.empty();
  check_size("previous", w.previous.size(), panel ? tokens * h : 0);
  check_size("position", w.position.size(), panel ? kPositions * h : 0);
  check_size("transition", w.transition.size(), panel ? transitions : 0);
  check_size("recall", w.recall.size(), panel ? columns * (kLookBack - 1) : 0);
  check_size("stay_gate", w.stay_gate.size(), panel ? columns * h : 0);
  for (const DecoderWeights::Pair& pair : w.pairs) {
    SEMBLANCE_EXPECT(
        w.autoregressive && pair.given >= 0 && pair.given < pair.column && pair.column < columns,
        kData, "the decoder has a table for columns {} and {} of {}", pair.given, pair.column,
        columns);
    check_size("pair", pair.values.size(),
               std::int64_t{w.cardinalities[static_cast<std::size_t>(pair.given)]} *
                   w.cardinalities[static_cast<std::size_t>(pair.column)]);
  }
  for (const DecoderWeights::Block& block : w.blocks) {
    check_size("block_in", block.in.size(), h * w.block_width);
    check_size("block_bias", block.bias.size(), contexts * w.block_width);
    check_size("block_out", block.out.size(), w.block_width * h);
  }
}

std::unique_ptr<RowSampler> make_row_sampler(const DecoderWeights& weights,
                                             const std::string& device) {
  check(weights);
  return on_device(
      device, [&] { return make_row_sampler_cpu(weights); },
      [&](auto index) { return make_row_sampler_cuda(weights, index); });
}

}  // namespace semblance::kernels
