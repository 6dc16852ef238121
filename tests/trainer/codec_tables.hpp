/// Small tables for the codec tests.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/communicator.hpp"
#include "table/column.hpp"
#include "trainer/codec.hpp"

namespace semblance::trainer {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

inline table::Column integers(const std::string& name, std::vector<std::int64_t> values) {
  return {.spec = {.name = name, .kind = table::Kind::kInteger}, .ints = std::move(values)};
}
inline table::Column reals(const std::string& name, std::vector<double> values, int decimals = -1) {
  return {.spec = {.name = name, .kind = table::Kind::kFloat, .decimals = decimals},
          .reals = std::move(values)};
}
/// "" is missing.
inline table::Column categories(const std::string& name, const std::vector<std::string>& values,
                                table::Kind kind = table::Kind::kCategory) {
  table::Column column{.spec = {.name = name, .kind = kind}};
  std::unordered_map<std::string, std::int32_t> index;
  for (const std::string& value : values) {
    if (value.empty()) {
      column.codes.push_back(table::kMissingCode);
      continue;
    }
    const auto [place, added] = index.emplace(value, static_cast<std::int32_t>(index.size()));
    if (added) column.levels.push_back(value);
    column.codes.push_back(place->second);
  }
  return column;
}
inline table::Column dates(const std::string& name, std::vector<std::int64_t> days) {
  return {.spec = {.name = name, .kind = table::Kind::kDate}, .ints = std::move(days)};
}
inline table::Column datetimes(const std::string& name, std::vector<std::int64_t> micros) {
  return {.spec = {.name = name, .kind = table::Kind::kDatetime}, .ints = std::move(micros)};
}

inline table::Table table_of(std::vector<table::Column> columns) { return {std::move(columns)}; }

inline Codec fit(const table::Table& rows, const CodecOptions& options = {}) {
  return Codec::fit(rows, rows.schema(), options, *base::self_communicator());
}

inline table::Table round_trip(const table::Table& rows, const CodecOptions& options = {},
                               std::uint64_t seed = 1) {
  const Codec codec = fit(rows, options);
  return codec.decode(codec.encode(rows), 0, seed);
}

/// Cell by cell, as texts of categories and bits of numbers.
inline void expect_same_cells(const table::Column& a, const table::Column& b) {
  ASSERT_EQ(a.size(), b.size()) << a.spec.name;
  for (std::int64_t row = 0; row < a.size(); ++row) {
    ASSERT_EQ(a.is_missing(row), b.is_missing(row)) << a.spec.name << " row " << row;
    if (a.is_missing(row)) continue;
    const auto i = static_cast<std::size_t>(row);
    if (!a.reals.empty()) {
      ASSERT_EQ(a.reals[i], b.reals[i]) << a.spec.name << " row " << row;
    }
    if (!a.ints.empty()) {
      ASSERT_EQ(a.ints[i], b.ints[i]) << a.spec.name << " row " << row;
    }
    if (!a.codes.empty()) {
      ASSERT_EQ(a.levels[static_cast<std::size_t>(a.codes[i])],
                b.levels[static_cast<std::size_t>(b.codes[i])])
          << a.spec.name << " row " << row;
    }
  }
}
inline void expect_same_cells(const table::Table& a, const table::Table& b) {
  ASSERT_EQ(a.n_columns(), b.n_columns());
  for (std::size_t c = 0; c < a.columns.size(); ++c) expect_same_cells(a.columns[c], b.columns[c]);
}

}  // namespace semblance::trainer
