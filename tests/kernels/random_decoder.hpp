/// A small decoder of random weights, and its probabilities worked out slowly.
#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "base/philox.hpp"
#include "kernels/sample_rows.hpp"

namespace semblance::kernels {

/// A decoder with arrays of its own, filled with random numbers.
struct RandomDecoder {
  std::vector<std::vector<float>> arrays;
  DecoderWeights weights;

  /// \param widest  tokens of the last column
  RandomDecoder(bool autoregressive, int latent, int hidden, int blocks, int width,
                int widest = 33) {
    arrays.reserve(64);
    weights.autoregressive = autoregressive;
    weights.cardinalities = {3, 20, 1, 2, widest};
    weights.order = {4, 0, 2, 1, 3};
    weights.latent = latent;
    weights.hidden = hidden;
    weights.block_width = width;
    const int tokens = 26 + widest, contexts = autoregressive ? 5 : 1;
    weights.latent_in = array(latent * hidden);
    weights.column_bias = array(contexts * hidden);
    if (autoregressive) weights.embedding = array(tokens * hidden);
    for (int k = 0; k < blocks; ++k) {
      weights.blocks.push_back(
          {array(hidden * width), array(contexts * width), array(width * hidden)});
    }
    weights.head = array(tokens * hidden);
    weights.head_bias = array(tokens);
    if (autoregressive)
      weights.pairs = {
          {0, 1, array(3 * 20)}, {1, 4, array(20 * widest)}, {0, 4, array(3 * widest)}};
  }

  std::span<const float> array(int size) {
    base::PhiloxStream stream(5, base::Purpose::kInitialise, arrays.size());
    std::vector<float> values(static_cast<std::size_t>(size));
    for (float& v : values) v = static_cast<float>(0.4 * stream.normal());
    arrays.push_back(std::move(values));
    return arrays.back();
  }
};

/// The slow version, in double: p(token of column s | z, earlier tokens).
inline std::vector<double> exact_probabilities(const DecoderWeights& w,
                                               const std::vector<double>& z,
                                               const std::vector<int>& tokens, int s) {
  const int h = w.hidden, u = w.block_width, context_row = w.autoregressive ? s : 0;
  const auto silu64 = [](double x) { return x / (1 + std::exp(-x)); };
  std::vector<double> c(h);
  std::vector<int> offsets = {0};
  for (const int k : w.cardinalities) offsets.push_back(offsets.back() + k);
  for (int i = 0; i < h; ++i) {
    c[i] = w.column_bias[context_row * h + i];
    for (int l = 0; l < w.latent; ++l) c[i] += z[l] * w.latent_in[l * h + i];
    for (int e = 0; w.autoregressive && e < s; ++e) {
      c[i] += w.embedding[(offsets[e] + tokens[e]) * h + i];
    }
  }
  for (const DecoderWeights::Block& block : w.blocks) {
    std::vector<double> unit(u);
    for (int j = 0; j < u; ++j) {
      unit[j] = block.bias[context_row * u + j];
      for (int i = 0; i < h; ++i) unit[j] += c[i] * block.in[i * u + j];
    }
    for (int i = 0; i < h; ++i) {
      for (int j = 0; j < u; ++j) c[i] += silu64(unit[j]) * block.out[j * h + i];
    }
  }
  std::vector<double> p(w.cardinalities[s]);
  for (int t = 0; t < w.cardinalities[s]; ++t) {
    double logit = w.head_bias[offsets[s] + t];
    for (int i = 0; i < h; ++i) logit += silu64(c[i]) * w.head[(offsets[s] + t) * h + i];
    for (const DecoderWeights::Pair& pair : w.pairs)
      if (pair.column == s) logit += pair.values[tokens[pair.given] * w.cardinalities[s] + t];
    p[t] = std::exp(logit);
  }
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= sum;
  return p;
}

}  // namespace semblance::kernels
