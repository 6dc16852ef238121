#include "table/detail/hdf5_texts.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "table/detail/hdf5_columns.hpp"

namespace semblance::table::detail {

base::H5Handle fixed_text_type(std::size_t width) {
  base::H5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "string type");
  base::h5_check(H5Tset_size(type.get(), width), "string type");
  base::h5_check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "string type");
  base::h5_check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "string type");
  return type;
}

std::size_t text_width(hid_t group, const std::string& link) {
  const base::H5Handle dataset(H5Dopen2(group, link.c_str(), H5P_DEFAULT), H5Dclose, link);
  const base::H5Handle type(H5Dget_type(dataset.get()), H5Tclose, link);
  SEMBLANCE_EXPECT(H5Tget_class(type.get()) == H5T_STRING && H5Tis_variable_str(type.get()) == 0,
                   kData, "dataset '{}' does not hold texts of one width", link);
  return H5Tget_size(type.get());
}

void write_text_attributes(hid_t dataset, const ColumnSpec& spec, std::size_t width) {
  write_column_attributes(dataset, spec);
  const base::H5Handle type = fixed_text_type(width);
  const base::H5Handle space(H5Screate(H5S_SCALAR), H5Sclose, "_FillValue");
  const base::H5Handle attribute(
      H5Acreate2(dataset, "_FillValue", type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose, "_FillValue");
  base::h5_check(H5Awrite(attribute.get(), type.get(), std::string(width, '\0').c_str()),
                 "_FillValue");
}

void TextColumnBuffer::append(const Column& column) {
  lengths_.reserve(lengths_.size() + column.codes.size());
  for (const std::int32_t code : column.codes) {
    if (code >= 0) bytes_ += column.levels[static_cast<std::size_t>(code)];
    lengths_.push_back(code < 0 ? 0u
                                : static_cast<std::uint32_t>(
                                      column.levels[static_cast<std::size_t>(code)].size()));
  }
}

void TextColumnBuffer::write(hid_t group, const ColumnSpec& spec) const {
  constexpr std::size_t kChunkBytes = std::size_t{1} << 20;
  const std::string what = "column '" + spec.name + "'";
  std::size_t width = 1;
  for (const std::uint32_t length : lengths_) width = std::max<std::size_t>(width, length);
  const std::size_t rows_a_chunk = std::max<std::size_t>(1, kChunkBytes / width);
  const base::H5Handle type = fixed_text_type(width),
                       list = column_creation_list(rows_a_chunk, what);
  const hsize_t n = lengths_.size(), unlimited = H5S_UNLIMITED;
  const base::H5Handle space(H5Screate_simple(1, &n, &unlimited), H5Sclose, what);
  const base::H5Handle dataset(H5Dcreate2(group, link_name(spec.name).c_str(), type.get(),
                                          space.get(), H5P_DEFAULT, list.get(), H5P_DEFAULT),
                               H5Dclose, what);
  write_text_attributes(dataset.get(), spec, width);
  std::string padded;
  std::size_t at = 0;
  for (std::size_t first = 0; first < lengths_.size(); first += rows_a_chunk) {
    const std::size_t count = std::min(rows_a_chunk, lengths_.size() - first);
    padded.assign(count * width, '\0');
    for (std::size_t i = 0; i < count; ++i) {
      bytes_.copy(padded.data() + i * width, lengths_[first + i], at);
      at += lengths_[first + i];
    }
    write_rows(dataset.get(), static_cast<std::int64_t>(first), static_cast<std::int64_t>(count),
               type.get(), padded.data(), what);
  }
}

}  // namespace semblance::table::detail
