#include "prepare/recipe.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"

namespace semblance::prepare {
namespace {

using base::ErrorKind;
using Node = YAML::Node;

/// Reads the nodes of one file; every complaint names line and column.
class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  std::string place(const Node& node) const {
    return fmt::format("{}:{}:{}", path_, node.Mark().line + 1, node.Mark().column + 1);
  }
  template <class... Args>
  [[noreturn]] void fail(const Node& node, fmt::format_string<Args...> format,
                         Args&&... args) const {
    base::fail(ErrorKind::kData, "{}: {}", place(node),
               fmt::format(format, std::forward<Args>(args)...));
  }

  void expect_map(const Node& node, std::string_view what,
                  const std::vector<std::string>& keys) const {
    if (!node.IsMap()) fail(node, "{} must be a list of 'key: value'", what);
    std::vector<std::string> seen;
    for (const auto& entry : node) {
      const std::string key = entry.first.as<std::string>();
      if (!keys.empty() && std::find(keys.begin(), keys.end(), key) == keys.end()) {
        fail(entry.first, "{} has no key '{}'{}; known: {}", what, key, did_you_mean(key, keys),
             fmt::join(keys, ", "));
      }
      if (std::find(seen.begin(), seen.end(), key) != seen.end())
        fail(entry.first, "'{}' is given twice", key);
      seen.push_back(key);
    }
  }
  Node needed(const Node& map, const char* key, std::string_view what) const {
    if (!map[key]) fail(map, "{} needs '{}'", what, key);
    return map[key];
  }
  Written text(const Node& node) const {
    if (!node.IsScalar()) fail(node, "a text is needed here");
    return {node.as<std::string>(), place(node)};
  }
  Written optional_text(const Node& map, const char* key) const {
    return map[key] ? text(map[key]) : Written{};
  }
  std::vector<Written> texts(const Node& node) const {
    std::vector<Written> list;
    if (node.IsScalar()) return {text(node)};
    if (!node.IsSequence()) fail(node, "a list is needed here, as in [SUBJECT_ID, HADM_ID]");
    for (const Node& item : node) list.push_back(text(item));
    return list;
  }
  std::vector<std::pair<Written, Written>> pairs(const Node& node, std::string_view what) const {
    expect_map(node, what, {});
    std::vector<std::pair<Written, Written>> list;
    for (const auto& entry : node) list.emplace_back(text(entry.first), text(entry.second));
    return list;
  }
  template <class Number>
  Number number(const Node& node, Number least) const {
    try {
      const auto value = node.as<Number>();
      if (value >= least) return value;
    } catch (const YAML::Exception&) {
    }
    fail(node, "a number of at least {} is needed here", least);
  }
  bool boolean(const Node& node) const {
    try {
      return node.as<bool>();
    } catch (const YAML::Exception&) {
      fail(node, "true or false is needed here");
    }
  }
  CellKind kind(const Node& node) const {
    const std::string name = text(node).text;
    constexpr std::pair<std::string_view, CellKind> kKinds[] = {
        {"text", CellKind::kText},  {"integer", CellKind::kInteger},
        {"float", CellKind::kReal}, {"boolean", CellKind::kBoolean},
        {"date", CellKind::kDate},  {"datetime", CellKind::kDatetime}};
    std::vector<std::string> names;
    for (const auto& [known, kind] : kKinds) {
      if (known == name) return kind;
      names.emplace_back(known);
    }
    fail(node, "there is no kind '{}'{}; known: {}", name, did_you_mean(name, names),
         fmt::join(names, ", "));
  }
  /// NAME: kind, or NAME: {kind: ..., format: ...}.
  SourceColumn column(const Node& name, const Node& value) const {
    SourceColumn column;
    column.name = text(name).text;
    column.place = place(name);
    if (!value.IsMap()) {
      column.kind = kind(value);
      return column;
    }
    expect_map(value, "a column", {"kind", "format", "absent"});
    column.kind = kind(needed(value, "kind", "a column"));
    column.date_format = optional_text(value, "format").text;
    if (const Node absent = value["absent"]) {
      const std::string what = text(absent).text;
      if (what != "missing" && what != "row_number")
        fail(absent, "'absent' is missing or row_number, not '{}'", what);
      if (what == "row_number" && column.kind != CellKind::kInteger)
        fail(absent, "a row number is an integer: this column is {}", cell_kind_name(column.kind));
      column.absent =
          what == "missing" ? SourceColumn::Absent::kMissing : SourceColumn::Absent::kRowNumber;
    }
    try {
      const DateReader check(column.date_format);
    } catch (const base::Error& error) {
      fail(value["format"], "{}", error.what());
    }
    return column;
  }
  std::vector<SourceColumn> columns(const Node& node) const {
    std::vector<SourceColumn> list;
    expect_map(node, "'columns'", {});
    for (const auto& entry : node) list.push_back(column(entry.first, entry.second));
    return list;
  }

