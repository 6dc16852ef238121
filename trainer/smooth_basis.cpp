#include "trainer/smooth_basis.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "trainer/cell_loops.hpp"

namespace semblance::trainer {

SmoothBasis::SmoothBasis(const NetworkShape& shape, const NetworkLayout& layout,
                         const std::vector<int>& ordered) {
  SEMBLANCE_ASSERT(ordered.size() == shape.cardinalities.size() || ordered.empty());
  const std::vector<std::int64_t> offsets = shape.token_offsets();
  for (const int index :
       {layout.encoder_embedding, layout.embedding, layout.head, layout.previous}) {
    if (index < 0) continue;
    const Parameter& p = layout.parameters[index];
    for (std::size_t s = 0; s < ordered.size(); ++s) {
      // A scale needs at least two tokens an interval to share anything.
      for (int intervals = 1; 2 * intervals < ordered[s] && intervals <= 16; intervals *= 2) {
        pieces_.push_back(
            {p.offset + offsets[s] * p.columns, size_, p.columns, ordered[s], intervals});
        size_ += (intervals + 1) * p.columns;
      }
    }
  }
}

template <class Body>
void SmoothBasis::for_each(const Piece& piece, const Body& body) const {
  for (int t = 0; t < piece.tokens; ++t) {
    const float position = static_cast<float>(t) * static_cast<float>(piece.intervals) /
                           static_cast<float>(piece.tokens - 1);
    const int hat = std::min(static_cast<int>(position), piece.intervals - 1);
    const float share = position - static_cast<float>(hat);
    const std::int64_t row = piece.weights + t * piece.width;
    const std::int64_t at = piece.coefficients + hat * piece.width;
    body(row, at, piece.width, 1.0f - share);
    body(row, at + piece.width, piece.width, share);
  }
}

std::vector<SmoothBasis::Entry> SmoothBasis::entries() const {
  std::vector<Entry> all;
  for (const Piece& piece : pieces_) {
    for_each(piece, [&](std::int64_t row, std::int64_t at, std::int64_t width, float share) {
      all.push_back({row, at, width, share});
    });
  }
  return all;
}

void SmoothBasis::add(std::span<const float> coefficients, std::span<float> weights) const {
  for (const Piece& piece : pieces_) {
    for_each(piece, [&](std::int64_t row, std::int64_t at, std::int64_t width, float share) {
      add_scaled(coefficients.data() + at, share, width, weights.data() + row);
    });
  }
}

void SmoothBasis::reduce(std::span<const float> gradient, std::span<float> coefficients) const {
  std::fill(coefficients.begin(), coefficients.end(), 0.0f);
  for (const Piece& piece : pieces_) {
    for_each(piece, [&](std::int64_t row, std::int64_t at, std::int64_t width, float share) {
      add_scaled(gradient.data() + row, share, width, coefficients.data() + at);
    });
  }
}

}  // namespace semblance::trainer
