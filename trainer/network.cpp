#include "trainer/network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "kernels/position.hpp"
#include "kernels/transition.hpp"

namespace semblance::trainer {
namespace {

constexpr int kMostWidth = 1 << 14;
constexpr int kMostTokens = 1 << 16;
constexpr std::int64_t kMostParameters = std::int64_t{1} << 31;

}  // namespace

std::int64_t NetworkShape::total_tokens() const { return token_offsets().back(); }

std::vector<std::int64_t> NetworkShape::token_offsets() const {
  std::vector<std::int64_t> offsets = {0};
  for (const int cardinality : cardinalities) offsets.push_back(offsets.back() + cardinality);
  return offsets;
}

std::vector<std::int64_t> NetworkShape::transition_offsets() const {
  std::vector<std::int64_t> offsets = {0};
  for (const int k : cardinalities) offsets.push_back(offsets.back() + kernels::transition_size(k));
  return offsets;
}

void NetworkShape::check() const {
  SEMBLANCE_EXPECT(columns() >= 1, kData, "a network needs at least one column");
  for (const int cardinality : cardinalities) {
    SEMBLANCE_EXPECT(cardinality >= 1 && cardinality <= kMostTokens, kData,
                     "a column of the network has {} tokens; it must have 1 to {}", cardinality,
                     kMostTokens);
  }
  const auto sensible = [](int width, int least) { return width >= least && width <= kMostWidth; };
  SEMBLANCE_EXPECT(sensible(latent, 0) && sensible(hidden, 1) && sensible(encoder, 1), kData,
                   "network sizes latent {}, hidden {}, encoder {} must lie in 0..{}", latent,
                   hidden, encoder, kMostWidth);
  SEMBLANCE_EXPECT(blocks >= 0 && blocks <= 16 && sensible(block_width, blocks > 0 ? 1 : 0), kData,
                   "a network of {} blocks of width {} is not sensible (0 to 16 blocks of 1 to {})",
                   blocks, block_width, kMostWidth);
  SEMBLANCE_EXPECT(shared >= 0 && shared <= columns() && (autoregressive || !panel), kData,
                   "a network of {} columns cannot share {} of them between the rows of an entity",
                   columns(), shared);
  SEMBLANCE_EXPECT(autoregressive || latent > 0, kData,
                   "decoder 'independent' needs latent dimensions: set latent to 1 or more");
  SEMBLANCE_EXPECT(total_tokens() * (hidden + encoder) < kMostParameters, kData,
                   "the network would have more than {} parameters: lower hidden", kMostParameters);
}

int NetworkLayout::add(std::string name, std::int64_t rows, std::int64_t columns, bool decays,
                       bool per_token) {
  parameters.push_back({std::move(name), size, rows, columns, decays, per_token});
  size += rows * columns;
  return static_cast<int>(parameters.size()) - 1;
}

NetworkLayout::NetworkLayout(const NetworkShape& shape) {
  shape.check();
  const std::int64_t tokens = shape.total_tokens();
  if (shape.latent > 0) {
    encoder_embedding = add("encoder_embedding", tokens, shape.encoder, true, true);
    encoder_bias = add("encoder_bias", 1, shape.encoder, false);
    encoder_hidden = add("encoder_hidden", shape.encoder, shape.encoder);
    encoder_hidden_bias = add("encoder_hidden_bias", 1, shape.encoder, false);
    encoder_out = add("encoder_out", shape.encoder, 2 * shape.latent);
    encoder_out_bias = add("encoder_out_bias", 1, 2 * shape.latent, false);
    latent = add("latent", shape.latent, shape.hidden);
  }
  const std::int64_t contexts = shape.autoregressive ? shape.columns() : 1;
  column_bias = add("column_bias", contexts, shape.hidden, false);
  if (shape.autoregressive) embedding = add("embedding", tokens, shape.hidden, true, true);
  for (int k = 0; k < shape.blocks; ++k) {
    Block block;
    block.in = add(fmt::format("block{}_in", k), shape.hidden, shape.block_width);
    block.bias = add(fmt::format("block{}_bias", k), contexts, shape.block_width, false);
    block.out = add(fmt::format("block{}_out", k), shape.block_width, shape.hidden);
    blocks.push_back(block);
  }
  head = add("head", tokens, shape.hidden, true, true);
  head_bias = add("head_bias", 1, tokens, false);
  if (shape.panel) {
    previous = add("previous", tokens, shape.hidden, true, true);
    position = add("position", kernels::kPositions, shape.hidden, false);
    transition = add("transition", 1, shape.transition_offsets().back(), false);
    recall = add("recall", shape.columns(), kernels::kLookBack - 1, false);
    stay_gate = add("stay_gate", shape.columns(), shape.hidden);
  }
}

namespace {

/// Scale of a column's embeddings beside the usual one. Few rows cannot unlearn what a rare token
/// begins with, so it begins near nothing; many rows learn tightly coupled numbers better from the
/// usual scale (hourly weather, 39,000 rows: 0.5 nats a row).
float embedding_scale(bool ordered, double rows) {
  constexpr double kLeast = 0.1, kManyRows = 40'000;
  if (!ordered) return static_cast<float>(kLeast);
  return static_cast<float>(std::clamp(std::pow(rows / kManyRows, 2), kLeast, 1.0));
}

/// Standard deviation of a parameter's initial values; 0 leaves it at zero.
double initial_scale(const NetworkShape& shape, const NetworkLayout& layout, int index) {
  if (index == layout.embedding || index == layout.encoder_embedding) {
    return 1.0 / std::sqrt(static_cast<double>(shape.columns()));
  }
  if (index == layout.previous) return 0.1 / std::sqrt(static_cast<double>(shape.columns()));
  if (index == layout.latent) return 0.3 / std::sqrt(static_cast<double>(shape.latent));
  if (index == layout.column_bias) return 0.3;
  if (index == layout.head) return 0.1 / std::sqrt(static_cast<double>(shape.hidden));
  if (index == layout.encoder_hidden) return 1.0 / std::sqrt(static_cast<double>(shape.encoder));
  if (index == layout.encoder_out) return 0.3 / std::sqrt(static_cast<double>(shape.encoder));
  for (const NetworkLayout::Block& block : layout.blocks) {
    if (index == block.in) return 1.0 / std::sqrt(static_cast<double>(shape.hidden));
    if (index == block.out) return 0.3 / std::sqrt(static_cast<double>(shape.block_width));
  }
  return 0;
}

}  // namespace

std::vector<float> initial_weights(const NetworkShape& shape, const NetworkLayout& layout,
                                   std::span<const double> frequencies, std::uint64_t seed,
                                   const std::vector<int>& ordered) {
  SEMBLANCE_ASSERT(static_cast<std::int64_t>(frequencies.size()) == shape.total_tokens());
  std::vector<float> weights(static_cast<std::size_t>(layout.size));
  for (std::size_t p = 0; p < layout.parameters.size(); ++p) {
    const double scale = initial_scale(shape, layout, static_cast<int>(p));
    if (scale == 0) continue;
    const Parameter& parameter = layout.parameters[p];
    base::PhiloxStream stream(seed, base::Purpose::kInitialise, p);
    for (std::int64_t i = 0; i < parameter.size(); ++i) {
      weights[parameter.offset + i] = static_cast<float>(scale * stream.normal());
    }
  }
  const std::vector<std::int64_t> offsets = shape.token_offsets();
  const double rows = std::accumulate(frequencies.begin(), frequencies.begin() + offsets[1], 0.0);
  for (const int index : {layout.encoder_embedding, layout.embedding}) {
    if (index < 0) continue;
    const Parameter& p = layout.parameters[static_cast<std::size_t>(index)];
    for (int s = 0; s < shape.columns(); ++s) {
      const float scale = embedding_scale(!ordered.empty() && ordered[s] > 0, rows);
      for (std::int64_t i = offsets[s] * p.columns; i < offsets[s + 1] * p.columns; ++i) {
        weights[p.offset + i] *= scale;
      }
    }
  }
  for (int s = 0; s < shape.columns(); ++s) {
    double sum = 0;
    for (std::int64_t t = offsets[s]; t < offsets[s + 1]; ++t) sum += frequencies[t] + 0.1;
    for (std::int64_t t = offsets[s]; t < offsets[s + 1]; ++t) {
      weights[layout.offset(layout.head_bias) + t] =
          static_cast<float>(std::log((frequencies[t] + 0.1) / sum));
    }
  }
  return weights;
}

}  // namespace semblance::trainer
