#include "generator/table_maker.hpp"

#include <algorithm>

#include "base/philox.hpp"

namespace semblance::generator {

void RetryCounts::add(const RetryCounts& other) {
  rows += other.rows, draws += other.draws, copies += other.copies;
  broken.resize(std::max(broken.size(), other.broken.size()), 0);
  for (std::size_t i = 0; i < other.broken.size(); ++i) broken[i] += other.broken[i];
  conditions.add(other.conditions);
}

std::uint64_t retry_seed(std::uint64_t seed, int attempt) {
  if (attempt == 0) return seed;
  const base::PhiloxWords words =
      base::philox(seed, base::Purpose::kRetry, static_cast<std::uint64_t>(attempt), 0);
  return std::uint64_t{words.word[0]} << 32 | words.word[1];
}

void copy_row(const table::Table& from, std::int64_t from_row, table::Table& to,
              std::int64_t to_row) {
  const auto source = static_cast<std::size_t>(from_row), target = static_cast<std::size_t>(to_row);
  for (std::size_t c = 0; c < to.columns.size(); ++c) {
    table::Column& column = to.columns[c];
    if (column.spec.kind == table::Kind::kId) continue;
    if (!column.reals.empty()) column.reals[target] = from.columns[c].reals[source];
    if (!column.ints.empty()) column.ints[target] = from.columns[c].ints[source];
    if (!column.codes.empty()) column.codes[target] = from.columns[c].codes[source];
  }
}

}  // namespace semblance::generator
