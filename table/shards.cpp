#include "table/shards.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hdf5.hpp"
#include "table/detail/hdf5_columns.hpp"

namespace semblance::table {
namespace {

namespace fs = std::filesystem;
constexpr const char* kManifestFile = "manifest.json";
constexpr const char* kDatasetFile = "dataset.h5";
constexpr const char* kFormat = "semblance-shards";

/// Bytes of the widest texts of a column in any part.
std::size_t widest_texts(const std::string& directory, const std::string& link,
                         const Manifest& manifest) {
  std::size_t width = 1;
  for (const ShardPart& part : manifest.parts) {
    const base::H5Handle file = base::h5_open(fs::path(directory) / part.file);
    width =
        std::max(width, detail::text_width(base::h5_open_group(file.get(), "columns").get(), link));
  }
  return width;
}

/// One virtual dataset over the parts' datasets of this name.
void write_virtual_column(hid_t group, const ColumnSpec& spec, const std::string& directory,
                          const Manifest& manifest) {
  const std::string link = detail::link_name(spec.name),
                    what = "virtual column '" + spec.name + "'";
  const hsize_t total = static_cast<hsize_t>(manifest.n_rows());
  const base::H5Handle space(H5Screate_simple(1, &total, nullptr), H5Sclose, what);
  const base::H5Handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, what);
  base::h5_check(H5Pset_obj_track_times(list.get(), false),
                 "creation list");  // the same bytes every time
  // HDF5 takes '%' in the name of a source for a pattern; doubled it stands for itself.
  const std::string source = "/columns/" + std::regex_replace(link, std::regex("%"), "%%");
  hsize_t offset = 0;
  for (const ShardPart& part : manifest.parts) {
    const hsize_t rows = static_cast<hsize_t>(part.rows);
    if (rows == 0) continue;
    const base::H5Handle part_space(H5Screate_simple(1, &rows, nullptr), H5Sclose, what);
    base::h5_check(
        H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &offset, nullptr, &rows, nullptr), what);
    base::h5_check(H5Pset_virtual(list.get(), space.get(), part.file.c_str(), source.c_str(),
                                  part_space.get()),
                   what);
    offset += rows;
  }
  base::h5_check(H5Sselect_all(space.get()), what);
  const bool texts = spec.kind == Kind::kId;
  const std::size_t width = texts ? widest_texts(directory, link, manifest) : 0;
  const base::H5Handle type =
      texts ? detail::fixed_text_type(width)
            : base::H5Handle(H5Tcopy(detail::stored_type(spec.kind)), H5Tclose, what);
  const base::H5Handle dataset(H5Dcreate2(group, link.c_str(), type.get(), space.get(), H5P_DEFAULT,
                                          list.get(), H5P_DEFAULT),
                               H5Dclose, what);
  if (texts) return detail::write_text_attributes(dataset.get(), spec, width);
  detail::write_column_attributes(dataset.get(), spec);
}

/// The categories of the first part: all parts have the same.
void copy_categories(hid_t file, const std::string& directory, const Manifest& manifest) {
  const base::H5Handle group = base::h5_create_group(file, "categories");
  if (manifest.parts.empty()) return;
  const base::H5Handle part = base::h5_open(fs::path(directory) / manifest.parts.front().file);
  const base::H5Handle source = base::h5_open_group(part.get(), "categories");
  for (const std::string& link : base::h5_names(source.get())) {
    base::h5_write_texts(group.get(), link, base::h5_read_texts(source.get(), link));
  }
}

void write_dataset_file(const std::string& directory, const Manifest& manifest) {
  base::PendingPath pending(fs::path(directory) / kDatasetFile);
  {
    const base::H5Handle file = base::h5_create(pending.temporary());
    const base::H5Handle columns = base::h5_create_group(file.get(), "columns");
    for (const ColumnSpec& spec : manifest.schema.columns)
      write_virtual_column(columns.get(), spec, directory, manifest);
    copy_categories(file.get(), directory, manifest);
    detail::write_file_attributes(file.get(), manifest.schema, manifest.n_rows());
    base::h5_flush(file, pending.final_path());
  }
  pending.commit();
}

/// Joins the rows of parts, whose levels may be numbered differently.
class PartJoiner {
 public:
  explicit PartJoiner(const Schema& schema)
      : all_(empty_table(schema)), levels_(schema.columns.size()) {}

  void append(const Table& part) {
    for (std::size_t c = 0; c < all_.columns.size(); ++c) {
      Column& to = all_.columns[c];
      const Column& from = part.columns[c];
      to.reals.insert(to.reals.end(), from.reals.begin(), from.reals.end());
      to.ints.insert(to.ints.end(), from.ints.begin(), from.ints.end());
      std::vector<std::int32_t> numbers;
      for (const std::string& level : from.levels) numbers.push_back(levels_[c].code(level));
      for (const std::int32_t code : from.codes) {
        to.codes.push_back(code < 0 ? kMissingCode : numbers[static_cast<std::size_t>(code)]);
      }
    }
  }
  Table take() {
    for (std::size_t c = 0; c < all_.columns.size(); ++c)
      all_.columns[c].levels = levels_[c].texts();
    return std::move(all_);
  }

