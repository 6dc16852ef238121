/// Sets real rows aside before training, so that privacy and utility can be judged on rows that the
/// model never saw.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "base/settings.hpp"
#include "table/column.hpp"

namespace semblance::pipeline {

/// A column that a later stage asks for.
struct NeededColumn {
  std::string setting;   ///< that names it, for messages: "evaluate.target"
  std::string name;      ///< must be a column of the table
  bool compared = true;  ///< must also be one that `evaluate` compares
};

/// What to split, how, and where the parts go. All output paths must be set.
struct HoldoutOptions {
  std::string table;       ///< path of the whole table
  std::string metadata;    ///< path of a metadata YAML; "" to infer
  double share = 0.2;      ///< of the rows, in [0, 0.9]; 0: no holdout
  std::string entity;      ///< column whose equal values stay on one side; "": as the metadata says
  std::uint64_t seed = 1;  ///< rows of one table split alike for one seed and share
  int threads = 0;         ///< for reading the table; 0: all cores
  std::vector<NeededColumn> needed_columns;  ///< checked before anything is written
  bool derive = true;      ///< without metadata: find columns that follow from others in the rows
  bool date_order = true;  ///< without metadata: find dates that are in order
  std::vector<std::string> learned_columns;  ///< never found to follow from others

  std::string train_output, holdout_output;  ///< paths of the two tables
  std::string metadata_output;  ///< the final schema, inferred parts included, as metadata YAML
  std::string counts_output;    ///< JSON: rows, train_rows, holdout_rows
};
/// The settings of the section `holdout`: share, entity, seed.
void add_settings(base::SettingList& list, HoldoutOptions& options);

/// Row numbers of each side, ascending; together all of [0, n).
struct Split {
  std::vector<std::int64_t> train, holdout;  ///< 0-based row numbers; holdout is empty for share 0
};

/// Rows for the holdout: those with the smallest Philox numbers at (seed, kSplit, row), exactly
/// round(share * n) of them (at least 1 and at most n - 1 when share > 0).
/// \throws Error{kData} when share > 0 and n < 2; Error{kUsage} for a share outside [0, 0.9]
Split split_rows(std::int64_t n, double share, std::uint64_t seed);

/// The same by whole groups: rows of one group are on one side. Groups are taken in the order of
/// the Philox number of their first row, as many as come nearest to the share (at least one on each
/// side). \param group  [n] group of each row; a negative number is a group of its own
Split split_groups(const std::vector<std::int64_t>& group, double share, std::uint64_t seed);

/// Reads the table, splits it and writes the outputs; rank 0 works, the others wait.
void hold_out(const HoldoutOptions& options, base::Communicator& communicator);

/// Rows for training as written in counts_output. \throws Error{kIo}, Error{kData}
std::int64_t read_train_rows(const std::string& counts_path);

}  // namespace semblance::pipeline
