/// The columns of a source, found in the file at hand.
#pragma once

#include <string>
#include <vector>

#include "prepare/cell_reader.hpp"
#include "prepare/row_source.hpp"

namespace semblance::prepare {

/// [columns of the source] how each is read, and from where.
struct SourceColumns {
  static constexpr int kMissing = -1, kRowNumber = -2;  ///< in `fields`: not in the file

  std::string file;                 ///< its name, for messages
  std::vector<CellReader> readers;  ///< for the kinds of the recipe
  std::vector<std::string> names;   ///< as in the file
  std::vector<int> fields;          ///< position in the file
  /// The distinct positions in the file.
  std::vector<int> fields_in_file() const;
};

/// Finds the columns that a recipe names in the header of a file, whatever the case; a row number
/// column comes last. \throws Error{kData} naming recipe line, file and nearest column
SourceColumns match_columns(const SourceSpec& spec, const std::string& path,
                            const std::vector<std::string>& header);

/// A CSV file, plain or gzip, streamed and shared out over ranks.
std::unique_ptr<RowSource> open_csv_source(const SourceSpec& spec, const std::string& path);
/// A Parquet file, streamed.
std::unique_ptr<RowSource> open_parquet_source(const SourceSpec& spec, const std::string& path);
/// An HDF5 table, held in memory and counted.
std::unique_ptr<RowSource> open_hdf5_source(const SourceSpec& spec, const std::string& path,
                                            MemoryBudget& budget);

}  // namespace semblance::prepare