 private:
  Table all_;
  std::vector<detail::TextDictionary> levels_;
};

nlohmann::json parts_json(const Manifest& manifest) {
  nlohmann::json parts = nlohmann::json::array();
  for (const ShardPart& part : manifest.parts) {
    parts.push_back({{"file", part.file}, {"rows", part.rows}, {"sha256", part.sha256}});
  }
  return parts;
}

}  // namespace

std::int64_t Manifest::n_rows() const {
  std::int64_t total = 0;
  for (const ShardPart& part : parts) total += part.rows;
  return total;
}

std::string part_file_name(std::int64_t part) { return fmt::format("part-{:05}.h5", part); }

bool is_shard_file(const std::string& name) {
  static const std::regex kPart(R"(part-[0-9]{5,}\.h5(\.done)?)"), kUnfinished(R"(\..*\.part)");
  return name == kManifestFile || name == kDatasetFile || std::regex_match(name, kPart) ||
         std::regex_match(name, kUnfinished);
}

ShardPart write_part(const std::string& directory, std::int64_t part, const Table& rows) {
  const std::string name = part_file_name(part);
  base::PendingPath pending(fs::path(directory) / name);
  detail::Hdf5ColumnsWriter writer(pending.temporary(), rows.schema());
  writer.append(rows);
  writer.finish();
  const std::string sha256 = base::sha256_of_path(pending.temporary());
  pending.commit();
  return {name, rows.n_rows(), sha256};
}

bool part_is_whole(const std::string& directory, const ShardPart& part) {
  const fs::path path = fs::path(directory) / part.file;
  if (!fs::is_regular_file(path)) return false;
  if (!part.sha256.empty()) return base::sha256_of_path(path) == part.sha256;
  try {
    const base::H5Handle file = base::h5_open(path);
    return base::h5_read_int_attribute(file.get(), "rows") == part.rows;
  } catch (const base::Error&) {
    return false;
  }
}

void write_manifest(const std::string& directory, const Manifest& manifest) {
  write_dataset_file(directory, manifest);
  nlohmann::ordered_json json;
  json["format"] = kFormat;
  json["format_version"] = 1;
  json["program"] = manifest.program;
  json["rows"] = manifest.n_rows();
  json["seed"] = manifest.seed;
  json["model_sha256"] = manifest.model_sha256;
  json["columns"] = manifest.schema.names();
  json["metadata"] = metadata_yaml(manifest.schema);
  json["parts"] = parts_json(manifest);
  base::write_text_file(fs::path(directory) / kManifestFile, json.dump(2) + "\n");
}

Manifest read_manifest(const std::string& directory) {
  const fs::path path = fs::path(directory) / kManifestFile;
  SEMBLANCE_EXPECT(fs::exists(path), kData,
                   "{}: holds no {}: not a shard directory, or one whose writing did not finish",
                   directory, kManifestFile);
  Manifest manifest;
  try {
    const auto json = nlohmann::json::parse(base::read_text_file(path));
    SEMBLANCE_EXPECT(json.at("format") == kFormat, kData, "'format' is not '{}'", kFormat);
    manifest.program = json.at("program");
    manifest.seed = json.at("seed");
    manifest.model_sha256 = json.at("model_sha256");
    manifest.schema = schema_of(parse_metadata(json.at("metadata"), path.string()));
    for (const auto& part : json.at("parts")) {
      manifest.parts.push_back({part.at("file"), part.at("rows"), part.at("sha256")});
      const std::string& file = manifest.parts.back().file;
      SEMBLANCE_EXPECT(fs::path(file).filename() == file && manifest.parts.back().rows >= 0, kData,
                       "part '{}' is not a file of this directory with 0 or more rows", file);
    }
  } catch (const nlohmann::json::exception& e) {
    base::fail(base::ErrorKind::kData, "{}: damaged: {}", path.string(), e.what());
  } catch (const base::Error& e) {
    base::fail(e.kind(), "{}: {}", path.string(), e.what());
  }
  return manifest;
}

Table read_shards(const std::string& directory, bool verify) {
  const Manifest manifest = read_manifest(directory);
  PartJoiner joiner(manifest.schema);
  for (const ShardPart& part : manifest.parts) {
    const std::string path = (fs::path(directory) / part.file).string();
    SEMBLANCE_EXPECT(fs::exists(path), kData, "{}: is listed in {} but absent", path,
                     kManifestFile);
    SEMBLANCE_EXPECT(!verify || part_is_whole(directory, part), kData,
                     "{}: does not have the checksum in {}", path, kManifestFile);
    const base::H5Handle file = base::h5_open(path);
    Schema schema;
    std::vector<bool> kind_known;
    const Table rows = detail::read_columns(file.get(), path, schema, kind_known);
    SEMBLANCE_EXPECT(schema.names() == manifest.schema.names() && rows.n_rows() == part.rows, kData,
                     "{}: its columns or rows are not those in {}", path, kManifestFile);
    joiner.append(rows);
  }
  return joiner.take();
}

}  // namespace semblance::table
