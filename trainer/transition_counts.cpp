/// What the parts of the network that know an entity's rows before begin with.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/position.hpp"
#include "kernels/transition.hpp"
#include "trainer/history.hpp"

namespace semblance::trainer {
namespace {

constexpr double kPrior = 10;      ///< rows that the column's share of staying counts in a token's
constexpr double kManySteps = 50;  ///< so many changes in one direction and none back: no chance
constexpr float kNever = -12;      ///< logit of a step that is never taken

/// The counts of one column.
struct ColumnCounts {
  int k;
  std::span<const double> frequencies;  ///< [k]
  std::span<const double> from;         ///< [k]
  std::span<const double> taken;        ///< [transition_size(k)]

  double share(int token) const {
    const double rows = std::accumulate(frequencies.begin(), frequencies.end(), 0.0);
    return (frequencies[static_cast<std::size_t>(token)] + 0.1) / (rows + 0.1 * k);
  }
  double count(int before, int token) const {
    return taken[static_cast<std::size_t>(kernels::transition_at(k, before, token))];
  }
};

double log_odds(double p) {
  p = std::clamp(p, 1e-3, 1 - 1e-3);
  return std::log(p / (1 - p));
}

/// Logits of staying, for each token, beside that of its share of all rows.
std::vector<double> staying(const ColumnCounts& column) {
  double all = 0;
  for (int t = 0; t < column.k; ++t) all += column.count(t, t);
  all = (all + 0.5) / (std::accumulate(column.from.begin(), column.from.end(), 0.0) + 1);
  std::vector<double> out;
  for (int t = 0; t < column.k; ++t) {
    const double p =
        (column.count(t, t) + kPrior * all) / (column.from[static_cast<std::size_t>(t)] + kPrior);
    out.push_back(log_odds(p) - log_odds(column.share(t)));
  }
  return out;
}

/// Logits of the changes of a column with a number for each pair; one more change, by the
/// frequencies, is counted from each token.
void set_pairs(const ColumnCounts& column, float* table) {
  for (int before = 0; before < column.k; ++before) {
    const double changes =
        column.from[static_cast<std::size_t>(before)] - column.count(before, before);
    for (int token = 0; token < column.k; ++token) {
      if (token == before) continue;
      const double usual = column.share(token) / (1 - column.share(before) + 1e-9);
      table[kernels::transition_at(column.k, before, token)] = static_cast<float>(
          std::log((column.count(before, token) + usual) / ((changes + 1) * usual)));
    }
  }
}

/// Logits of the distances of a column with a number for each: taken beside what they would be if a
/// change went anywhere by the frequencies.
void set_distances(const ColumnCounts& column, float* table) {
  std::vector<double> expected(column.taken.size());
  double all = 0;
  for (int before = 0; before < column.k; ++before) {
    const double changes =
        column.from[static_cast<std::size_t>(before)] - column.count(before, before);
    all += changes;
    const double rest = 1 - column.share(before) + 1e-9;
    for (int token = 0; token < column.k; ++token) {
      if (token == before) continue;
      expected[static_cast<std::size_t>(kernels::transition_at(column.k, before, token))] +=
          changes * column.share(token) / rest;
    }
  }
  for (std::size_t at = static_cast<std::size_t>(column.k); at < expected.size(); ++at) {
    if (expected[at] <= 0) continue;
    const double usual = expected[at] / all;
    table[at] = static_cast<float>(std::log((column.taken[at] + usual) / ((all + 1) * usual)));
  }
}

/// Closes a direction that many changes never took.
void close_directions(const ColumnCounts& column, float* table) {
  double steps[2] = {0, 0};  // down, up
  std::vector<char> place(column.taken.size(), 2);
  for (int before = 0; before < column.k; ++before) {
    for (int token = 0; token < column.k; ++token) {
      if (token != before)
        place[static_cast<std::size_t>(kernels::transition_at(column.k, before, token))] =
            token > before;
    }
  }
  for (std::size_t at = 0; at < place.size(); ++at) {
    if (place[at] < 2) steps[static_cast<std::size_t>(place[at])] += column.taken[at];
  }
  for (const int direction : {0, 1}) {
    if (steps[direction] > 0 || steps[1 - direction] < kManySteps) continue;
    for (std::size_t at = 0; at < place.size(); ++at) {
      if (place[at] == direction) table[at] = kNever;
    }
  }
}

}  // namespace

std::vector<double> count_transitions(const NetworkShape& shape, const TokenRows& data,
                                      std::span<const std::int64_t> rows) {
  const std::vector<std::int64_t> offsets = shape.token_offsets(),
                                  tables = shape.transition_offsets();
  std::vector<double> counts(static_cast<std::size_t>(offsets.back() + tables.back()));
  for (const std::int64_t row : rows) {
    if (data.index[static_cast<std::size_t>(row)] == 0) continue;
    const std::uint16_t* now = data.tokens.data() + row * data.n_columns;
    const std::uint16_t* before = now - data.n_columns;
    for (int s = shape.shared; s < shape.columns(); ++s) {
      ++counts[static_cast<std::size_t>(offsets[s] + before[s])];
      const int at = kernels::transition_at(shape.cardinalities[s], before[s], now[s]);
      if (at >= 0) ++counts[static_cast<std::size_t>(offsets.back() + tables[s] + at)];
    }
  }
  return counts;
}

void set_initial_transitions(const NetworkShape& shape, std::span<const double> frequencies,
                             std::span<const double> counts, float* table) {
  const std::vector<std::int64_t> offsets = shape.token_offsets(),
                                  tables = shape.transition_offsets();
  for (int s = shape.shared; s < shape.columns(); ++s) {
    const auto k = static_cast<std::size_t>(shape.cardinalities[s]);
    const auto first = static_cast<std::size_t>(offsets[s]);
    const ColumnCounts column{shape.cardinalities[s], frequencies.subspan(first, k),
                              counts.subspan(first, k),
                              counts.subspan(static_cast<std::size_t>(offsets.back() + tables[s]),
                                             static_cast<std::size_t>(tables[s + 1] - tables[s]))};
    float* own = table + tables[s];
    const std::vector<double> stays = staying(column);
    for (int t = 0; t < column.k; ++t)
      own[kernels::transition_at(column.k, t, t)] =
          static_cast<float>(stays[static_cast<std::size_t>(t)]);
    if (column.k <= kernels::kMostPaired) {
      set_pairs(column, own);
    } else if (column.k <= kernels::kMostOrdered) {
      set_distances(column, own);
    }
    if (column.k <= kernels::kMostOrdered) close_directions(column, own);
  }
}

std::vector<double> count_recalls(const NetworkShape& shape, const TokenRows& data,
                                  std::span<const std::int64_t> rows,
                                  std::span<const double> frequencies, const float* table) {
  const std::vector<std::int64_t> offsets = shape.token_offsets(),
                                  tables = shape.transition_offsets();
  std::vector<double> counts(static_cast<std::size_t>(3 * shape.columns()));
  for (int s = shape.shared; s < shape.columns(); ++s) {
    const int k = shape.cardinalities[s];
    const ColumnCounts column{
        k,
        frequencies.subspan(static_cast<std::size_t>(offsets[s]), static_cast<std::size_t>(k)),
        {},
        {}};
    std::vector<double> share, whole(static_cast<std::size_t>(k), 1.0);
    for (int t = 0; t < k; ++t) share.push_back(column.share(t));
    const auto raised = [&](int before, int token) {
      const int at = kernels::transition_at(k, before, token);
      return share[static_cast<std::size_t>(token)] *
             (at < 0 ? 1.0 : std::exp(static_cast<double>(table[tables[s] + at])));
    };
    for (int before = 0; before < k; ++before) {
      kernels::for_each_transition(k, before, [&](int token, int) {
        whole[static_cast<std::size_t>(before)] +=
            raised(before, token) - share[static_cast<std::size_t>(token)];
      });
    }
    double* own = counts.data() + 3 * s;
    for (const std::int64_t row : rows) {
      if (data.index[static_cast<std::size_t>(row)] < 2) continue;
      const std::uint16_t* now = data.tokens.data() + row * data.n_columns + s;
      const std::uint16_t before = now[-data.n_columns], last_but_one = now[-2 * data.n_columns];
      if (before == last_but_one) continue;
      ++own[0];
      own[1] += *now == last_but_one;
      own[2] += raised(before, last_but_one) / whole[before];
    }
  }
  return counts;
}

void set_initial_recall(const NetworkShape& shape, std::span<const double> counts, float* recall) {
  for (int s = shape.shared; s < shape.columns(); ++s) {
    const double* own = counts.data() + 3 * s;
    const double usual = (own[2] + 0.1) / (own[0] + 0.2);
    const double seen = (own[1] + kPrior * usual) / (own[0] + kPrior);
    recall[s * (kernels::kLookBack - 1)] = static_cast<float>(log_odds(seen) - log_odds(usual));
  }
}

}  // namespace semblance::trainer
