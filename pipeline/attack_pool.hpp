/// The people that an attack with shadow models tosses coins for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/attack.hpp"
#include "table/column.hpp"

namespace semblance::pipeline {

/// Of fewer people, chance would decide; a model could even be trained on none.
inline constexpr std::int64_t kLeastPeople = 40;

/// Rows of the training table, then rows of the holdout. A row's number counts through both.
struct AttackPool {
  table::Table real, holdout;        ///< the chosen rows of each
  std::string person_column;         ///< "": every row is a person
  std::vector<std::int64_t> person;  ///< [rows] 0 to people - 1
  std::vector<std::string> names;    ///< [rows] "row 17 of train.csv"
  std::int64_t people = 0;           ///< different people

  /// Of both tables.
  std::int64_t n_rows() const { return real.n_rows() + holdout.n_rows(); }

  /// [rows] whether a model is trained on the row: a fair coin a model and person, by the seed.
  std::vector<char> coins(int model, std::uint64_t seed) const;
  /// Writes the rows whose coin is 1 as a table. \returns how many
  std::int64_t write(const std::vector<char>& in, const std::string& path) const;
};

/// Reads both tables and takes whole people at random, until there are options.rows rows.
/// \throws Error{kData} for fewer than kLeastPeople, or rows of one table only
AttackPool read_attack_pool(const AttackOptions& options);

}  // namespace semblance::pipeline
