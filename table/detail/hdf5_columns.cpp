#include "table/detail/hdf5_columns.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "table/civil_date.hpp"
#include "table/detail/column_builder.hpp"
#include "table/detail/table_writers.hpp"

namespace semblance::table::detail {
namespace {

constexpr hsize_t kChunkRows = 1 << 16;
constexpr unsigned kDeflateLevel = 1;

bool is_code_kind(Kind kind) { return kind == Kind::kCategory || kind == Kind::kBoolean; }

base::H5Handle create_column(hid_t group, const ColumnSpec& spec) {
  const std::string what = "column '" + spec.name + "'";
  const hsize_t none = 0, unlimited = H5S_UNLIMITED;
  const base::H5Handle space(H5Screate_simple(1, &none, &unlimited), H5Sclose, what);
  const base::H5Handle list = column_creation_list(kChunkRows, what);
  base::H5Handle dataset(H5Dcreate2(group, link_name(spec.name).c_str(), stored_type(spec.kind),
                                    space.get(), H5P_DEFAULT, list.get(), H5P_DEFAULT),
                         H5Dclose, what);
  write_column_attributes(dataset.get(), spec);
  return dataset;
}

/// A fill value as an attribute of the dataset's own type.
void write_fill_value(hid_t dataset, hid_t type, const void* value) {
  const base::H5Handle space(H5Screate(H5S_SCALAR), H5Sclose, "_FillValue");
  const base::H5Handle attribute(
      H5Acreate2(dataset, "_FillValue", type, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
      "_FillValue");
  base::h5_check(H5Awrite(attribute.get(), type, value), "_FillValue");
}

/// "days since 1970-01-01" and the like, as microseconds: value * step + origin.
struct TimeUnits {
  std::int64_t step = 0, origin = 0;
};
bool parse_time_units(const std::string& text, TimeUnits& units) {
  static const std::map<std::string, std::int64_t> steps = {{"day", kMicrosPerDay},
                                                            {"d", kMicrosPerDay},
                                                            {"hour", 3600 * kMicrosPerSecond},
                                                            {"h", 3600 * kMicrosPerSecond},
                                                            {"minute", 60 * kMicrosPerSecond},
                                                            {"min", 60 * kMicrosPerSecond},
                                                            {"second", kMicrosPerSecond},
                                                            {"s", kMicrosPerSecond},
                                                            {"sec", kMicrosPerSecond},
                                                            {"millisecond", 1000},
                                                            {"ms", 1000},
                                                            {"microsecond", 1},
                                                            {"us", 1}};
  const std::size_t since = text.find(" since ");
  if (since == std::string::npos) return false;
  std::string unit = text.substr(0, since);
  if (unit.size() > 3 && unit.back() == 's') unit.pop_back();
  const auto step = steps.find(unit);
  if (step == steps.end()) return false;
  CivilTime origin;
  for (const char* pattern : {"%Y-%m-%d", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f"}) {
    if (!DatePattern(pattern).parse(text.substr(since + 7), origin)) continue;
    units = {step->second, origin.total_micros()};
    return true;
  }
  return false;
}

H5T_class_t class_of(hid_t dataset) {
  const base::H5Handle type(H5Dget_type(dataset), H5Tclose, "type");
  return H5Tget_class(type.get());
}

/// What a dataset of a foreign file holds, by its type and attributes.
Kind foreign_kind(hid_t dataset, bool has_categories, bool& known) {
  known = true;
  if (has_categories) return Kind::kCategory;
  if (base::h5_has_attribute(dataset, "units")) {
    TimeUnits units;
    if (parse_time_units(base::h5_read_text_attribute(dataset, "units"), units)) {
      return units.step == kMicrosPerDay ? Kind::kDate : Kind::kDatetime;
    }
  }
  known = false;
  switch (class_of(dataset)) {
    case H5T_FLOAT:
      return Kind::kFloat;
    case H5T_INTEGER:
      return Kind::kInteger;
    default:
      return Kind::kCategory;
  }
}

void read_integers(hid_t group, hid_t dataset, const std::string& link, Column& column) {
  column.ints = base::h5_read<std::int64_t>(group, link);
  const bool has_fill = base::h5_has_attribute(dataset, "_FillValue");
  const std::int64_t fill =
      has_fill ? base::h5_read_int_attribute(dataset, "_FillValue") : kMissingInt;
  TimeUnits units;
  const bool is_time = column.spec.kind != Kind::kInteger &&
                       base::h5_has_attribute(dataset, "units") &&
                       parse_time_units(base::h5_read_text_attribute(dataset, "units"), units);
  if (has_fill) std::replace(column.ints.begin(), column.ints.end(), fill, kMissingInt);
  if (column.spec.kind == Kind::kInteger) return;
  const bool is_date = column.spec.kind == Kind::kDate;
  if (!is_time) units = {is_date ? kMicrosPerDay : 1, 0};
  for (std::int64_t& value : column.ints) {
    if (value == kMissingInt) continue;
    std::int64_t micros = 0;
    const bool possible = !__builtin_mul_overflow(value, units.step, &micros) &&
                          !__builtin_add_overflow(micros, units.origin, &micros) &&
                          is_possible_moment(micros);
    SEMBLANCE_EXPECT(possible, kData, "column '{}': the date {} is out of range", column.spec.name,
                     value);
    value = is_date ? day_of_micros(micros) : micros;
  }
}

void read_codes(hid_t group, hid_t categories, const std::string& link, Column& column) {
  column.codes = base::h5_read<std::int32_t>(group, link);
  column.levels = base::h5_read_texts(categories, link);
  const auto n_levels = static_cast<std::int32_t>(column.levels.size());
  for (std::size_t i = 0; i < column.codes.size(); ++i) {
    std::int32_t& code = column.codes[i];
    if (code < 0) code = kMissingCode;
    SEMBLANCE_EXPECT(code < n_levels, kData,
                     "row {}, column '{}': code {} is beyond the {} categories", i + 1,
                     column.spec.name, code, n_levels);
  }
}

/// \param ours  only the empty text is missing; in foreign files the usual markers are, too
void read_texts(hid_t group, const std::string& link, bool ours, Column& column) {
  const MissingMarkers markers(ours ? std::vector<std::string>() : default_missing_markers());
  TextDictionary texts;
  for (const std::string& text : base::h5_read_texts(group, link)) {
    column.codes.push_back(markers.find(text) >= 0 ? kMissingCode : texts.code(text));
  }
  column.levels = texts.texts();
}

void read_column(hid_t file, hid_t group, const std::string& link, Column& column, bool& known,
                 bool schema_known) {
  const base::H5Handle dataset(H5Dopen2(group, link.c_str(), H5P_DEFAULT), H5Dclose,
                               "column '" + link + "'");
  const bool has_categories =
      base::h5_exists(file, "categories") && base::h5_exists(file, "categories/" + link);
  if (!schema_known) column.spec.kind = foreign_kind(dataset.get(), has_categories, known);
  switch (column.spec.kind) {
    case Kind::kFloat: {
      column.reals = base::h5_read<double>(group, link);
      if (!base::h5_has_attribute(dataset.get(), "_FillValue")) break;
      const double fill = base::h5_read_double_attribute(dataset.get(), "_FillValue");
      std::replace(column.reals.begin(), column.reals.end(), fill, std::nan(""));
      break;
    }
    case Kind::kInteger:
    case Kind::kDate:
    case Kind::kDatetime:
      read_integers(group, dataset.get(), link, column);
      break;
    default:
      if (!has_categories) {
        read_texts(group, link, schema_known, column);
        break;
      }
      read_codes(group, base::h5_open_group(file, "categories").get(), link, column);
  }
}

}  // namespace

std::string link_name(const std::string& column) {
  std::string link;
  for (const char c : column) {
    if (c == '/' || c == '%') {
      link += c == '/' ? "%2F" : "%25";
    } else {
      link += c;
    }
  }
  return link == "." ? "%2E" : link;
}

std::string column_name(const std::string& link) {
  std::string name;
  for (std::size_t i = 0; i < link.size(); ++i) {
    const std::string escape = link.substr(i, 3);
    const char plain = escape == "%2F" ? '/' : escape == "%25" ? '%' : escape == "%2E" ? '.' : '\0';
    name += plain != '\0' ? plain : link[i];
    if (plain != '\0') i += 2;
  }
  return name;
}

base::H5Handle column_creation_list(hsize_t rows_a_chunk, const std::string& what) {
  base::H5Handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, what);
  base::h5_check(H5Pset_obj_track_times(list.get(), false), what);  // the same bytes every time
  base::h5_check(H5Pset_chunk(list.get(), 1, &rows_a_chunk), what);
  base::h5_check(H5Pset_shuffle(list.get()), what);
  base::h5_check(H5Pset_deflate(list.get(), kDeflateLevel), what);
  return list;
}

void write_rows(hid_t dataset, std::int64_t first, std::int64_t count, hid_t type,
                const void* values, const std::string& what) {
  const hsize_t size = static_cast<hsize_t>(first + count), offset = static_cast<hsize_t>(first),
                n = static_cast<hsize_t>(count);
  base::h5_check(H5Dset_extent(dataset, &size), what);
  const base::H5Handle file_space(H5Dget_space(dataset), H5Sclose, what);
  base::h5_check(
      H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, &offset, nullptr, &n, nullptr), what);
  const base::H5Handle memory_space(H5Screate_simple(1, &n, nullptr), H5Sclose, what);
  base::h5_check(H5Dwrite(dataset, type, memory_space.get(), file_space.get(), H5P_DEFAULT, values),
                 what);
}

hid_t stored_type(Kind kind) {
  switch (kind) {
    case Kind::kFloat:
      return H5T_NATIVE_DOUBLE;
    case Kind::kInteger:
    case Kind::kDate:
    case Kind::kDatetime:
      return H5T_NATIVE_INT64;
    default:
      return H5T_NATIVE_INT32;
  }
}

void write_column_attributes(hid_t dataset, const ColumnSpec& spec) {
  base::h5_write_attribute(dataset, "name", spec.name);
  base::h5_write_attribute(dataset, "kind", std::string(kind_name(spec.kind)));
  if (spec.kind == Kind::kDate)
    base::h5_write_attribute(dataset, "units", std::string("days since 1970-01-01"));
  if (spec.kind == Kind::kDatetime) {
    base::h5_write_attribute(dataset, "units",
                             std::string("microseconds since 1970-01-01 00:00:00"));
  }
  if (spec.kind == Kind::kInteger || spec.kind == Kind::kDate || spec.kind == Kind::kDatetime)
    write_fill_value(dataset, H5T_NATIVE_INT64, &kMissingInt);
  if (is_code_kind(spec.kind)) write_fill_value(dataset, H5T_NATIVE_INT32, &kMissingCode);
}

void write_file_attributes(hid_t file, const Schema& schema, std::int64_t n_rows) {
  base::h5_write_attribute(file, "format", std::string("semblance-table"));
  base::h5_write_attribute(file, "format_version", std::int64_t{1});
  base::h5_write_attribute(file, "rows", n_rows);
  base::h5_write_texts(file, "metadata", {metadata_yaml(schema)});
}

bool has_file_schema(hid_t file) { return base::h5_exists(file, "metadata"); }

Schema read_file_schema(hid_t file) {
  const std::vector<std::string> texts = base::h5_read_texts(file, "metadata", 1);
  SEMBLANCE_EXPECT(texts.size() == 1, kData, "the file's metadata are damaged");
  return schema_of(parse_metadata(texts[0], "metadata in the file"));
}

Hdf5ColumnsWriter::Hdf5ColumnsWriter(const std::filesystem::path& path, const Schema& schema)
    : schema_(schema) {
  file_ = base::h5_create(path);
  columns_ = base::h5_create_group(file_.get(), "columns");
  for (const ColumnSpec& spec : schema_.columns)
    targets_.push_back(
        {spec.kind == Kind::kId ? base::H5Handle() : create_column(columns_.get(), spec), {}, {}});
}

void Hdf5ColumnsWriter::append(const Table& rows) {
  check_rows(rows, schema_);
  for (std::size_t c = 0; c < targets_.size(); ++c) append_column(targets_[c], rows.columns[c]);
  n_rows_ += rows.n_rows();
}

void Hdf5ColumnsWriter::append_column(Target& target, const Column& column) {
  if (column.spec.kind == Kind::kId) return target.texts.append(column);
  const std::string what = "writing column '" + column.spec.name + "'";
  const void* values = column.reals.data();
  std::vector<std::int32_t> codes;
  if (is_code_kind(column.spec.kind)) {
    std::vector<std::int32_t> stored(column.levels.size());
    for (std::size_t i = 0; i < stored.size(); ++i)
      stored[i] = target.levels.code(column.levels[i]);
    codes.reserve(column.codes.size());
    for (const std::int32_t code : column.codes) {
      codes.push_back(code < 0 ? kMissingCode : stored[static_cast<std::size_t>(code)]);
    }
    values = codes.data();
  } else if (column.spec.kind != Kind::kFloat) {
    values = column.ints.data();
  }
  if (column.size() > 0) {
    write_rows(target.dataset.get(), n_rows_, column.size(), stored_type(column.spec.kind), values,
               what);
  }
}

void Hdf5ColumnsWriter::finish() {
  const base::H5Handle categories = base::h5_create_group(file_.get(), "categories");
  for (std::size_t c = 0; c < targets_.size(); ++c) {
    if (schema_.columns[c].kind == Kind::kId)
      targets_[c].texts.write(columns_.get(), schema_.columns[c]);
    if (!is_code_kind(schema_.columns[c].kind)) continue;
    base::h5_write_texts(categories.get(), link_name(schema_.columns[c].name),
                         targets_[c].levels.texts());
  }
  write_file_attributes(file_.get(), schema_, n_rows_);
  base::h5_check(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), "flushing the file");
  targets_.clear();
  columns_.reset();
  file_.reset();
}

