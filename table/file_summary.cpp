#include "table/file_summary.hpp"

#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "table/detail/hdf5_columns.hpp"
#include "table/detail/read_whole.hpp"
#include "table/read_table.hpp"

namespace semblance::table {
namespace {

namespace fs = std::filesystem;

std::int64_t size_of(const fs::path& path) {
  if (!fs::is_directory(path)) return static_cast<std::int64_t>(fs::file_size(path));
  std::int64_t total = 0;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.is_regular_file()) total += static_cast<std::int64_t>(entry.file_size());
  }
  return total;
}

/// Signed like other numbers where it fits; seeds need not.
FileSummary::Value whole_number(std::uint64_t count) {
  if (std::in_range<std::int64_t>(count)) return static_cast<std::int64_t>(count);
  return count;
}

/// One attribute as text or number; false for types that people do not read.
bool read_attribute(hid_t object, const std::string& name, FileSummary::Value& value) {
  const base::H5Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose,
                                 "attribute '" + name + "'");
  const base::H5Handle type(H5Aget_type(attribute.get()), H5Tclose, name),
      space(H5Aget_space(attribute.get()), H5Sclose, name);
  if (H5Sget_simple_extent_npoints(space.get()) != 1) return false;
  switch (H5Tget_class(type.get())) {
    case H5T_STRING:
      value = base::h5_read_text_attribute(object, name);
      return true;
    case H5T_INTEGER:
      if (H5Tget_sign(type.get()) == H5T_SGN_NONE) {
        std::uint64_t count = 0;
        base::h5_check(H5Aread(attribute.get(), H5T_NATIVE_UINT64, &count),
                       "reading attribute '" + name + "'");
        value = whole_number(count);
      } else {
        value = base::h5_read_int_attribute(object, name);
      }
      return true;
    case H5T_FLOAT:
      value = base::h5_read_double_attribute(object, name);
      return true;
    default:
      return false;
  }
}

void gather_attributes(hid_t object, const std::string& prefix, FileSummary& summary) {
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  base::h5_check(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names),
                 "listing attributes");
  for (const std::string& name : names) {
    FileSummary::Value value;
    if (read_attribute(object, name, value)) summary.facts.emplace_back(prefix + name, value);
  }
}

/// Attributes of a group and of the groups in it; a model's codec has a group a column, which only
/// its reader understands.
void gather_all_attributes(hid_t group, const std::string& prefix, FileSummary& summary) {
  gather_attributes(group, prefix, summary);
  for (const std::string& name : base::h5_names(group)) {
    H5O_info_t info;
    base::h5_check(H5Oget_info_by_name(group, name.c_str(), &info, H5P_DEFAULT), name);
    if (info.type != H5O_TYPE_GROUP || name.starts_with("column-")) continue;
    gather_all_attributes(base::h5_open_group(group, name).get(), prefix + name + "/", summary);
  }
}

/// Names and kinds of the columns that a model makes.
Schema model_columns(hid_t file) {
  Schema schema;
  if (!base::h5_exists(file, "codec") || !base::h5_exists(file, "codec/schema")) return schema;
  const base::H5Handle group = base::h5_open_group(file, "codec/schema");
  const std::vector<std::string> names = base::h5_read_texts(group.get(), "names");
  const std::vector<std::string> kinds = base::h5_read_texts(group.get(), "kinds");
  std::vector<std::string> derived(names.size());  // not in older models
  if (base::h5_exists(group.get(), "derived"))
    derived = base::h5_read_texts(group.get(), "derived");
  SEMBLANCE_EXPECT(names.size() == kinds.size() && names.size() == derived.size(), kData,
                   "the model's schema is damaged");
  for (std::size_t i = 0; i < names.size(); ++i) {
    schema.columns.push_back(
        {.name = names[i], .kind = kind_from_name(kinds[i]), .derived = derived[i]});
  }
  return schema;
}

void summarise_hdf5(const std::string& path, FileSummary& summary) {
  const base::H5Handle file = base::h5_open(path);
  summary.format = "hdf5";
  summary.what = "HDF5 file";
  if (base::h5_has_attribute(file.get(), "format")) {
    const std::string format = base::h5_read_text_attribute(file.get(), "format");
    if (format == "semblance-model") {
      summary.what = "model";
      summary.schema = model_columns(file.get());
    }
  }
  if (!base::h5_exists(file.get(), "columns"))
    return gather_all_attributes(file.get(), "", summary);
  gather_attributes(file.get(), "", summary);
  summary.what = "table";
  if (detail::has_file_schema(file.get()) && base::h5_has_attribute(file.get(), "rows")) {
    summary.schema = detail::read_file_schema(file.get());
    summary.n_rows = base::h5_read_int_attribute(file.get(), "rows");
    return;
  }
  const Table table = read_table(path, {.allow_empty = true}, &summary.schema);
  summary.n_rows = table.n_rows();
}

void summarise_shards(const std::string& path, FileSummary& summary) {
  const Manifest manifest = read_manifest(path);
  summary.what = "shard directory";
  summary.format = "shards";
  summary.n_rows = manifest.n_rows();
  summary.schema = manifest.schema;
  summary.parts = manifest.parts;
  summary.facts = {{"program", manifest.program},
                   {"seed", whole_number(manifest.seed)},
                   {"model_sha256", manifest.model_sha256}};
}

}  // namespace

FileSummary summarise_file(const std::string& path, int threads) {
  SEMBLANCE_EXPECT(fs::exists(path), kIo, "{}: there is no such file or directory", path);
  FileSummary summary{.what = "table", .size_bytes = size_of(path)};
  if (fs::is_directory(path)) {
    summarise_shards(path, summary);
  } else if (H5Fis_hdf5(path.c_str()) > 0) {
    summarise_hdf5(path, summary);
  } else {
    // Whoever asks for a summary makes nothing of the values: choices are not worth a warning.
    detail::LoadedTable loaded =
        detail::read_whole(path, {.allow_empty = true, .threads = threads});
    summary.schema = std::move(loaded.schema);
    summary.n_rows = loaded.table.n_rows();
    summary.format = path.ends_with(".parquet") ? "parquet"
                     : path.ends_with(".gz")    ? "csv.gz"
                                                : "csv";
  }
  return summary;
}

}  // namespace semblance::table
