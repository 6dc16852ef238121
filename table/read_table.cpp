#include "table/read_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/error.hpp"
#include "base/log.hpp"
#include "table/constraint.hpp"
#include "table/derivation.hpp"
#include "table/detail/identifiers.hpp"
#include "table/detail/loaded_table.hpp"
#include "table/detail/read_whole.hpp"
#include "table/detail/relations.hpp"
#include "table/shards.hpp"

namespace semblance::table {
namespace detail {
namespace {

std::string first_bytes(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (!file) base::fail_errno("read", path);
  std::string bytes(8, '\0');
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
  return bytes;
}

LoadedTable load_shards(const std::string& path) {
  const Manifest manifest = read_manifest(path);
  LoadedTable loaded{.table = read_shards(path), .schema = manifest.schema};
  loaded.kind_known.assign(loaded.table.columns.size(), true);
  return loaded;
}

LoadedTable load_any(const std::string& path, const ReadOptions& options) {
  if (std::filesystem::is_directory(path)) return load_shards(path);
  const std::string first = first_bytes(path);
  if (first.starts_with("PAR1")) return load_parquet(path, options);
  if (first.starts_with("\x89HDF\r\n\x1a\n")) return load_hdf5(path);
  return load_csv(path, options);
}

void check_names(const LoadedTable& loaded, const ReadOptions& options, const std::string& path) {
  const std::vector<std::string> names = loaded.table.schema().names();
  const auto check = [&](const std::string& name, const std::string& by) {
    SEMBLANCE_EXPECT(loaded.table.find(name) >= 0, kData, "{}: column '{}' is not in {}{}", by,
                     name, path, base::did_you_mean(name, names));
  };
  if (options.metadata == nullptr) return;
  for (const Metadata::Wish& wish : options.metadata->columns) {
    check(wish.spec.name, options.metadata->path);
    if (!wish.spec.relative_to.empty()) check(wish.spec.relative_to, options.metadata->path);
  }
  for (const std::string& name : options.metadata->order) check(name, options.metadata->path);
  for (const std::string& name : options.metadata->entity_constants)
    check(name, options.metadata->path);
  for (const std::string& name : {options.metadata->entity, options.metadata->entity_time}) {
    if (!name.empty()) check(name, options.metadata->path);
  }
}

/// Keeps the columns of the schema, in its order.
void select_columns(LoadedTable& loaded, const Schema& schema, const std::string& path) {
  Table chosen;
  for (const ColumnSpec& spec : schema.columns) {
    const int index = loaded.table.find(spec.name);
    SEMBLANCE_EXPECT(index >= 0, kData, "{}: there is no column '{}'{}", path, spec.name,
                     base::did_you_mean(spec.name, loaded.table.schema().names()));
    chosen.columns.push_back(std::move(loaded.table.columns[static_cast<std::size_t>(index)]));
    loaded.table.columns[static_cast<std::size_t>(index)].spec.name = spec.name;
  }
  loaded.table = std::move(chosen);
  loaded.kind_known.assign(schema.columns.size(), true);
}

void lay_over(LoadedTable& loaded, const ReadOptions& options, const std::string& path) {
  for (std::size_t c = 0; c < loaded.table.columns.size(); ++c) {
    Column& column = loaded.table.columns[c];
    const Wanted wanted = wanted_spec(options, column.spec.name);
    if (wanted.spec == nullptr) continue;
    if (wanted.kind_given) {
      conform(column, wanted, path, loaded.warnings);
      loaded.kind_known[c] = true;
    }
    if (options.schema != nullptr) {
      column.spec = *wanted.spec;
    } else {
      overlay(column.spec, *wanted.spec);
    }
  }
}

/// A whole day where one of the two has no time.
double moment(const Column& date, std::int64_t row, bool whole_days) {
  const double days = detail::value_in_days(date, row);
  return whole_days ? std::floor(days) : days;
}

/// What the metadata say of a date and its base against the rows: dates that come before their base
/// would be learned as equal to it.
void check_order(const Column& date, const Column& base, const Metadata& metadata,
                 std::vector<std::string>& warnings) {
  for (const Column* column : {&date, &base}) {
    const bool fits = column->spec.kind == Kind::kDate || column->spec.kind == Kind::kDatetime;
    SEMBLANCE_EXPECT(fits || column->missing_count() == column->size(), kData,
                     "{}: column '{}': relative_to '{}' is between two dates, but '{}' is of kind "
                     "{}",
                     metadata.path, date.spec.name, base.spec.name, column->spec.name,
                     kind_name(column->spec.kind));
    if (!fits) return;
  }
  const bool whole_days = date.spec.kind == Kind::kDate || base.spec.kind == Kind::kDate;
  std::int64_t before = 0, first = -1;
  for (std::int64_t row = 0; row < date.size(); ++row) {
    if (date.is_missing(row) || base.is_missing(row) ||
        moment(date, row, whole_days) >= moment(base, row, whole_days))
      continue;
    if (first < 0) first = row;
    ++before;
  }
  if (before == 0) return;
  warnings.push_back(
      fmt::format("column '{}': comes before '{}' in {} of {} rows (row {} is the first), though "
                  "relative_to says that it never does, and is learned as equal to it there; "
                  "correct the rows or the metadata",
                  date.spec.name, base.spec.name, before, date.size(), first + 1));
}

void check_orders(LoadedTable& loaded, const Metadata& metadata) {
  for (const Metadata::Wish& wish : metadata.columns) {
    const int date = loaded.table.find(wish.spec.name),
              base = loaded.table.find(wish.spec.relative_to);
    if (wish.spec.relative_to.empty() || wish.spec.dropped || date < 0 || base < 0) continue;
    check_order(loaded.table.columns[static_cast<std::size_t>(date)],
                loaded.table.columns[static_cast<std::size_t>(base)], metadata, loaded.warnings);
  }
}

/// A formula that a file carries ends where the metadata drop or retype a column that it names.
void forget_formulas(LoadedTable& loaded, const Metadata& metadata) {
  for (std::size_t c = 0; c < loaded.schema.columns.size(); ++c) {
    std::string& derived = loaded.schema.columns[c].derived;
    const auto asks = [&](const Metadata::Wish& wish) {
      return wish.spec.name == loaded.schema.columns[c].name && !wish.spec.derived.empty();
    };
    if (derived.empty() || std::any_of(metadata.columns.begin(), metadata.columns.end(), asks))
      continue;
    try {
      parse_derivation(loaded.schema, static_cast<int>(c));
    } catch (const base::Error&) {
      derived.clear();
      loaded.table.columns[c].spec.derived.clear();
    }
  }
}

void finish_schema(LoadedTable& loaded, const ReadOptions& options) {
  if (options.schema != nullptr) loaded.schema = *options.schema;
  if (options.metadata != nullptr) {
    const Metadata& metadata = *options.metadata;
    if (!metadata.constraints.empty()) loaded.schema.constraints = metadata.constraints;
    if (!metadata.missing_markers.empty()) loaded.schema.missing_markers = metadata.missing_markers;
    if (!metadata.order.empty()) loaded.schema.order = metadata.order;
    if (!metadata.entity.empty()) {
      loaded.schema.entity = metadata.entity;
      loaded.schema.entity_time = metadata.entity_time;
      loaded.schema.entity_constants = metadata.entity_constants;
    }
  }
  loaded.schema.columns = loaded.table.schema().columns;
  if (options.metadata == nullptr) return;
  forget_formulas(loaded, *options.metadata);
  try {
    parse_constraints(loaded.schema);
    parse_derivations(loaded.schema);
  } catch (const base::Error& e) {
    base::fail(e.kind(), "{}: {}", options.metadata->path, e.what());
  }
}

}  // namespace

LoadedTable read_whole(const std::string& path, const ReadOptions& options) {
  LoadedTable loaded = load_any(path, options);
  check_names(loaded, options, path);
  SEMBLANCE_EXPECT(options.allow_empty || loaded.table.n_rows() > 0, kData,
                   "{}: the table has no rows", path);
  if (options.schema != nullptr) select_columns(loaded, *options.schema, path);
  lay_over(loaded, options, path);
  if (options.metadata != nullptr) check_orders(loaded, *options.metadata);
  for (std::size_t c = 0; c < loaded.table.columns.size(); ++c) {
    if (!loaded.kind_known[c]) recognise_identifier(loaded.table.columns[c], loaded.warnings);
  }
  finish_schema(loaded, options);
  return loaded;
}

}  // namespace detail

Table read_table(const std::string& path, const ReadOptions& options, Schema* schema_out) {
  detail::LoadedTable loaded = detail::read_whole(path, options);
  for (const std::string& warning : loaded.warnings) base::log_warning("{}: {}", path, warning);
  if (schema_out != nullptr) *schema_out = loaded.schema;
  return std::move(loaded.table);
}

}  // namespace semblance::table
