#include "trainer/history.hpp"

#include <algorithm>

#include "base/philox.hpp"
#include "kernels/position.hpp"
#include "kernels/transition.hpp"
#include "trainer/cell_loops.hpp"

namespace semblance::trainer {
namespace {

/// Calls body(row of `previous`, weight) for each token of the rows before that counts.
template <class Body>
void for_each_previous(const NetworkShape& shape, const TokenRows& data, std::int64_t row,
                       const std::vector<std::int64_t>& offsets, const Body& body) {
  const int back = std::min(data.index[static_cast<std::size_t>(row)], kernels::kLookBack);
  float weight = 1;
  for (int i = 1; i <= back; ++i, weight *= kernels::kFading) {
    const std::uint16_t* before = data.tokens.data() + (row - i) * data.n_columns;
    for (int s = shape.shared; s < data.n_columns; ++s) body(offsets[s] + before[s], weight);
  }
}

}  // namespace

void add_history(const NetworkShape& shape, const TokenRows& data,
                 std::span<const std::int64_t> rows, const float* previous, const float* position,
                 float* context) {
  const std::vector<std::int64_t> offsets = shape.token_offsets();
  const std::int64_t h = shape.hidden;
  for (const std::int64_t row : rows) {
    for_each_previous(shape, data, row, offsets, [&](std::int64_t at, float weight) {
      add_scaled(previous + at * h, weight, h, context);
    });
    const auto r = static_cast<std::size_t>(row);
    add_scaled(position + kernels::position_from_start(data.index[r]) * h, 1.0f, h, context);
    // The first row does not know yet how many there are: it draws that.
    if (data.index[r] > 0) {
      add_scaled(position + kernels::position_from_end(data.index[r], data.size[r]) * h, 1.0f, h,
                 context);
    }
    context += h;
  }
}

void add_history_gradient(const NetworkShape& shape, const TokenRows& data,
                          std::span<const std::int64_t> rows, const float* context_gradient,
                          float* previous, float* position) {
  const std::vector<std::int64_t> offsets = shape.token_offsets();
  const std::int64_t h = shape.hidden;
  for (const std::int64_t row : rows) {
    for_each_previous(shape, data, row, offsets, [&](std::int64_t at, float weight) {
      add_scaled(context_gradient, weight, h, previous + at * h);
    });
    const auto r = static_cast<std::size_t>(row);
    add_scaled(context_gradient, 1.0f, h,
               position + kernels::position_from_start(data.index[r]) * h);
    if (data.index[r] > 0) {
      add_scaled(context_gradient, 1.0f, h,
                 position + kernels::position_from_end(data.index[r], data.size[r]) * h);
    }
    context_gradient += h;
  }
}

namespace {

/// Calls body(r, token of the row before) for the rows that have one.
template <class Body>
void for_each_before(const TokenRows& data, std::span<const std::int64_t> rows, int s,
                     const Body& body) {
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (data.index[static_cast<std::size_t>(rows[r])] == 0) continue;
    body(static_cast<std::int64_t>(r), data.tokens[(rows[r] - 1) * data.n_columns + s]);
  }
}

constexpr int kFurther = kernels::kLookBack - 1;

/// Calls body(0, 1 ..., token) for the rows before the row before, the last one first.
template <class Body>
void for_each_further(const TokenRows& data, std::int64_t row, int s, const Body& body) {
  const int many = std::min(data.index[static_cast<std::size_t>(row)] - 1, kFurther);
  for (int back = 0; back < many; ++back)
    body(back, data.tokens[(row - 2 - back) * data.n_columns + s]);
}

}  // namespace

void add_transitions(const NetworkShape& shape, const TokenRows& data,
                     std::span<const std::int64_t> rows, const HistoryHead& head, float* logits) {
  const std::int64_t h = shape.hidden, n = static_cast<std::int64_t>(rows.size());
  const int k = shape.cardinalities[head.column];
  const float* gate = head.gate + head.column * h;
  const float* table = head.table + shape.transition_offsets()[head.column];
  for_each_before(data, rows, head.column, [&](std::int64_t r, std::uint16_t before) {
    kernels::for_each_transition(k, before,
                                 [&](int token, int at) { logits[token * n + r] += table[at]; });
    logits[before * n + r] += dot(gate, head.hidden + r * h, h);
    for_each_further(data, rows[r], head.column, [&](int back, std::uint16_t token) {
      logits[token * n + r] += head.recall[head.column * kFurther + back];
    });
  });
}

void add_transition_gradient(const NetworkShape& shape, const TokenRows& data,
                             std::span<const std::int64_t> rows, const HistoryHead& head,
                             const float* logit_gradient, float* table, float* recall, float* gate,
                             float* hidden_gradient) {
  const std::int64_t h = shape.hidden, n = static_cast<std::int64_t>(rows.size());
  const int k = shape.cardinalities[head.column];
  table += shape.transition_offsets()[head.column];
  for_each_before(data, rows, head.column, [&](std::int64_t r, std::uint16_t before) {
    kernels::for_each_transition(
        k, before, [&](int token, int at) { table[at] += logit_gradient[token * n + r]; });
    const float slope = logit_gradient[before * n + r];
    add_scaled(head.hidden + r * h, slope, h, gate + head.column * h);
    add_scaled(head.gate + head.column * h, slope, h, hidden_gradient + r * h);
    for_each_further(data, rows[r], head.column, [&](int back, std::uint16_t token) {
      recall[head.column * kFurther + back] += logit_gradient[token * n + r];
    });
  });
}

std::vector<std::int64_t> pooled_rows(const TokenRows& data, std::int64_t row, std::uint64_t seed,
                                      std::uint32_t epoch) {
  const auto r = static_cast<std::size_t>(row);
  const std::int64_t first = row - data.index[r], many = data.size[r];
  std::vector<std::int64_t> rows;
  for (int m = 0; m < std::min<std::int64_t>(kPooledRows, many); ++m) {
    std::int64_t place = m;
    if (many > kPooledRows) {
      const std::uint32_t bits =
          base::random_bits(seed, base::Purpose::kPool, static_cast<std::uint64_t>(data.entity[r]),
                            epoch * kPooledRows + static_cast<std::uint32_t>(m));
      place =
          static_cast<std::int64_t>((std::uint64_t{bits} * static_cast<std::uint64_t>(many)) >> 32);
    }
    rows.push_back(first + place);
  }
  return rows;
}

}  // namespace semblance::trainer
