/// Reading tables: .csv, .csv.gz, .parquet, .h5 or a shard directory, chosen by content and
/// extension.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "table/column.hpp"

namespace semblance::table {

/// What is known of a table before it is read. Pointers must outlive the call; give at most one of
/// the two.
struct ReadOptions {
  const Metadata* metadata = nullptr;  ///< overrides inference; its columns must exist in the table
  const Schema* schema =
      nullptr;               ///< read exactly these columns and kinds (a second table to compare)
  bool allow_empty = false;  ///< a table without rows is an error otherwise
  int threads = 0;           ///< 0: default_threads()
};

/// A whole table, typed. Kinds come from options.schema, else from the file itself (HDF5, Parquet)
/// or by inference (CSV), with options.metadata on top.
/// \param schema_out  the final schema with constraints and entity, when not null
/// \throws Error{kIo} unreadable file; Error{kData} naming file, column and row (1 is the first row
///         after the header) for a damaged file, a wrong number of fields, a value that does not
///         fit its column's kind, bytes that are not UTF-8, duplicate or unknown columns, no rows
Table read_table(const std::string& path, const ReadOptions& options = {},
                 Schema* schema_out = nullptr);

/// Kinds, decimals, date formats and missing texts of a table, with warnings for people
/// (suspected identifiers, constant columns, free text).
struct Inspection {
  Schema schema;                       ///< the kinds that read_table() would give the columns
  std::vector<std::string> warnings;   ///< one sentence each, naming the column
  std::int64_t n_rows = 0;             ///< of data
  std::vector<std::int64_t> missing;   ///< [columns]
  std::vector<std::int64_t> distinct;  ///< [columns] distinct present values
  std::vector<std::string> notes;      ///< [columns] a few words: range, commonest level, pattern
  /// Pairs of date columns (earlier, later) that are in this order in every row; for each later
  /// date the earlier one that is nearest: a proposal for relative_to.
  std::vector<std::pair<std::string, std::string>> orders;
  /// (column, formula) of columns that follow exactly from others: a proposal for `derived`.
  std::vector<std::pair<std::string, std::string>> derived;
  /// Pairs of columns where each value of the first goes with one value of the second: a proposal
  /// for a fixcombo constraint.
  std::vector<std::pair<std::string, std::string>> dependences;
};
/// Reads the whole table as read_table() does, and looks at every value.
/// \throws as read_table
Inspection inspect_table(const std::string& path, const ReadOptions& options = {});

}  // namespace semblance::table
