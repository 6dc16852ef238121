/// Columns of texts in HDF5, stored as they are: for identifiers, whose values are as many as rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/hdf5.hpp"
#include "table/column.hpp"

namespace semblance::table::detail {

/// UTF-8 texts of `width` bytes, filled up with zero bytes.
base::H5Handle fixed_text_type(std::size_t width);
/// Bytes of a dataset's fixed-width texts. \throws Error{kData} for any other type
std::size_t text_width(hid_t group, const std::string& link);

/// Gathers the texts of a column until their greatest length is known.
class TextColumnBuffer {
 public:
  void append(const Column& column);
  /// Writes all as one dataset: chunked, deflated, the empty text standing for a missing value.
  void write(hid_t group, const ColumnSpec& spec) const;

 private:
  std::string bytes_;
  std::vector<std::uint32_t> lengths_;
};

/// name, kind and the empty text as _FillValue.
void write_text_attributes(hid_t dataset, const ColumnSpec& spec, std::size_t width);

}  // namespace semblance::table::detail
