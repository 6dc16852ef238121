/// The place of a row among the rows of its entity, as the decoder is told it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace semblance::kernels {

/// Places told apart from the start, and as many from the end; all further ones count alike.
inline constexpr int kPlaces = 16;
/// Rows of the decoder's matrix of places: those from the start, then those from the end.
inline constexpr int kPositions = 2 * kPlaces;

/// Rows before that the decoder is told of, and what each weighs beside the one after it.
inline constexpr int kLookBack = 4;
inline constexpr float kFading = 0.5f;  ///< see kLookBack

/// \param index  rows of the entity before this one
inline int position_from_start(std::int32_t index) { return std::min(index, kPlaces - 1); }
/// \param size  rows of the entity
inline int position_from_end(std::int32_t index, std::int32_t size) {
  return kPlaces + std::clamp(size - 1 - index, 0, kPlaces - 1);
}

}  // namespace semblance::kernels
