/// What a row of a patient knows of the patient's other rows: the row before, its place, and the
/// rows that z is told by. Equations: docs/MODEL.md, "Rows that belong together".
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/network.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {

/// context[r, :] += sum of the previous row's rows of `previous` (columns that vary), and the rows
/// of `position` for the row's place. \param previous  [T, H] \param position  [kPositions, H]
/// \param rows      local numbers; those of an entity follow one another in `data`
void add_history(const NetworkShape& shape, const TokenRows& data,
                 std::span<const std::int64_t> rows, const float* previous, const float* position,
                 float* context);

/// The gradient of the same: that of the context is added to the rows that took part.
void add_history_gradient(const NetworkShape& shape, const TokenRows& data,
                          std::span<const std::int64_t> rows, const float* context_gradient,
                          float* previous, float* position);

/// Most rows of an entity that the encoder looks at in one epoch.
inline constexpr int kPooledRows = 4;

/// The rows of row r's entity that tell its z in an epoch: all of them, or kPooledRows drawn by
/// (seed, entity, epoch), the same for all rows of the entity. Local row numbers.
std::vector<std::int64_t> pooled_rows(const TokenRows& data, std::int64_t row, std::uint64_t seed,
                                      std::uint32_t epoch);

}  // namespace semblance::trainer
