#include "table/detail/column_builder.hpp"
#include "table/detail/hdf5_columns.hpp"
#include "table/detail/loaded_table.hpp"

namespace semblance::table::detail {

LoadedTable load_hdf5(const std::string& path) {
  const base::H5Handle file = base::h5_open(path);
  LoadedTable loaded;
  loaded.table = read_columns(file.get(), path, loaded.schema, loaded.kind_known);
  for (std::size_t c = 0; c < loaded.table.columns.size(); ++c) {
    Column& column = loaded.table.columns[c];
    if (loaded.kind_known[c] || column.spec.kind != Kind::kCategory) continue;
    infer_from_levels(column, loaded.warnings);
    if (column.spec.kind == Kind::kCategory || column.spec.kind == Kind::kBoolean)
      sort_levels(column);
  }
  return loaded;
}

}  // namespace semblance::table::detail
