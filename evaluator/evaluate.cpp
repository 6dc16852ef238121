#include "evaluator/evaluate.hpp"

#include <filesystem>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "evaluator/build_report.hpp"
#include "evaluator/build_section.hpp"
#include "evaluator/gates.hpp"
#include "evaluator/quality/entity_consistency.hpp"
#include "evaluator/report/render.hpp"
#include "evaluator/shared_nearest.hpp"
#include "table/file_summary.hpp"
#include "table/read_table.hpp"

namespace semblance::evaluator {
namespace {

using base::ErrorKind;

/// The real table's schema for reading the others: whole numbers may come as fractions from other
/// tools, and identifiers and dropped columns need not be there.
table::Schema comparable_schema(const table::Schema& real) {
  table::Schema out = real;
  out.columns.clear();
  for (table::ColumnSpec spec : real.columns) {
    if (spec.kind == table::Kind::kId || spec.dropped) continue;
    if (spec.kind == table::Kind::kInteger) spec.kind = table::Kind::kFloat;
    out.columns.push_back(std::move(spec));
  }
  return out;
}

/// The schema to read a table by, with the column that tells whose row it is, where the table has
/// it. New identifiers need not be of the real ones' kind.
table::Schema schema_with_entity(table::Schema schema, const std::string& entity,
                                 const std::string& path, const EvaluateOptions& options) {
  if (entity.empty()) return schema;
  std::erase_if(schema.columns, [&](const table::ColumnSpec& spec) { return spec.name == entity; });
  if (table::summarise_file(path, options.threads).schema.find(entity) >= 0)
    schema.columns.push_back({.name = entity, .kind = table::Kind::kId});
  return schema;
}

/// Takes the entity's column out of a table: the person's number in each row.
std::vector<std::int64_t> take_entity(table::Table& rows, const std::string& name) {
  std::vector<std::int64_t> entity;
  const int found = rows.find(name);
  if (name.empty() || found < 0) return entity;
  const table::Column& column = rows.columns[static_cast<std::size_t>(found)];
  std::unordered_map<std::string, std::int64_t> number;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    entity.push_back(
        column.is_missing(row)
            ? -1
            : number.try_emplace(column.as_text(row), static_cast<std::int64_t>(number.size()))
                  .first->second);
  }
  rows.columns.erase(rows.columns.begin() + found);
  return entity;
}

/// The date that persons' rows are in order of: the metadata's, or the first one that varies within
/// persons.
int entity_time(const Comparison& data, const std::string& asked) {
  if (data.real.entity.empty()) return -1;
  if (!asked.empty()) return data.find(asked);
  const auto rows = entity_rows(data.real.entity, nullptr);
  for (int j = 0; j < data.n_columns(); ++j) {
    const auto column = static_cast<std::size_t>(j);
    if (data.columns[column].is_date() && constant_share(rows, data.real.features[column]) < 1)
      return j;
  }
  return -1;
}

Comparison read_comparison(const EvaluateOptions& options) {
  std::optional<table::Metadata> metadata;
  if (!options.metadata.empty()) metadata = table::read_metadata(options.metadata);
  table::Schema schema;
  table::Table real = table::read_table(
      options.real, {.metadata = metadata ? &*metadata : nullptr, .threads = options.threads},
      &schema);
  const table::Schema comparable = comparable_schema(schema);
  const auto read_as_real = [&](const std::string& path) {
    const table::Schema with_entity = schema_with_entity(comparable, schema.entity, path, options);
    return table::read_table(path, {.schema = &with_entity, .threads = options.threads});
  };
  table::Table synthetic = read_as_real(options.synthetic);
  std::optional<table::Table> holdout;
  if (!options.holdout.empty()) holdout = read_as_real(options.holdout);
  std::vector<std::int64_t> of_real = take_entity(real, schema.entity);
  std::vector<std::int64_t> of_synthetic = take_entity(synthetic, schema.entity), of_holdout;
  if (holdout) of_holdout = take_entity(*holdout, schema.entity);
  Comparison data = compare_tables(std::move(real), std::move(synthetic), std::move(holdout));
  if (!of_real.empty())
    data.notes.push_back("Column '" + schema.entity +
                         "' tells whose row it is: it is not compared itself.");
  data.real.entity = std::move(of_real);
  data.synthetic.entity = std::move(of_synthetic);
  data.holdout.entity = std::move(of_holdout);
  data.entity_time = entity_time(data, schema.entity_time);
  return data;
}

void expect_paths(const EvaluateOptions& options) {
  SEMBLANCE_EXPECT(!options.real.empty(), kUsage, "evaluate needs --real TABLE");
  SEMBLANCE_EXPECT(!options.synthetic.empty(), kUsage, "evaluate needs --synthetic TABLE");
  SEMBLANCE_EXPECT(!options.output.empty(), kUsage,
                   "evaluate needs --output DIR for report.html and report.json");
}

}  // namespace

void add_settings(base::SettingList& list, EvaluateOptions& options) {
  list.add("holdout", &options.holdout,
           "real rows that the model never saw: the reference of every check");
  list.add("metadata", &options.metadata,
           "metadata file; kinds are inferred from the real table without one");
  list.add("target", &options.target, "column to predict in the utility checks");
  list.add("title", &options.title, "heading of the report");
  list.add("model", &options.model, "what made the synthetic table, for the reader of the report");
  list.add("thresholds", &options.thresholds,
           "YAML file of pass, warn and fail limits over the built-in ones");
  list.add("gate", &options.gate,
           "end with exit code 6 when a check marked as gate fails or cannot be computed");
  list.add("quasi_identifiers", &options.quasi_identifiers,
           "columns that an attacker may know of a person; found by name (age, sex, postcode ...) "
           "when not given");
  list.add("sensitive", &options.sensitive,
           "columns that an attacker may want to learn; all when not given");
  list.add("protected_column", &options.protected_column,
           "column to judge fairness by, for example sex");
  list.add("sample", &options.sample, "most rows of each table for checks that fit classifiers");
  list.add("attacks", &options.attacks, "guesses of each simulated attack");
  list.add("attack_file", &options.attack_file,
           "attack.json of 'semblance attack': attacks with shadow models, for the privacy part");
}

void evaluate(const EvaluateOptions& options, base::Communicator& communicator) {
  expect_paths(options);
  const Comparison data = read_comparison(options);
  const std::map<std::string, Section> done = shared_sections(data, options, communicator);
  SharedNearest ranks(communicator);
  if (communicator.rank() > 0) {
    ranks.help();
  } else {
    const Report report = build_report(data, options, &ranks, done);
    ranks.finish();
    const Json json = to_json(report);
    std::error_code error;
    std::filesystem::create_directories(options.output, error);
    SEMBLANCE_EXPECT(!error, kIo, "cannot make the directory {}: {}", options.output,
                     error.message());
    const std::filesystem::path directory = options.output;
    base::PendingPath data_file(directory / "report.json"), page(directory / "report.html");
    base::write_text_file(data_file.temporary(),
                          json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
    base::write_text_file(page.temporary(), render_html(json));
    page.commit();
    data_file.commit();
    base::log_info("report: {}", (directory / "report.html").string());
    for (const Group& group : report.groups)
      base::log_info("  {}: {}", group.title, verdict_name(group.verdict));
    if (options.gate) check_gates(report, directory / "report.html");
  }
  communicator.barrier();
}

}  // namespace semblance::evaluator
