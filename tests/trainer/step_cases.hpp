/// Small networks, weights and rows that the tests of the training step share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/philox.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {

inline TokenRows random_rows(const NetworkShape& shape, std::int64_t n) {
  TokenRows rows;
  rows.n_rows = n;
  rows.n_columns = shape.columns();
  rows.first_row = 1000;
  base::PhiloxStream stream(7, base::Purpose::kSplit, 1);
  for (std::int64_t r = 0; r < n; ++r) {
    for (const int k : shape.cardinalities) {
      rows.tokens.push_back(static_cast<std::uint16_t>(stream.below(k)));
    }
  }
  // Entities of 1, 3, 5, 1, 3 ... rows.
  for (std::int64_t r = 0, entity = 40; r < n && shape.panel; ++entity) {
    const std::int64_t size = std::min<std::int64_t>(n - r, 1 + 2 * (entity % 3));
    for (std::int64_t i = 0; i < size; ++i, ++r) {
      rows.entity.push_back(entity);
      rows.index.push_back(static_cast<std::int32_t>(i));
      rows.size.push_back(static_cast<std::int32_t>(size));
    }
  }
  return rows;
}

inline std::vector<float> random_weights(const NetworkLayout& layout, double scale) {
  std::vector<float> weights(static_cast<std::size_t>(layout.size));
  base::PhiloxStream stream(11, base::Purpose::kInitialise, 99);
  for (float& w : weights) w = static_cast<float>(scale * stream.normal());
  return weights;
}

inline NetworkShape shape_of(bool autoregressive, int latent, int blocks) {
  NetworkShape shape;
  shape.autoregressive = autoregressive;
  shape.cardinalities = {3, 1, 5, 2};
  shape.latent = latent;
  shape.hidden = 6;
  shape.blocks = blocks;
  shape.block_width = blocks > 0 ? 5 : 0;
  shape.encoder = 4;
  return shape;
}

}  // namespace semblance::trainer