Table read_columns(hid_t file, const std::string& path, Schema& schema,
                   std::vector<bool>& kind_known) {
  SEMBLANCE_EXPECT(base::h5_exists(file, "columns"), kData,
                   "{}: holds no table: there is no group 'columns' (see docs/FORMAT.md)", path);
  const base::H5Handle group = base::h5_open_group(file, "columns");
  const bool schema_known = has_file_schema(file);
  try {
    if (schema_known) {
      schema = read_file_schema(file);
    } else {
      for (const std::string& link : base::h5_names(group.get()))
        schema.columns.push_back({.name = column_name(link)});
    }
    Table table;
    kind_known.assign(schema.columns.size(), true);
    for (std::size_t c = 0; c < schema.columns.size(); ++c) {
      Column& column = table.columns.emplace_back(Column{.spec = schema.columns[c]});
      const std::string link = link_name(column.spec.name);
      SEMBLANCE_EXPECT(base::h5_exists(group.get(), link), kData,
                       "there is no dataset 'columns/{}'", link);
      bool known = true;
      read_column(file, group.get(), link, column, known, schema_known);
      kind_known[c] = known;
      SEMBLANCE_EXPECT(column.size() == table.n_rows(), kData,
                       "column '{}' has {} rows, the first column has {}", column.spec.name,
                       column.size(), table.n_rows());
    }
    return table;
  } catch (const base::Error& e) {
    // The file was opened well: what fails now is what is in it.
    base::fail(base::ErrorKind::kData, "{}: damaged or not a table: {}", path, e.what());
  }
}

}  // namespace semblance::table::detail
