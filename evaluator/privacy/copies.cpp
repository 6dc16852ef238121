#include "evaluator/privacy/copies.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <numeric>
#include <string_view>
#include <unordered_map>

namespace semblance::evaluator {
namespace {

std::vector<int> all_or(const Rows& rows, const std::vector<int>& columns) {
  if (!columns.empty()) return columns;
  std::vector<int> all(rows.features.size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

struct HashOfHash {
  std::size_t operator()(const kernels::RowHash& hash) const { return hash.low; }
};

std::vector<kernels::RowHash> hashes_of(const Rows& rows, const std::vector<int>& columns) {
  std::vector<kernels::RowHash> hashes(static_cast<std::size_t>(rows.n_rows));
  kernels::hash_rows(cells_of(rows, columns), 0, hashes);
  return hashes;
}

}  // namespace

kernels::CellRows cells_of(const Rows& rows, const std::vector<int>& columns) {
  kernels::CellRows cells{.n_rows = rows.n_rows, .columns = {}};
  for (const int j : all_or(rows, columns)) {
    const Feature& feature = rows.features[static_cast<std::size_t>(j)];
    if (feature.numbers.empty()) {
      cells.columns.emplace_back(std::span<const std::int32_t>(feature.codes));
    } else {
      cells.columns.emplace_back(std::span<const double>(feature.numbers));
    }
  }
  return cells;
}

std::vector<std::int64_t> equal_rows(const Rows& queries, const Rows& references,
                                     const std::vector<int>& columns, int threads) {
  return kernels::find_copies(cells_of(queries, columns), cells_of(references, columns),
                              {.threads = threads});
}

std::vector<bool> unique_rows(const Rows& rows, const std::vector<int>& columns, int threads) {
  const std::vector<std::int64_t> first = equal_rows(rows, rows, columns, threads);
  std::vector<std::int32_t> times(first.size());
  for (const std::int64_t row : first) ++times[static_cast<std::size_t>(row)];
  std::vector<bool> unique(first.size());
  for (std::size_t i = 0; i < first.size(); ++i)
    unique[i] = times[static_cast<std::size_t>(first[i])] == 1;
  return unique;
}

std::int64_t legacy_collisions(const Rows& real, const Rows& synthetic) {
  const auto prepared = [](const Rows& rows) {
    Rows out{rows.n_rows, {rows.features.begin() + 1, rows.features.end()}};
    for (Feature& feature : out.features) {
      for (double& value : feature.numbers) value = std::isnan(value) ? 0 : value;
    }
    return out;
  };
  if (real.features.size() < 2) return 0;
  std::unordered_map<kernels::RowHash, std::int64_t, HashOfHash> counts;
  for (const kernels::RowHash& hash : hashes_of(prepared(real), {})) ++counts[hash];
  std::int64_t pairs = 0;
  for (const kernels::RowHash& hash : hashes_of(prepared(synthetic), {})) {
    const auto found = counts.find(hash);
    if (found != counts.end()) pairs += found->second;
  }
  return pairs;
}

std::vector<int> likely_quasi_identifiers(const Comparison& data) {
  // Whole words of a column name, in lower case.
  constexpr std::array<std::string_view, 22> kWords = {
      "age",       "dob",        "birth",       "birthdate", "sex",       "gender",
      "ethnicity", "ethnic",     "race",        "zip",       "postcode",  "postal",
      "marital",   "country",    "region",      "admission", "admitdate", "admit",
      "admittime", "occupation", "nationality", "religion"};
  std::vector<int> found;
  for (int j = 0; j < data.n_columns(); ++j) {
    std::string word;
    const std::string name = data.columns[static_cast<std::size_t>(j)].name() + " ";
    for (std::size_t i = 0; i < name.size(); ++i) {
      const auto c = static_cast<unsigned char>(name[i]);
      if (std::isalpha(c)) {
        word += static_cast<char>(std::tolower(c));
        continue;
      }
      if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) {
        found.push_back(j);
        break;
      }
      word.clear();
    }
  }
  return found;
}

}  // namespace semblance::evaluator
