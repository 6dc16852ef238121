#include "base/hdf5.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

#include "base/error.hpp"

namespace semblance::base {
namespace {

/// Without this, HDF5 tidies up once more at exit, and that crashes (1.10) after a file could not
/// be written because the disk is full. H5Handle has closed everything by then. It must be called
/// before any other function of HDF5, hence at the start of the program.
[[maybe_unused]] const herr_t kNoTidyingAtExit = H5dont_atexit();

/// HDF5 prints its own error stack by default; our exceptions say it instead.
void silence_hdf5() {
  static const bool done = [] {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    return true;
  }();
  (void)done;
}

H5Handle space_of(const std::vector<std::int64_t>& shape) {
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  return H5Handle(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose,
                  "dataspace");
}

std::vector<std::int64_t> shape_of(hid_t dataset, const std::string& name, std::int64_t most) {
  const H5Handle space(H5Dget_space(dataset), H5Sclose, name);
  const int rank = H5Sget_simple_extent_ndims(space.get());
  SEMBLANCE_EXPECT(rank >= 0 && rank <= 8, kData, "dataset '{}' has {} dimensions", name, rank);
  std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr);
  double elements = 1;
  for (const hsize_t d : dims) elements *= static_cast<double>(d);
  SEMBLANCE_EXPECT(elements <= static_cast<double>(most), kData,
                   "dataset '{}' has {} elements, more than the {} allowed", name, elements, most);
  return {dims.begin(), dims.end()};
}

std::int64_t product(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

H5Handle text_type() {
  H5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "string type");
  h5_check(H5Tset_size(type.get(), H5T_VARIABLE), "string type");
  h5_check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "string type");
  return type;
}

H5Handle creation_list(const std::vector<std::int64_t>& shape) {
  H5Handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "creation list");
  h5_check(H5Pset_obj_track_times(list.get(), false),
           "creation list");  // the same bytes every time
  const std::int64_t n = product(shape);
  if (n <= 1000 || shape.empty()) return list;
  std::vector<hsize_t> chunk(shape.begin(), shape.end());
  const hsize_t per_row = static_cast<hsize_t>(std::max<std::int64_t>(1, n / shape[0]));
  chunk[0] = std::clamp<hsize_t>((hsize_t{1} << 17) / per_row, 1, static_cast<hsize_t>(shape[0]));
  h5_check(H5Pset_chunk(list.get(), static_cast<int>(chunk.size()), chunk.data()), "chunks");
  h5_check(H5Pset_shuffle(list.get()), "shuffle");
  h5_check(H5Pset_deflate(list.get(), 4), "deflate");
  return list;
}

H5Handle open_dataset(hid_t parent, const std::string& name) {
  SEMBLANCE_EXPECT(h5_exists(parent, name), kData, "there is no dataset '{}' in the file", name);
  return H5Handle(H5Dopen2(parent, name.c_str(), H5P_DEFAULT), H5Dclose, "dataset '" + name + "'");
}

/// Refuses a dataset whose size cannot be true: its file holds too few bytes for it, even deflated.
/// \param bytes  the least that it can take: its texts' width, else one byte, for each element
void check_size(hid_t dataset, const std::string& name, double bytes) {
  constexpr double kAlwaysFine = 1e8;
  constexpr double kMostCompression = 2000;  // deflate makes at most 1,032 bytes of one
  if (bytes <= kAlwaysFine) return;
  const H5Handle list(H5Dget_create_plist(dataset), H5Pclose, name);
  if (H5Pget_layout(list.get()) == H5D_VIRTUAL) return;  // its bytes are in other files
  const double stored = static_cast<double>(H5Dget_storage_size(dataset));
  SEMBLANCE_EXPECT(bytes <= kMostCompression * stored, kData,
                   "dataset '{}' claims {:.0f} bytes, but the file holds {:.0f}: it is damaged",
                   name, bytes, stored);
}

template <class T>
void write_scalar_attribute(hid_t object, const std::string& name, hid_t type, const T* value) {
  if (H5Aexists(object, name.c_str()) > 0) H5Adelete(object, name.c_str());
  const H5Handle space(H5Screate(H5S_SCALAR), H5Sclose, "dataspace");
  const H5Handle attribute(
      H5Acreate2(object, name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
      "attribute '" + name + "'");
  h5_check(H5Awrite(attribute.get(), type, value), "attribute '" + name + "'");
}

H5Handle open_attribute(hid_t object, const std::string& name) {
  SEMBLANCE_EXPECT(h5_has_attribute(object, name), kData, "there is no attribute '{}' in the file",
                   name);
  return H5Handle(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "attribute '" + name + "'");
}

template <class T>
T read_scalar_attribute(hid_t object, const std::string& name) {
  const H5Handle attribute = open_attribute(object, name);
  const H5Handle space(H5Aget_space(attribute.get()), H5Sclose, name);
  SEMBLANCE_EXPECT(H5Sget_simple_extent_npoints(space.get()) == 1, kData,
                   "attribute '{}' is not one value", name);
  T value{};
  h5_check(H5Aread(attribute.get(), h5_type<T>(), &value), "attribute '" + name + "'");
  return value;
}

}  // namespace

