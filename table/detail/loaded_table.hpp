/// The readers of the single formats, before metadata from outside are laid over what they found.
#pragma once

#include <string>
#include <vector>

#include "table/column.hpp"
#include "table/read_table.hpp"

namespace semblance::table::detail {

/// A table with the file's own knowledge of it.
struct LoadedTable {
  Table table;
  Schema schema;                      ///< constraints, markers, entity; columns follow `table`
  std::vector<bool> kind_known;       ///< [columns] the file or metadata says the kind: no guessing
  std::vector<std::string> warnings;  ///< choices that a reader should know of
};

/// Kinds come from options.schema or options.metadata where given, else by inference from all
/// values.
LoadedTable load_csv(const std::string& path, const ReadOptions& options);
/// Kinds come from the file; text columns are looked at as those of a CSV file.
LoadedTable load_parquet(const std::string& path, const ReadOptions& options);
LoadedTable load_hdf5(const std::string& path);

/// What metadata or schema say of a column; `spec` is null when they are silent.
struct Wanted {
  const ColumnSpec* spec = nullptr;
  bool kind_given = false;
  bool round_to_whole = false;  ///< an integer column's fractions are rounded, not refused
};
Wanted wanted_spec(const ReadOptions& options, const std::string& name);

/// Members that are set in `wish` replace those of `spec`; its kind is left alone.
void overlay(ColumnSpec& spec, const ColumnSpec& wish);

/// Looks at the texts of a category column: numbers, dates or truth words get their kind.
void infer_from_levels(Column& column, std::vector<std::string>& warnings);

/// Turns the column into the kind that metadata or schema ask for.
/// \throws Error{kData} naming file, column, row and value when a value does not fit
void conform(Column& column, const Wanted& wanted, const std::string& path,
             std::vector<std::string>& warnings);

}  // namespace semblance::table::detail
