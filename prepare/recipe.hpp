/// A recipe as written: sources, tables with their steps, output. Grammar: docs/RECIPES.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "prepare/row_sinks.hpp"
#include "prepare/row_source.hpp"
#include "table/schema.hpp"

namespace semblance::prepare {

/// A text of the recipe and where it stands ("recipe.yaml:12:9").
struct Written {
  std::string text, place;
};

struct FilterStep {
  Written condition;
};
struct DeriveStep {
  std::vector<std::pair<Written, Written>> values;  ///< name, expression
};
struct SelectStep {
  std::vector<Written> names;
  bool drop = false;  ///< all but these
};
struct RenameStep {
  std::vector<std::pair<Written, Written>> names;  ///< old, new
};
struct CastStep {
  std::vector<SourceColumn> columns;
};
struct JoinStep {
  Written with;
  std::vector<std::pair<Written, Written>> on;  ///< column here, column there
  std::vector<Written> columns;                 ///< to take; none: all but the keys
  bool left = false, one = false;
  std::int64_t at_most = 1000;
};
struct HeadStep {
  std::vector<Written> per;
  std::vector<HeadShare> shares;
};
struct PickStep {
  std::vector<Written> per;
  Written by;
  bool greatest = false;
};
struct SampleStep {
  std::vector<Written> per;
  std::int64_t rows = 1;
  std::uint64_t seed = 0;
};
struct GatherStep {
  std::vector<Written> per;
};
struct SortStep {
  std::vector<std::pair<Written, bool>> by;  ///< column, descending
};
struct UniqueStep {
  std::vector<Written> per;
};
struct AggregateStep {
  struct Value {
    Written name, of, by, where;
    Summary what = Summary::kCount;
  };
  std::vector<Written> per;
  std::vector<Value> values;
};
struct ShiftStep {
  std::vector<Written> per, columns;
  Written anchor;
  std::int64_t first_year = 0, last_year = 0;
  std::uint64_t seed = 0;
};

struct RecipeStep {
  std::string place, name;
  std::variant<FilterStep, DeriveStep, SelectStep, RenameStep, CastStep, JoinStep, HeadStep,
               PickStep, SampleStep, GatherStep, SortStep, UniqueStep, AggregateStep, ShiftStep>
      what;
};

struct TableSpec {
  Written name, from;
  std::vector<RecipeStep> steps;
  std::optional<std::uint64_t> python_seed;  ///< for randrange()
};

struct OutputColumn {
  Written name, from;
  std::optional<table::Kind> kind;  ///< none: as it is
  int min_decimals = 0;
  std::string relative_to;
};

struct Recipe {
  std::string path, description;
  std::vector<SourceSpec> sources;
  std::vector<TableSpec> tables;
  Written output_from;
  std::vector<OutputColumn> output;  ///< none: all columns
  std::string entity;

  const SourceSpec* find_source(std::string_view name) const;
  const TableSpec* find_table(std::string_view name) const;
};

/// \throws Error{kIo} when the file cannot be read; Error{kData} naming line and column for
/// anything that is no
///         recipe: bad YAML, unknown keys or tables (with the nearest), tables that need each other
Recipe read_recipe(const std::string& path);

}  // namespace semblance::prepare