H5Handle::H5Handle(hid_t id, herr_t (*close)(hid_t), const std::string& what)
    : id_(id), close_(close) {
  SEMBLANCE_EXPECT(id >= 0, kIo, "HDF5: {} failed", what);
}
H5Handle::H5Handle(H5Handle&& other) noexcept
    : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
H5Handle& H5Handle::operator=(H5Handle&& other) noexcept {
  reset();
  id_ = std::exchange(other.id_, -1);
  close_ = other.close_;
  return *this;
}
void H5Handle::reset() {
  if (id_ >= 0 && close_ != nullptr) close_(id_);
  id_ = -1;
}

void h5_check(herr_t status, const std::string& what) {
  SEMBLANCE_EXPECT(status >= 0, kIo, "HDF5: {} failed (disk full, or a damaged file?)", what);
}

H5Handle h5_open(const std::filesystem::path& path) {
  silence_hdf5();
  if (std::FILE* file = std::fopen(path.c_str(), "rb")) {
    std::fclose(file);
  } else {
    fail_errno("read", path.string());
  }
  SEMBLANCE_EXPECT(H5Fis_hdf5(path.c_str()) > 0, kData, "{}: is not an HDF5 file", path.string());
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  SEMBLANCE_EXPECT(id >= 0, kData, "{}: damaged or truncated HDF5 file", path.string());
  return H5Handle(id, H5Fclose, path.string());
}

H5Handle h5_create(const std::filesystem::path& path) {
  silence_hdf5();
  return H5Handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose,
                  "creating " + path.string());
}

void h5_flush(const H5Handle& file, const std::filesystem::path& final_path) {
  SEMBLANCE_EXPECT(H5Fflush(file.get(), H5F_SCOPE_GLOBAL) >= 0, kIo,
                   "{}: cannot write; is the disk full?", final_path.string());
}

H5Handle h5_create_group(hid_t parent, const std::string& name) {
  return H5Handle(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
                  "group '" + name + "'");
}

H5Handle h5_open_group(hid_t parent, const std::string& name) {
  SEMBLANCE_EXPECT(h5_exists(parent, name), kData, "there is no group '{}' in the file", name);
  return H5Handle(H5Gopen2(parent, name.c_str(), H5P_DEFAULT), H5Gclose, "group '" + name + "'");
}

