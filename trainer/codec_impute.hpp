/// NHSSynth's strategies for missing values: "augment" (the default: missingness is modelled),
/// "impute:..." (cells are filled before they are coded, so none comes out missing) and "drop" (the
/// row is not learned).
#pragma once

#include <hdf5.h>

#include <optional>
#include <string>

#include "base/communicator.hpp"
#include "table/column.hpp"

namespace semblance::trainer {

/// What fills the missing cells of a column.
struct Imputation {
  double number = 0;  ///< integers, floats, dates (days), datetimes (microseconds)
  std::string level;  ///< categories and booleans

  /// Into the group of the column, beside what its coder saves.
  void save(hid_t group) const;
  /// Nothing when the column is not filled.
  static std::optional<Imputation> load(hid_t group);
};

/// The filling that the column's spec asks for ("impute:mean", "impute:median", "impute:mode" or
/// "impute:VALUE"), learned from the rows of all ranks; nothing when it asks for none.
/// \throws Error{kData} for the mean of a category, or a value that is not of the column's kind
std::optional<Imputation> fit_imputation(const table::Column& column,
                                         base::Communicator& communicator);

/// The column with its missing cells filled.
table::Column imputed(table::Column column, const Imputation& imputation);

/// The rows of a table without those where a column of missingness "drop" is missing.
table::Table rows_to_learn(table::Table rows, const table::Schema& schema);

}  // namespace semblance::trainer
