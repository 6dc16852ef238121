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
  std::string text, place;  ///< line and column count from 1
};

/// Step `filter`. Steps are explained in docs/RECIPES.md; expressions are texts still.
struct FilterStep {
  Written condition;  ///< expression of kind boolean
};
/// Step `derive`: columns added or replaced, in this order.
struct DeriveStep {
  std::vector<std::pair<Written, Written>> values;  ///< name, expression
};
/// Steps `select` and `drop`: which columns stay.
struct SelectStep {
  std::vector<Written> names;  ///< columns
  bool drop = false;           ///< all but these
};
/// Step `rename`: one pair after the other.
struct RenameStep {
  std::vector<std::pair<Written, Written>> names;  ///< old, new
};
/// Step `cast`: columns read as another kind.
struct CastStep {
  std::vector<SourceColumn> columns;  ///< name and new kind
};
/// Step `join`: a row for each match in another table.
struct JoinStep {
  Written with;                                 ///< source or table
  std::vector<std::pair<Written, Written>> on;  ///< column here, column there
  std::vector<Written> columns;                 ///< to take; none: all but the keys
  bool left = false, one = false;               ///< unmatched: keep; promise: one
  std::int64_t at_most = 1000;                  ///< matches of one row before the join is stopped
};
/// Step `head`: the first rows of each key.
struct HeadStep {
  std::vector<Written> per;       ///< key; none: all rows are one group
  std::vector<HeadShare> shares;  ///< ascending
};
/// Steps `first` and `last`: one row of each key.
struct PickStep {
  std::vector<Written> per;  ///< key
  Written by;                ///< column that is compared
  bool greatest = false;     ///< last
};
/// Step `sample`: random rows of each key.
struct SampleStep {
  std::vector<Written> per;  ///< key
  std::int64_t rows = 1;     ///< of each key
  std::uint64_t seed = 0;    ///< of the choice of rows
};
/// Step `gather`: rows of one key together.
struct GatherStep {
  std::vector<Written> per;  ///< key
};
/// Step `sort`: missing values last.
struct SortStep {
  std::vector<std::pair<Written, bool>> by;  ///< column, descending
};
/// Step `unique`: fails when a key comes twice.
struct UniqueStep {
  std::vector<Written> per;  ///< key
};
/// Step `aggregate`: one row a key.
struct AggregateStep {
  /// One result column. `of`, `by` and `where` have an empty text where they are left out.
  struct Value {
    Written name, of, by, where;     ///< result, column, column, condition
    Summary what = Summary::kCount;  ///< take
  };
  std::vector<Written> per;   ///< key
  std::vector<Value> values;  ///< behind the key's columns, in this order
};
/// Step `shift_dates`: dates of a key move by one amount.
struct ShiftStep {
  std::vector<Written> per, columns;           ///< key; dates to move
  Written anchor;                              ///< onto: column that lands near the drawn year
  std::int64_t first_year = 0, last_year = 0;  ///< onto: years, both taken in
  std::uint64_t seed = 0;                      ///< of the drawn years
};

/// One step of a table's chain.
struct RecipeStep {
  std::string place, name;  ///< name as written: "drop", "last", ...
  /// Which of the structs follows from the name.
  std::variant<FilterStep, DeriveStep, SelectStep, RenameStep, CastStep, JoinStep, HeadStep,
               PickStep, SampleStep, GatherStep, SortStep, UniqueStep, AggregateStep, ShiftStep>
      what;
};

/// A table that the recipe makes of another one or of a source.
struct TableSpec {
  Written name, from;             ///< unique among tables and sources; where its rows begin
  std::vector<RecipeStep> steps;  ///< in order; may be empty
  std::optional<std::uint64_t> python_seed;  ///< for randrange()
};

/// A column of the table that is written.
struct OutputColumn {
  Written name, from;               ///< new name; column of the table
  std::optional<table::Kind> kind;  ///< none: as it is
  int min_decimals = 0;             ///< as table::ColumnSpec
  Written relative_to;              ///< new name of the earlier date; "" for none
};

/// The whole file, checked for form and names of tables; columns are checked by run_recipe().
struct Recipe {
  std::string path, description;     ///< description may be empty
  std::vector<SourceSpec> sources;   ///< raw tables, in the order of the file
  std::vector<TableSpec> tables;     ///< each after those that it needs
  Written output_from;               ///< table that is written
  std::vector<OutputColumn> output;  ///< none: all columns
  Written entity;                    ///< output column that tells whose row it is; "" for none

  const SourceSpec* find_source(std::string_view name) const;  ///< null when there is none
  const TableSpec* find_table(std::string_view name) const;    ///< null when there is none
};

/// \throws Error{kIo} when the file cannot be read; Error{kData} naming line and column for what is
///         no recipe: bad YAML, unknown keys or tables (with the nearest), tables that need each
///         other
Recipe read_recipe(const std::string& path);

}  // namespace semblance::prepare
