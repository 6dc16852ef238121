/// What a row of a patient knows of the patient's other rows: the row before, its place, and the
/// rows that z is told by. Equations: docs/MODEL.md, "Rows that belong together".
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/network.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {

/// context[r, :] += sum of the rows of `previous` of the row before (columns that vary) and,
/// fading, of those before it (kernels/position.hpp), and the rows of `position` for the row's
/// place. \param previous  [T, H] \param position  [kPositions, H] \param rows      local numbers;
/// those of an entity follow one another in `data`
void add_history(const NetworkShape& shape, const TokenRows& data,
                 std::span<const std::int64_t> rows, const float* previous, const float* position,
                 float* context);

/// The gradient of the same: that of the context is added to the rows that took part.
void add_history_gradient(const NetworkShape& shape, const TokenRows& data,
                          std::span<const std::int64_t> rows, const float* context_gradient,
                          float* previous, float* position);

/// What the head of a column that varies reads and, backwards, writes for the rows of a pass.
struct HistoryHead {
  int column = 0;                 ///< s
  const float* hidden = nullptr;  ///< [n, H] silu(context)
  const float* table = nullptr;   ///< [1, R] transitions
  const float* recall = nullptr;  ///< [C, kLookBack - 1]
  const float* gate = nullptr;    ///< [C, H]
};

/// logits[:, r] += the transitions from the token of the row before, and to the logit of that token
/// itself gate_s . hidden_r, in rows that have a row before; the tokens of rows further back get
/// `recall`. \param logits  [K_s, n]
void add_transitions(const NetworkShape& shape, const TokenRows& data,
                     std::span<const std::int64_t> rows, const HistoryHead& head, float* logits);

/// The gradient of the same. \param logit_gradient  [K_s, n] \param hidden_gradient  [n, H]
void add_transition_gradient(const NetworkShape& shape, const TokenRows& data,
                             std::span<const std::int64_t> rows, const HistoryHead& head,
                             const float* logit_gradient, float* table, float* recall, float* gate,
                             float* hidden_gradient);

/// [T] rows whose row before has each token, then [R] how often each transition was made.
std::vector<double> count_transitions(const NetworkShape& shape, const TokenRows& data,
                                      std::span<const std::int64_t> rows);

/// What the transitions begin with: logits of the (smoothed) counts where the others are those of
/// the frequencies. A direction that many changes never took begins at almost nothing.
/// \param frequencies  [T] as of initial_weights()
/// \param counts       [T + R] of count_transitions(), summed over ranks
/// \param table        [1, R]
void set_initial_transitions(const NetworkShape& shape, std::span<const double> frequencies,
                             std::span<const double> counts, float* table);

/// Of each column, over the rows whose last but one has another token than the last: how many there
/// are, how many have the last but one's token again, and how many would by the transitions. [3 C]
std::vector<double> count_recalls(const NetworkShape& shape, const TokenRows& data,
                                  std::span<const std::int64_t> rows,
                                  std::span<const double> frequencies, const float* table);

/// What `recall` begins with for the last row but one: the logit between these shares. \param
/// counts [3 C] of count_recalls(), summed over ranks \param recall  [C, kLookBack - 1]
void set_initial_recall(const NetworkShape& shape, std::span<const double> counts, float* recall);

/// Most rows of an entity that the encoder looks at in one epoch.
inline constexpr int kPooledRows = 4;

/// The rows of row r's entity that tell its z in an epoch: all of them, or kPooledRows drawn by
/// (seed, entity, epoch), the same for all rows of the entity. Local row numbers.
std::vector<std::int64_t> pooled_rows(const TokenRows& data, std::int64_t row, std::uint64_t seed,
                                      std::uint32_t epoch);

}  // namespace semblance::trainer
