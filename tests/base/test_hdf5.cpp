#include "base/hdf5.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <numeric>

#include "base/error.hpp"
#include "base/file.hpp"
#include "tests/base/temporary_directory.hpp"

namespace semblance::base {
namespace {

ErrorKind kind_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::kInternal;
}

TEST(Hdf5, ValuesShapesTextsAndAttributesComeBack) {
  const TemporaryDirectory dir;
  std::vector<float> grid(3000);
  std::iota(grid.begin(), grid.end(), 0.5f);
  const std::vector<std::string> names = {"", "Grüße", "a\nb"};
  {
    const H5Handle file = h5_create(dir.file("a.h5"));
    const H5Handle group = h5_create_group(file.get(), "inner");
    h5_write<float>(group.get(), "grid", grid, {30, 100});
    h5_write(group.get(), "none", std::vector<std::int64_t>{});
    h5_write_texts(file.get(), "names", names);
    h5_write_attribute(file.get(), "text", "π");
    h5_write_attribute(file.get(), "count", std::int64_t{1} << 40);
    h5_write_attribute(file.get(), "rate", 0.25);
  }
  const H5Handle file = h5_open(dir.file("a.h5"));
  EXPECT_EQ(h5_names(file.get()), (std::vector<std::string>{"inner", "names"}));
  const H5Handle group = h5_open_group(file.get(), "inner");
  std::vector<std::int64_t> shape;
  EXPECT_EQ(h5_read<float>(group.get(), "grid", &shape), grid);
  EXPECT_EQ(shape, (std::vector<std::int64_t>{30, 100}));
  EXPECT_TRUE(h5_read<std::int64_t>(group.get(), "none").empty());
  EXPECT_EQ(h5_read_texts(file.get(), "names"), names);
  EXPECT_EQ(h5_read_text_attribute(file.get(), "text"), "π");
  EXPECT_EQ(h5_read_int_attribute(file.get(), "count"), std::int64_t{1} << 40);
  EXPECT_EQ(h5_read_double_attribute(file.get(), "rate"), 0.25);
}

TEST(Hdf5, AnAbsentFileIsIoAndAnythingElseIsData) {
  const TemporaryDirectory dir;
  EXPECT_EQ(kind_of([&] { h5_open(dir.file("absent.h5")); }), ErrorKind::kIo);
  write_text_file(dir.file("text.h5"), "not HDF5");
  EXPECT_EQ(kind_of([&] { h5_open(dir.file("text.h5")); }), ErrorKind::kData);
}

TEST(Hdf5, ATruncatedFileIsRefused) {
  const TemporaryDirectory dir;
  {
    const H5Handle file = h5_create(dir.file("a.h5"));
    h5_write(file.get(), "v", std::vector<double>(5000, 1.0));
  }
  const std::string bytes = read_text_file(dir.file("a.h5"));
  write_text_file(dir.file("cut.h5"), std::string_view(bytes).substr(0, bytes.size() / 2));
  EXPECT_EQ(kind_of([&] { h5_open(dir.file("cut.h5")); }), ErrorKind::kData);
}

TEST(Hdf5, SizesOfAFileAreNotTrusted) {
  const TemporaryDirectory dir;
  const H5Handle file = h5_create(dir.file("a.h5"));
  h5_write(file.get(), "v", std::vector<double>(10, 1.0));
  EXPECT_EQ(kind_of([&] { h5_read<double>(file.get(), "v", nullptr, 9); }), ErrorKind::kData);
  EXPECT_EQ(kind_of([&] { h5_read<double>(file.get(), "w"); }), ErrorKind::kData);
  EXPECT_EQ(kind_of([&] { h5_read_texts(file.get(), "v"); }), ErrorKind::kData);
  EXPECT_EQ(kind_of([&] { h5_read_int_attribute(file.get(), "absent"); }), ErrorKind::kData);
}

TEST(Hdf5, TextsOfAWidthThatTheFileCannotHoldAreRefused) {
  const TemporaryDirectory dir;
  const H5Handle file = h5_create(dir.file("a.h5"));
  const H5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "type");
  h5_check(H5Tset_size(type.get(), 2'000'000), "width");
  const hsize_t n = 100'000, chunk = 1;  // 200 GB in a file of some kilobytes
  const H5Handle space(H5Screate_simple(1, &n, nullptr), H5Sclose, "space"),
      list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "list");
  h5_check(H5Pset_chunk(list.get(), 1, &chunk), "chunk");
  {
    const H5Handle dataset(
        H5Dcreate2(file.get(), "t", type.get(), space.get(), H5P_DEFAULT, list.get(), H5P_DEFAULT),
        H5Dclose, "dataset");
  }
  EXPECT_EQ(kind_of([&] { h5_read_texts(file.get(), "t"); }), ErrorKind::kData);
}

}  // namespace
}  // namespace semblance::base
