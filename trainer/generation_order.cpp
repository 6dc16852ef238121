#include "trainer/generation_order.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace semblance::trainer {
namespace {

/// The list of constants holds columns that are derived from constants, too.
bool is_constant_of_entity(const table::Schema& schema, const std::string& name) {
  const std::vector<std::string>& constants = schema.entity_constants;
  return std::find(constants.begin(), constants.end(), name) != constants.end();
}

}  // namespace

std::vector<int> generation_order(const Codec& codec, const std::vector<std::string>& first) {
  const table::Schema& schema = codec.schema();
  const int n = static_cast<int>(codec.token_columns().size());
  std::vector<int> order;
  std::vector<char> placed(static_cast<std::size_t>(n), 0);
  const auto place = [&](int from, int to) {
    for (int t = from; t < to; ++t) {
      if (placed[static_cast<std::size_t>(t)] != 0) continue;
      placed[static_cast<std::size_t>(t)] = 1;
      order.push_back(t);
    }
  };
  for (const std::string& name : first) {
    const int column = schema.find(name);
    SEMBLANCE_EXPECT(column >= 0, kData,
                     "order: there is no column '{}' to learn{}; it names columns that the decoder "
                     "makes first",
                     name, base::did_you_mean(name, schema.names()));
    if (!schema.columns[static_cast<std::size_t>(column)].derived.empty()) {
      SEMBLANCE_EXPECT(
          is_constant_of_entity(schema, name), kData,
          "order: column '{}' is derived ({}) and made after all that it follows from; "
          "name those instead",
          name, schema.columns[static_cast<std::size_t>(column)].derived);
      continue;
    }
    const auto [from, to] = codec.tokens_of(column);
    SEMBLANCE_EXPECT(from < to, kData,
                     "order: column '{}' is an identifier, which is issued anew and not learned",
                     name);
    place(from, to);
  }
  place(0, n);
  return order;
}

TokenRows by_rows(const TokenMatrix& matrix, const std::vector<int>& order,
                  std::int64_t first_row) {
  TokenRows rows;
  rows.n_rows = matrix.n_rows;
  rows.n_columns = matrix.n_columns;
  rows.first_row = first_row;
  rows.tokens.resize(matrix.tokens.size());
  for (int s = 0; s < rows.n_columns; ++s) {
    const std::uint16_t* column = matrix.column(order[s]);
    for (std::int64_t r = 0; r < rows.n_rows; ++r) {
      rows.tokens[r * rows.n_columns + s] = column[r];
    }
  }
  return rows;
}

}  // namespace semblance::trainer