bool h5_exists(hid_t parent, const std::string& name) {
  return H5Lexists(parent, name.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> h5_names(hid_t group) {
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  h5_check(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names),
           "listing a group");
  return names;
}

template <>
hid_t h5_type<float>() {
  return H5T_NATIVE_FLOAT;
}
template <>
hid_t h5_type<double>() {
  return H5T_NATIVE_DOUBLE;
}
template <>
hid_t h5_type<std::int8_t>() {
  return H5T_NATIVE_INT8;
}
template <>
hid_t h5_type<std::uint8_t>() {
  return H5T_NATIVE_UINT8;
}
template <>
hid_t h5_type<std::int16_t>() {
  return H5T_NATIVE_INT16;
}
template <>
hid_t h5_type<std::uint16_t>() {
  return H5T_NATIVE_UINT16;
}
template <>
hid_t h5_type<std::int32_t>() {
  return H5T_NATIVE_INT32;
}
template <>
hid_t h5_type<std::int64_t>() {
  return H5T_NATIVE_INT64;
}

template <class T>
void h5_write(hid_t parent, const std::string& name, std::span<const T> values,
              const std::vector<std::int64_t>& shape) {
  SEMBLANCE_ASSERT(product(shape) == static_cast<std::int64_t>(values.size()));
  const H5Handle space = space_of(shape), list = creation_list(shape);
  const H5Handle dataset(H5Dcreate2(parent, name.c_str(), h5_type<T>(), space.get(), H5P_DEFAULT,
                                    list.get(), H5P_DEFAULT),
                         H5Dclose, "dataset '" + name + "'");
  if (values.empty()) return;
  h5_check(H5Dwrite(dataset.get(), h5_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
           "writing dataset '" + name + "'");
}

template <class T>
std::vector<T> h5_read(hid_t parent, const std::string& name, std::vector<std::int64_t>* shape,
                       std::int64_t most) {
  const H5Handle dataset = open_dataset(parent, name);
  const std::vector<std::int64_t> dims = shape_of(dataset.get(), name, most);
  check_size(dataset.get(), name, static_cast<double>(product(dims)));
  std::vector<T> values(static_cast<std::size_t>(product(dims)));
  if (!values.empty()) {
    h5_check(H5Dread(dataset.get(), h5_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
             "reading dataset '" + name + "'");
  }
  if (shape != nullptr) *shape = dims;
  return values;
}

#define SEMBLANCE_H5_INSTANCE(T)                                                            \
  template void h5_write<T>(hid_t, const std::string&, std::span<const T>,                  \
                            const std::vector<std::int64_t>&);                              \
  template std::vector<T> h5_read<T>(hid_t, const std::string&, std::vector<std::int64_t>*, \
                                     std::int64_t);
SEMBLANCE_H5_INSTANCE(float)
SEMBLANCE_H5_INSTANCE(double)
SEMBLANCE_H5_INSTANCE(std::int8_t)
SEMBLANCE_H5_INSTANCE(std::uint8_t)
SEMBLANCE_H5_INSTANCE(std::int16_t)
SEMBLANCE_H5_INSTANCE(std::uint16_t)
SEMBLANCE_H5_INSTANCE(std::int32_t)
SEMBLANCE_H5_INSTANCE(std::int64_t)
#undef SEMBLANCE_H5_INSTANCE

void h5_write_texts(hid_t parent, const std::string& name, const std::vector<std::string>& texts) {
  const H5Handle type = text_type();
  const H5Handle space = space_of({static_cast<std::int64_t>(texts.size())});
  const H5Handle list = creation_list({});
  const H5Handle dataset(H5Dcreate2(parent, name.c_str(), type.get(), space.get(), H5P_DEFAULT,
                                    list.get(), H5P_DEFAULT),
                         H5Dclose, "dataset '" + name + "'");
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  if (pointers.empty()) return;
  h5_check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()),
           "writing dataset '" + name + "'");
}

std::vector<std::string> h5_read_texts(hid_t parent, const std::string& name, std::int64_t most) {
  const H5Handle dataset = open_dataset(parent, name);
  const std::size_t n = static_cast<std::size_t>(product(shape_of(dataset.get(), name, most)));
  const H5Handle file_type(H5Dget_type(dataset.get()), H5Tclose, name);
  SEMBLANCE_EXPECT(H5Tget_class(file_type.get()) == H5T_STRING, kData,
                   "dataset '{}' does not hold texts", name);
  const bool variable = H5Tis_variable_str(file_type.get()) > 0;
  const std::size_t width = variable ? 1 : H5Tget_size(file_type.get());
  check_size(dataset.get(), name, static_cast<double>(n) * static_cast<double>(width));
  std::vector<std::string> texts(n);
  if (n == 0) return texts;
  if (variable) {
    const H5Handle type = text_type();
    std::vector<char*> pointers(n, nullptr);
    h5_check(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()),
             "reading dataset '" + name + "'");
    for (std::size_t i = 0; i < n; ++i) texts[i] = pointers[i] == nullptr ? "" : pointers[i];
    const H5Handle space = space_of({static_cast<std::int64_t>(n)});
    H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, pointers.data());
    return texts;
  }
  std::vector<char> bytes(n * width);
  h5_check(H5Dread(dataset.get(), file_type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()),
           "reading dataset '" + name + "'");
  for (std::size_t i = 0; i < n; ++i) {
    const char* start = bytes.data() + i * width;
    texts[i].assign(start, strnlen(start, width));
  }
  return texts;
}

void h5_write_attribute(hid_t object, const std::string& name, const std::string& text) {
  const H5Handle type = text_type();
  const char* pointer = text.c_str();
  write_scalar_attribute(object, name, type.get(), &pointer);
}
void h5_write_attribute(hid_t object, const std::string& name, double value) {
  write_scalar_attribute(object, name, H5T_NATIVE_DOUBLE, &value);
}
void h5_write_attribute(hid_t object, const std::string& name, std::int64_t value) {
  write_scalar_attribute(object, name, H5T_NATIVE_INT64, &value);
}
void h5_write_attribute(hid_t object, const std::string& name, std::uint64_t value) {
  write_scalar_attribute(object, name, H5T_NATIVE_UINT64, &value);
}

bool h5_has_attribute(hid_t object, const std::string& name) {
  return H5Aexists(object, name.c_str()) > 0;
}

std::string h5_read_text_attribute(hid_t object, const std::string& name) {
  const H5Handle attribute = open_attribute(object, name);
  const H5Handle type(H5Aget_type(attribute.get()), H5Tclose, name);
  const H5Handle space(H5Aget_space(attribute.get()), H5Sclose, name);
  SEMBLANCE_EXPECT(
      H5Tget_class(type.get()) == H5T_STRING && H5Sget_simple_extent_npoints(space.get()) == 1,
      kData, "attribute '{}' is not a text", name);
  if (H5Tis_variable_str(type.get()) > 0) {
    const H5Handle memory_type = text_type();
    char* pointer = nullptr;
    h5_check(H5Aread(attribute.get(), memory_type.get(), &pointer), "attribute '" + name + "'");
    std::string text = pointer == nullptr ? "" : pointer;
    H5free_memory(pointer);
    return text;
  }
  std::string text(H5Tget_size(type.get()), '\0');
  h5_check(H5Aread(attribute.get(), type.get(), text.data()), "attribute '" + name + "'");
  text.resize(strnlen(text.c_str(), text.size()));
  return text;
}

double h5_read_double_attribute(hid_t object, const std::string& name) {
  return read_scalar_attribute<double>(object, name);
}
std::int64_t h5_read_int_attribute(hid_t object, const std::string& name) {
  return read_scalar_attribute<std::int64_t>(object, name);
}

}  // namespace semblance::base
