/// HDF5 files: each call checked once, handles closed by themselves, sizes from files never
/// trusted.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace semblance::base {

/// Owner of one HDF5 identifier.
class H5Handle {
 public:
  H5Handle() = default;
  /// \throws Error{kIo} naming `what` when id < 0; `close` is H5Fclose, H5Gclose, ...
  H5Handle(hid_t id, herr_t (*close)(hid_t), const std::string& what);
  ~H5Handle() { reset(); }
  H5Handle(H5Handle&& other) noexcept;
  H5Handle& operator=(H5Handle&& other) noexcept;
  hid_t get() const { return id_; }  ///< for calls of HDF5; stays owned here; -1 when empty
  void reset();                      ///< closes now, without telling of errors; harmless when empty

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

/// Throws Error{kIo} when status < 0.
void h5_check(herr_t status, const std::string& what);

/// Opens for reading. \throws Error{kIo} when absent or unreadable, Error{kData} when not HDF5
H5Handle h5_open(const std::filesystem::path& path);
/// Creates (truncates).
H5Handle h5_create(const std::filesystem::path& path);
/// Writes all that was put into a created file to disk. Closing a handle tells of no error: call
/// this before the file gets its final name. \throws Error{kIo} naming `final_path`, for example
/// when the disk is full
void h5_flush(const H5Handle& file, const std::filesystem::path& final_path);
/// The new group. \throws Error{kIo} when it exists already or cannot be written
H5Handle h5_create_group(hid_t parent, const std::string& name);
/// \throws Error{kData} when there is no such group, Error{kIo} when it cannot be opened
H5Handle h5_open_group(hid_t parent, const std::string& name);
/// Whether a group or file has a link of this name (not a path: each part of one is to be asked
/// for).
bool h5_exists(hid_t parent, const std::string& name);
/// Names of the links in a group, in the order of their names.
std::vector<std::string> h5_names(hid_t group);

/// The HDF5 in-memory type of T.
template <class T>
hid_t h5_type();

/// Writes a dataset of the given shape (row-major, product of shape == values.size()); datasets of
/// more than 1,000 elements are chunked, shuffled and deflated.
template <class T>
void h5_write(hid_t parent, const std::string& name, std::span<const T> values,
              const std::vector<std::int64_t>& shape);
template <class T>
void h5_write(hid_t parent, const std::string& name, const std::vector<T>& values) {
  h5_write<T>(parent, name, std::span<const T>(values), {static_cast<std::int64_t>(values.size())});
}
/// Reads a whole dataset, converting to T; fills `shape` when not null.
/// \param most  refuses (Error{kData}) a dataset of more elements than this
template <class T>
std::vector<T> h5_read(hid_t parent, const std::string& name,
                       std::vector<std::int64_t>* shape = nullptr,
                       std::int64_t most = std::int64_t{1} << 33);

/// Writes a one-dimensional dataset of UTF-8 texts of any length; a NUL byte ends a text.
void h5_write_texts(hid_t parent, const std::string& name, const std::vector<std::string>& texts);
/// Reads texts of fixed or variable length.
/// \throws Error{kData} when it is absent, holds no texts, has more than `most` of them, or claims
/// more bytes than the file can hold
std::vector<std::string> h5_read_texts(hid_t parent, const std::string& name,
                                       std::int64_t most = std::int64_t{1} << 28);

/// Attributes of a file, group or dataset.
void h5_write_attribute(hid_t object, const std::string& name, const std::string& text);
void h5_write_attribute(hid_t object, const std::string& name, double value);
void h5_write_attribute(hid_t object, const std::string& name, std::int64_t value);
void h5_write_attribute(hid_t object, const std::string& name, std::uint64_t value);
/// False also for an object that is none.
bool h5_has_attribute(hid_t object, const std::string& name);
/// Reads one text of fixed or variable length.
/// \throws Error{kData} when the attribute is absent or not one text
std::string h5_read_text_attribute(hid_t object, const std::string& name);
/// Reads one number, converting from any numeric type.
/// \throws Error{kData} when the attribute is absent or not one value, Error{kIo} when it is no
/// number
double h5_read_double_attribute(hid_t object, const std::string& name);
/// Reads one number as h5_read_double_attribute does; HDF5 cuts fractions and holds what does not
/// fit to the ends of the range.
std::int64_t h5_read_int_attribute(hid_t object, const std::string& name);

}  // namespace semblance::base
