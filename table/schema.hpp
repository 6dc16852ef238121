/// What is known of a table's columns: the metadata file in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace semblance::table {

/// What the values of a column are; docs/METADATA.md has the rules by which it is inferred.
enum class Kind : std::uint8_t {
  kInteger,   ///< whole numbers, stored as int64
  kFloat,     ///< stored as double
  kBoolean,   ///< a category of two levels such as true/false, yes/no
  kCategory,  ///< one of a set of texts
  kDate,      ///< calendar day
  kDatetime,  ///< calendar day and time of day
  kId,        ///< identifier: never modelled, issued anew
};

std::string_view kind_name(Kind kind);  ///< "integer", "float", "boolean", "category", "date", ...
/// \throws Error{kData} naming the nearest kind
Kind kind_from_name(std::string_view name);

/// One column of a schema: how it is read, modelled and written. Members of other kinds are left at
/// their defaults.
struct ColumnSpec {
  std::string name;             ///< as in the header line; unique in a schema
  Kind kind = Kind::kCategory;  ///< decides which members below count
  int decimals = -1;  ///< kFloat: digits after the point when written; -1: shortest exact form
  int min_decimals =
      0;                ///< kFloat, kInteger: fewest digits after the point when written (1: 160.0)
  double rounding = 0;  ///< kFloat, kInteger: values are multiples of this; 0: no such rule
  std::string format;  ///< dates: pattern of the source, "%Y-%m-%d %H:%M:%S" style ("%f": fraction)
  std::string
      unit;  ///< datetimes: coarsest unit present: "day", "hour", "minute", "second", "microsecond"
  std::string relative_to;  ///< dates: never before this other date column of the same row
  std::string derived;  ///< formula by which it follows from other columns (table/derivation.hpp)
  std::string id_pattern;  ///< kId: "sequence", "uuid", "nhs-number" or a pattern such as "P######"
  std::string missing_text;  ///< how a missing value is written in CSV; "" when empty
  std::string missingness;   ///< NHSSynth strategy: "augment" (default), "drop", "impute:mean", ...
  std::string levels;    ///< kCategory: "public", all are kept; "" (or "protected"): rare ones not
  bool dropped = false;  ///< left out of the model and of the synthetic table

  bool operator==(const ColumnSpec&) const = default;
};

/// The columns of a table in their order, and the rules between them.
struct Schema {
  std::vector<ColumnSpec> columns;           ///< of a file: those that are dropped included
  std::vector<std::string> constraints;      ///< NHSSynth grammar, one text each
  std::vector<std::string> missing_markers;  ///< texts that mean missing, beside the empty text
  std::vector<std::string> order;            ///< columns that the model makes first, in this order
  std::string entity;                        ///< column that tells whose row it is; "" for none
  std::string entity_time;  ///< date by which an entity\'s rows are in order; "": found or none
  std::vector<std::string> entity_constants;  ///< columns that are constant within every entity

  int find(std::string_view name) const;   ///< -1 when there is none
  std::vector<std::string> names() const;  ///< in column order
  bool operator==(const Schema&) const = default;
};

/// The default missing markers: "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NaT",
/// "NULL", "null", "None".
const std::vector<std::string>& default_missing_markers();

/// What a metadata file says; parts that it leaves open are inferred from the table.
struct Metadata {
  /// One column's wishes; an empty or unset member means "infer".
  struct Wish {
    ColumnSpec spec;              ///< members that are set override the inferred ones
    bool kind_given = false;      ///< spec.kind overrides the inferred kind
    bool round_to_whole = false;  ///< a pandas integer dtype: fractions are rounded, not refused
  };
  std::vector<Wish> columns;  ///< in the order of the file; not every column need be named
  std::vector<std::string> constraints;       ///< as written; not parsed yet
  std::vector<std::string> missing_markers;   ///< empty: the default ones
  std::vector<std::string> order;             ///< columns that the model makes first
  std::string entity;                         ///< column name; "" for none
  std::string entity_time;                    ///< as Schema::entity_time
  std::vector<std::string> entity_constants;  ///< as Schema::entity_constants
  std::string path;                           ///< for messages
};

/// Reads our own metadata YAML and NHSSynth's (dtype, categorical, missingness, transformer,
/// rounding_scheme, floor, format; constraints).
/// \throws Error{kIo}, or Error{kData} with file and line for unknown keys (naming the nearest) or
/// bad values
Metadata read_metadata(const std::string& path);

/// The same from a text. \param path  stands in messages
Metadata parse_metadata(const std::string& text, const std::string& path);

/// The schema that a metadata file spells out in full, such as one by metadata_yaml().
Schema schema_of(const Metadata& metadata);

/// Writes a schema as metadata YAML that read_metadata reads back to the same schema.
std::string metadata_yaml(const Schema& schema);

}  // namespace semblance::table
