/// Columns in an HDF5 file: the layout of docs/FORMAT.md, written piece by piece and read whole.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/hdf5.hpp"
#include "table/column.hpp"
#include "table/detail/hdf5_texts.hpp"
#include "table/detail/text_dictionary.hpp"

namespace semblance::table::detail {

/// A column name as a link name: '/' and '%' become %2F and %25, a lone '.' %2E.
std::string link_name(const std::string& column);
std::string column_name(const std::string& link);

/// Values of this kind as they are stored: 8-byte floats, 8-byte integers or 4-byte codes.
/// \param kind  any but kId, which is stored as texts
hid_t stored_type(Kind kind);

/// How a column's dataset is laid out: chunked, shuffled, deflated, without times.
base::H5Handle column_creation_list(hsize_t rows_a_chunk, const std::string& what);
/// Writes `count` values from row `first` on; the dataset grows to hold them.
void write_rows(hid_t dataset, std::int64_t first, std::int64_t count, hid_t type,
                const void* values, const std::string& what);

/// Attributes that make a dataset understandable without the metadata: name, kind, CF units,
/// _FillValue.
void write_column_attributes(hid_t dataset, const ColumnSpec& spec);
/// Format marks and the schema, in the root of a file.
void write_file_attributes(hid_t file, const Schema& schema, std::int64_t n_rows);
Schema read_file_schema(hid_t file);
bool has_file_schema(hid_t file);

/// Appends tables to the columns of a new file.
class Hdf5ColumnsWriter {
 public:
  Hdf5ColumnsWriter(const std::filesystem::path& path, const Schema& schema);
  void append(const Table& rows);
  /// Writes categories and schema and closes the file.
  void finish();
  std::int64_t n_rows() const { return n_rows_; }

 private:
  struct Target {
    base::H5Handle dataset;
    TextDictionary levels;   // of a category
    TextColumnBuffer texts;  // of an identifier, whose dataset is made at the end
  };
  void append_column(Target& target, const Column& column);

  Schema schema_;
  base::H5Handle file_, columns_;
  std::vector<Target> targets_;
  std::int64_t n_rows_ = 0;
};

/// All columns of an open file, in the order of its schema or, for a foreign file, by name.
/// \param path  for messages
Table read_columns(hid_t file, const std::string& path, Schema& schema,
                   std::vector<bool>& kind_known);

}  // namespace semblance::table::detail