 private:
  std::string path_;
};

SourceSpec read_source(const Reader& reader, const Node& name, const Node& node) {
  SourceSpec spec;
  spec.name = reader.text(name).text;
  spec.place = reader.place(name);
  reader.expect_map(node, "a source",
                    {"file", "columns", "missing", "rows", "row_number", "number_runs"});
  spec.file = node["file"] ? reader.text(node["file"]).text : spec.name;
  spec.columns = reader.columns(reader.needed(node, "columns", "a source"));
  if (node["missing"]) {
    for (const Written& marker : reader.texts(node["missing"])) spec.missing.push_back(marker.text);
  }
  if (node["rows"]) spec.rows = reader.number<std::int64_t>(node["rows"], 1);
  spec.row_number = reader.optional_text(node, "row_number").text;
  if (const Node runs = node["number_runs"]) {
    reader.expect_map(runs, "'number_runs'", {"column", "rows"});
    spec.runs_column = reader.text(reader.needed(runs, "column", "'number_runs'")).text;
    spec.runs_rows = reader.number<std::int64_t>(reader.needed(runs, "rows", "'number_runs'"), 1);
  }
  return spec;
}

std::vector<Written> read_per(const Reader& reader, const Node& node) {
  return node["per"] ? reader.texts(node["per"]) : std::vector<Written>();
}

std::uint64_t read_seed(const Reader& reader, const Node& node) {
  return node["seed"] ? reader.number<std::uint64_t>(node["seed"], 0) : 1;
}

JoinStep read_join(const Reader& reader, const Node& node) {
  reader.expect_map(node, "'join'", {"with", "on", "columns", "unmatched", "promise", "at_most"});
  JoinStep step;
  step.with = reader.text(reader.needed(node, "with", "'join'"));
  const Node on = reader.needed(node, "on", "'join'");
  if (on.IsMap()) {
    step.on = reader.pairs(on, "'on'");
  } else {
    for (const Written& name : reader.texts(on)) step.on.emplace_back(name, name);
  }
  if (node["columns"]) step.columns = reader.texts(node["columns"]);
  if (const Node unmatched = node["unmatched"]) {
    const std::string what = reader.text(unmatched).text;
    if (what != "keep" && what != "drop")
      reader.fail(unmatched, "'unmatched' is keep or drop, not '{}'", what);
    step.left = what == "keep";
  }
  if (const Node promise = node["promise"]) {
    const std::string what = reader.text(promise).text;
    if (what != "one" && what != "many")
      reader.fail(promise, "'promise' is one or many (rows of '{}' a key), not '{}'",
                  step.with.text, what);
    step.one = what == "one";
  }
  if (node["at_most"]) step.at_most = reader.number<std::int64_t>(node["at_most"], 1);
  return step;
}

HeadStep read_head(const Reader& reader, const Node& node) {
  reader.expect_map(node, "'head'", {"per", "rows", "shares"});
  HeadStep step;
  step.per = read_per(reader, node);
  if (node["rows"]) step.shares.push_back({1.0, reader.number<std::int64_t>(node["rows"], 1)});
  if (node["shares"]) {
    if (node["rows"]) reader.fail(node["shares"], "'head' takes 'rows' or 'shares', not both");
    for (const Node& share : node["shares"]) {
      reader.expect_map(share, "a share", {"up_to", "rows"});
      step.shares.push_back(
          {share["up_to"] ? reader.number<double>(share["up_to"], 0) : 1.0,
           reader.number<std::int64_t>(reader.needed(share, "rows", "a share"), 1)});
    }
  }
  if (step.shares.empty() || step.shares.back().up_to != 1.0)
    reader.fail(node, "'head' needs 'rows', or 'shares' the last of which has no 'up_to'");
  return step;
}

PickStep read_pick(const Reader& reader, const Node& node, bool greatest) {
  reader.expect_map(node, greatest ? "'last'" : "'first'", {"per", "by"});
  PickStep step;
  step.per = read_per(reader, node);
  step.by = reader.text(reader.needed(node, "by", greatest ? "'last'" : "'first'"));
  step.greatest = greatest;
  return step;
}

AggregateStep::Value read_summary(const Reader& reader, const Node& name, const Node& node) {
  constexpr std::pair<std::string_view, Summary> kSummaries[] = {
      {"count", Summary::kCount}, {"sum", Summary::kSum},  {"mean", Summary::kMean},
      {"std", Summary::kStd},     {"min", Summary::kMin},  {"max", Summary::kMax},
      {"first", Summary::kFirst}, {"last", Summary::kLast}};
  reader.expect_map(node, "a value of 'aggregate'", {"take", "of", "by", "where"});
  AggregateStep::Value value;
  value.name = reader.text(name);
  const Node take = reader.needed(node, "take", "a value of 'aggregate'");
  const auto* found =
      std::find_if(std::begin(kSummaries), std::end(kSummaries),
                   [&](const auto& known) { return known.first == reader.text(take).text; });
  if (found == std::end(kSummaries))
    reader.fail(take, "'take' is count, sum, mean, std, min, max, first or last, not '{}'",
                reader.text(take).text);
  value.what = found->second;
  value.of = reader.optional_text(node, "of");
  value.by = reader.optional_text(node, "by");
  value.where = reader.optional_text(node, "where");
  if (value.what != Summary::kCount && value.of.text.empty())
    reader.fail(node, "'{}' needs 'of': the column to summarise", found->first);
  return value;
}

AggregateStep read_aggregate(const Reader& reader, const Node& node) {
  reader.expect_map(node, "'aggregate'", {"per", "values"});
  AggregateStep step;
  step.per = read_per(reader, node);
  const Node values = reader.needed(node, "values", "'aggregate'");
  reader.expect_map(values, "'values'", {});
  for (const auto& entry : values)
    step.values.push_back(read_summary(reader, entry.first, entry.second));
  return step;
}

ShiftStep read_shift(const Reader& reader, const Node& node) {
  reader.expect_map(node, "'shift_dates'", {"per", "columns", "onto", "seed"});
  ShiftStep step;
  step.per = reader.texts(reader.needed(node, "per", "'shift_dates'"));
  step.columns = reader.texts(reader.needed(node, "columns", "'shift_dates'"));
  const Node onto = reader.needed(node, "onto", "'shift_dates'");
  reader.expect_map(onto, "'onto'", {"column", "years"});
  step.anchor = reader.text(reader.needed(onto, "column", "'onto'"));
  const Node years = reader.needed(onto, "years", "'onto'");
  if (!years.IsSequence() || years.size() != 2)
    reader.fail(years, "'years' is the first and the last year, as in [2008, 2019]");
  step.first_year = reader.number<std::int64_t>(years[0], 1);
  step.last_year = reader.number<std::int64_t>(years[1], step.first_year);
  step.seed = read_seed(reader, node);
  return step;
}

std::vector<std::pair<Written, bool>> read_sort(const Reader& reader, const Node& node) {
  std::vector<std::pair<Written, bool>> by;
  for (Written name : reader.texts(node)) {
    const bool descending = name.text.starts_with("-");
    if (descending) name.text.erase(0, 1);
    by.emplace_back(name, descending);
  }
  return by;
}

RecipeStep read_step(const Reader& reader, const Node& node) {
  const std::vector<std::string> names = {
      "filter", "derive", "select", "drop",   "rename", "cast",   "join",      "head",
      "first",  "last",   "sample", "gather", "sort",   "unique", "aggregate", "shift_dates"};
  reader.expect_map(node, "a step", names);
  if (node.size() != 1) reader.fail(node, "a step has one key: one of {}", fmt::join(names, ", "));
  const std::string name = node.begin()->first.as<std::string>();
  const Node value = node.begin()->second;
  RecipeStep step{reader.place(node.begin()->first), name, FilterStep{}};
  if (name == "filter") step.what = FilterStep{reader.text(value)};
  if (name == "derive") step.what = DeriveStep{reader.pairs(value, "'derive'")};
  if (name == "select" || name == "drop")
    step.what = SelectStep{reader.texts(value), name == "drop"};
  if (name == "rename") step.what = RenameStep{reader.pairs(value, "'rename'")};
  if (name == "cast") step.what = CastStep{reader.columns(value)};
  if (name == "join") step.what = read_join(reader, value);
  if (name == "head") step.what = read_head(reader, value);
  if (name == "first" || name == "last") step.what = read_pick(reader, value, name == "last");
  if (name == "gather") step.what = GatherStep{reader.texts(value)};
  if (name == "sort") step.what = SortStep{read_sort(reader, value)};
  if (name == "unique") step.what = UniqueStep{reader.texts(value)};
  if (name == "aggregate") step.what = read_aggregate(reader, value);
  if (name == "shift_dates") step.what = read_shift(reader, value);
  if (name == "sample") {
    reader.expect_map(value, "'sample'", {"per", "rows", "seed"});
    step.what = SampleStep{read_per(reader, value),
                           reader.number<std::int64_t>(reader.needed(value, "rows", "'sample'"), 1),
                           read_seed(reader, value)};
  }
  return step;
}

TableSpec read_table_spec(const Reader& reader, const Node& name, const Node& node) {
  reader.expect_map(node, "a table", {"from", "steps", "random"});
  TableSpec table;
  table.name = reader.text(name);
  table.from = reader.text(reader.needed(node, "from", "a table"));
  if (const Node random = node["random"]) {
    reader.expect_map(random, "'random'", {"generator", "seed"});
    const Written generator = reader.text(reader.needed(random, "generator", "'random'"));
    if (generator.text != "python")
      reader.fail(random["generator"],
                  "the generator is 'python' (MT19937 as CPython seeds it), not '{}'",
                  generator.text);
    table.python_seed = reader.number<std::uint64_t>(reader.needed(random, "seed", "'random'"), 0);
  }
  if (const Node steps = node["steps"]) {
    if (!steps.IsSequence())
      reader.fail(steps, "'steps' must be a list, each item beginning with '-'");
    for (const Node& step : steps) table.steps.push_back(read_step(reader, step));
  }
  return table;
}

OutputColumn read_output_column(const Reader& reader, const Node& name, const Node& value) {
  OutputColumn column;
  column.name = column.from = reader.text(name);
  if (value.IsNull()) return column;
  if (!value.IsMap()) {
    column.from = reader.text(value);
    return column;
  }
  reader.expect_map(value, "an output column", {"from", "kind", "min_decimals", "relative_to"});
  if (value["from"]) column.from = reader.text(value["from"]);
  if (value["kind"]) {
    try {
      column.kind = table::kind_from_name(reader.text(value["kind"]).text);
    } catch (const base::Error& error) {
      reader.fail(value["kind"], "{}", error.what());
    }
  }
  if (value["min_decimals"]) column.min_decimals = reader.number<int>(value["min_decimals"], 0);
  column.relative_to = reader.optional_text(value, "relative_to");
  return column;
}

void read_output(const Reader& reader, const Node& node, Recipe& recipe) {
  reader.expect_map(node, "'output'", {"from", "columns", "entity"});
  recipe.output_from = reader.text(reader.needed(node, "from", "'output'"));
  recipe.entity = reader.optional_text(node, "entity");
  const Node columns = node["columns"];
  if (!columns) return;
  if (columns.IsSequence()) {
    for (const Node& item : columns)
      recipe.output.push_back(read_output_column(reader, item, Node()));
    return;
  }
  reader.expect_map(columns, "'columns'", {});
  for (const auto& entry : columns)
    recipe.output.push_back(read_output_column(reader, entry.first, entry.second));
}

/// Tables are made of tables: fails where that leads back to where it began, and for unknown names.
class Dependencies {
 public:
  explicit Dependencies(const Recipe& recipe) : recipe_(recipe) {}
  void check() {
    for (const TableSpec& table : recipe_.tables) visit(table.name);
    visit(recipe_.output_from);
  }

 private:
  void visit(const Written& name) {
    if (recipe_.find_source(name.text) != nullptr) return;
    const TableSpec* table = recipe_.find_table(name.text);
    if (table == nullptr) {
      std::vector<std::string> known;
      for (const SourceSpec& source : recipe_.sources) known.push_back(source.name);
      for (const TableSpec& other : recipe_.tables) known.push_back(other.name.text);
      base::fail(ErrorKind::kData, "{}: there is no source or table '{}'{}", name.place, name.text,
                 did_you_mean(name.text, known));
    }
    const auto found = std::find(path_.begin(), path_.end(), table->name.text);
    if (found != path_.end()) {
      std::string circle;
      for (auto at = found; at != path_.end(); ++at) circle += *at + " needs ";
      base::fail(ErrorKind::kData, "{}: the recipe goes in a circle: {}{}", name.place, circle,
                 *found);
    }
    path_.push_back(table->name.text);
    visit(table->from);
    for (const RecipeStep& step : table->steps) {
      if (const auto* join = std::get_if<JoinStep>(&step.what)) visit(join->with);
    }
    path_.pop_back();
  }
  const Recipe& recipe_;
  std::vector<std::string> path_;
};

Recipe read_root(const Reader& reader, const Node& root, const std::string& path) {
  reader.expect_map(root, "a recipe", {"recipe", "description", "sources", "tables", "output"});
  Recipe recipe;
  recipe.path = path;
  recipe.description = reader.optional_text(root, "description").text;
  const Node sources = reader.needed(root, "sources", "a recipe");
  reader.expect_map(sources, "'sources'", {});
  for (const auto& entry : sources)
    recipe.sources.push_back(read_source(reader, entry.first, entry.second));
  if (const Node tables = root["tables"]) {
    reader.expect_map(tables, "'tables'", {});
    for (const auto& entry : tables) {
      if (recipe.find_source(entry.first.as<std::string>()) != nullptr)
        reader.fail(entry.first, "'{}' is a source already: give the table another name",
                    entry.first.as<std::string>());
      recipe.tables.push_back(read_table_spec(reader, entry.first, entry.second));
    }
  }
  read_output(reader, reader.needed(root, "output", "a recipe"), recipe);
  Dependencies(recipe).check();
  return recipe;
}

}  // namespace

const SourceSpec* Recipe::find_source(std::string_view name) const {
  for (const SourceSpec& source : sources) {
    if (source.name == name) return &source;
  }
  return nullptr;
}

const TableSpec* Recipe::find_table(std::string_view name) const {
  for (const TableSpec& table : tables) {
    if (table.name.text == name) return &table;
  }
  return nullptr;
}

Recipe read_recipe(const std::string& path) {
  const std::string text = base::read_text_file(path);
  try {
    const Node root = YAML::Load(text);
    return read_root(Reader(path), root, path);
  } catch (const YAML::Exception& error) {
    base::fail(ErrorKind::kData, "{}:{}:{}: {}", path, error.mark.line + 1, error.mark.column + 1,
               error.msg);
  }
}

}  // namespace semblance::prepare
