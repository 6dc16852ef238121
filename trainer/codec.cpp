#include "trainer/codec.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "base/log.hpp"
#include "table/constraint.hpp"
#include "trainer/codec_combination.hpp"
#include "trainer/codec_identifier.hpp"
#include "trainer/codec_schema.hpp"
#include "trainer/codec_state.hpp"
#include "trainer/panel.hpp"

namespace semblance::trainer {
namespace {

constexpr std::int64_t kFormatVersion = 3;

bool is_date(table::Kind kind) {
  return kind == table::Kind::kDate || kind == table::Kind::kDatetime;
}

std::unique_ptr<ColumnCoder> fit_column(const table::Column& column, const table::Column* base,
                                        const CodecOptions& options,
                                        base::Communicator& communicator) {
  const table::Kind kind = column.spec.kind;
  SEMBLANCE_EXPECT(
      column.spec.levels.empty() || kind == table::Kind::kCategory || kind == table::Kind::kBoolean,
      kData, "column '{}' is of kind {}: 'levels: public' is for categories", column.spec.name,
      table::kind_name(kind));
  switch (kind) {
    case table::Kind::kInteger:
    case table::Kind::kFloat:
      return fit_number_column(column, options, communicator);
    case table::Kind::kBoolean:
    case table::Kind::kCategory:
      return fit_category_column(column, options, communicator);
    case table::Kind::kDate:
    case table::Kind::kDatetime:
      return fit_date_column(column, base, options, communicator);
    case table::Kind::kId:
      break;
  }
  return nullptr;
}

std::unique_ptr<ColumnCoder> load_column(table::Kind kind, hid_t group) {
  switch (kind) {
    case table::Kind::kInteger:
    case table::Kind::kFloat:
      return load_number_column(group);
    case table::Kind::kBoolean:
    case table::Kind::kCategory:
      return load_category_column(group);
    case table::Kind::kDate:
    case table::Kind::kDatetime:
      return load_date_column(group);
    case table::Kind::kId:
      break;
  }
  return nullptr;
}

std::string ids_after_name(const CodecUnit& unit) {
  return "ids_after-" + std::to_string(unit.column());
}

void check_options(const CodecOptions& options) {
  SEMBLANCE_EXPECT(options.numeric_bins >= 2 && options.numeric_bins <= 4096, kData,
                   "numeric_bins is {}; it must be 2 to 4096", options.numeric_bins);
  SEMBLANCE_EXPECT(options.rare_min_count >= 1, kData, "rare_min_count is {}; it must be 1 or more",
                   options.rare_min_count);
  SEMBLANCE_EXPECT(options.digit_base >= 4 && options.digit_base <= 32'768, kData,
                   "digit_base is {}; it must be 4 to 32768", options.digit_base);
}

/// Leaves out constraints that name a dropped column, with a warning.
/// \throws Error{kData} for a constraint that cannot be understood
std::vector<std::string> usable_constraints(const table::Schema& schema) {
  std::vector<std::string> usable;
  for (const std::string& text : schema.constraints) {
    const table::Constraint constraint = table::parse_constraint(text, schema);
    const std::vector<int> columns = constraint.all_columns();
    const auto dropped = std::find_if(columns.begin(), columns.end(), [&](int column) {
      return schema.columns[static_cast<std::size_t>(column)].dropped;
    });
    if (dropped == columns.end()) {
      usable.push_back(text);
    } else {
      base::log_warning("constraint '{}' is left out: column '{}' is dropped", text,
                        schema.columns[static_cast<std::size_t>(*dropped)].name);
    }
  }
  return usable;
}

}  // namespace

std::string Codec::State::unit_name(const CodecUnit& unit) const {
  std::string name;
  for (const int column : unit.columns)
    name += (name.empty() ? "" : "+") + schema.columns[static_cast<std::size_t>(column)].name;
  return name;
}

/// One unit a column, except that the columns of a fixed combination share one.
void Codec::State::list_units() {
  derivations = table::parse_derivations(schema);
  std::vector<const std::vector<int>*> combination_of(schema.columns.size(), nullptr);
  const std::vector<table::Constraint> constraints = table::parse_constraints(schema);
  for (const table::Constraint& constraint : constraints) {
    for (const int column : constraint.columns) {
      auto& place = combination_of[static_cast<std::size_t>(column)];
      SEMBLANCE_EXPECT(place == nullptr, kData,
                       "constraint '{}': column '{}' is in a fixed combination already; write all "
                       "its columns in one",
                       constraint.text, schema.columns[static_cast<std::size_t>(column)].name);
      SEMBLANCE_EXPECT(
          schema.columns[static_cast<std::size_t>(column)].derived.empty(), kData,
          "constraint '{}': column '{}' is derived, and so follows from others already; "
          "leave it out of the combination",
          constraint.text, schema.columns[static_cast<std::size_t>(column)].name);
      place = &constraint.columns;
    }
  }
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    const std::vector<int>* combination = combination_of[i];
    if (combination == nullptr) units.push_back({.columns = {static_cast<int>(i)}});
    if (combination != nullptr &&
        *std::min_element(combination->begin(), combination->end()) == static_cast<int>(i)) {
      units.push_back({.columns = *combination});
      std::sort(units.back().columns.begin(), units.back().columns.end());
    }
  }
  for (CodecUnit& unit : units) {
    for (std::size_t d = 0; d < derivations.size(); ++d) {
      if (derivations[d].column == unit.columns.front()) unit.derivation = static_cast<int>(d);
    }
  }
}

/// Resolves relative_to, of a copied date to what it is a copy of. A base that is no modelled date
/// column is left out, with a warning.
void Codec::State::find_bases() {
  for (CodecUnit& unit : units) {
    table::ColumnSpec& spec = schema.columns[unit.column()];
    if (spec.relative_to.empty() || !is_date(spec.kind)) continue;
    SEMBLANCE_EXPECT(spec.relative_to != spec.name, kData, "column '{}' is relative to itself",
                     spec.name);
    const std::string source = table::copy_source(schema, spec.relative_to);
    const int base = schema.find(source);
    if (source == spec.name) {  // no date is before its own copy
      spec.relative_to.clear();
      continue;
    }
    if (base >= 0 && is_date(schema.columns[static_cast<std::size_t>(base)].kind)) {
      spec.relative_to = source;
      unit.base = base;
      continue;
    }
    base::log_warning(
        "column '{}' is relative to '{}', which is not a date column that the model learns: taken "
        "by "
        "itself",
        spec.name, spec.relative_to);
    spec.relative_to.clear();
  }
}

void Codec::State::find_order() {
  std::vector<bool> placed(schema.columns.size(), false);
  while (order.size() < units.size()) {
    const std::size_t before = order.size();
    for (std::size_t i = 0; i < units.size(); ++i) {
      std::vector<int> needed;
      if (units[i].base >= 0) needed.push_back(units[i].base);
      if (units[i].is_derived())
        needed = derivations[static_cast<std::size_t>(units[i].derivation)].operands();
      if (placed[units[i].column()] || !std::all_of(needed.begin(), needed.end(), [&](int column) {
            return placed[static_cast<std::size_t>(column)];
          }))
        continue;
      for (const int column : units[i].columns) placed[static_cast<std::size_t>(column)] = true;
      order.push_back(i);
    }
    if (order.size() > before) continue;
    const auto stuck = std::find_if(units.begin(), units.end(),
                                    [&](const CodecUnit& unit) { return !placed[unit.column()]; });
    base::fail(base::ErrorKind::kData, "the dates that '{}' is relative to form a circle",
               unit_name(*stuck));
  }
}

void Codec::State::list_tokens() {
  for (CodecUnit& unit : units) {
    unit.first_token = static_cast<int>(tokens.size());
    if (!unit.coder) continue;
    for (int t = 0; t < unit.coder->n_tokens(); ++t) {
      const std::string part = unit.coder->part_name(t);
      tokens.push_back({unit_name(unit) + (part.empty() ? "" : "/" + part), unit.columns.front(),
                        unit.coder->cardinality(t), unit.coder->ordered(t)});
    }
  }
}

const table::Column& Codec::State::source(const CodecUnit& unit, const table::Table& rows,
                                          table::Column& own) const {
  if (!unit.is_combination()) {
    const table::Column& column = rows.column(schema.columns[unit.column()].name);
    if (!unit.imputation) return column;
    own = imputed(column, *unit.imputation);
    return own;
  }
  std::vector<const table::Column*> parts;
  for (const int column : unit.columns) {
    parts.push_back(&rows.column(schema.columns[static_cast<std::size_t>(column)].name));
    SEMBLANCE_EXPECT(parts.back()->spec.kind == table::Kind::kCategory ||
                         parts.back()->spec.kind == table::Kind::kBoolean,
                     kData,
                     "column '{}' holds categories in the model but is of kind {} in this table",
                     parts.back()->spec.name, table::kind_name(parts.back()->spec.kind));
  }
  own = joined_columns(parts);
  return own;
}

const table::Column* Codec::State::base(const CodecUnit& unit, const table::Table& rows) const {
  if (is_entity_time(unit) && rows.find(kPreviousDate) >= 0) return &rows.column(kPreviousDate);
  return unit.base < 0 ? nullptr
                       : &rows.column(schema.columns[static_cast<std::size_t>(unit.base)].name);
}

void add_settings(base::SettingList& list, CodecOptions& options) {
  list.add("numeric_bins", &options.numeric_bins,
           "quantile bins of a numeric column with more distinct values than this");
  list.add("rare_min_count", &options.rare_min_count,
           "levels seen fewer times are never emitted (columns of fewer than 500 values: "
           "docs/TOKENS.md)");
  list.add("protect_extremes", &options.protect_extremes,
           "clip numbers and dates to the k-th smallest and largest value, k being rare_min_count");
  list.add("text_numbers", &options.text_numbers,
           "rare numbers among the texts of a category are drawn from bins, not withheld");
  list.add("digit_base", &options.digit_base,
           "columns with more tokens than this are split into two digits");
}

Codec::Codec(std::unique_ptr<State> state) : state_(std::move(state)) {}
Codec::Codec(Codec&&) noexcept = default;
Codec& Codec::operator=(Codec&&) noexcept = default;
Codec::~Codec() = default;

Codec Codec::fit(const table::Table& rows, const table::Schema& schema, const CodecOptions& options,
                 base::Communicator& communicator, const table::Table* entities) {
  check_options(options);
  auto state = std::make_unique<State>();
  state->schema = schema;
  state->schema.constraints = usable_constraints(schema);
  std::erase_if(state->schema.columns, [](const table::ColumnSpec& spec) { return spec.dropped; });
  SEMBLANCE_EXPECT(!state->schema.columns.empty(), kData,
                   "the table has no column left to learn: all are dropped");
  for (const table::ColumnSpec& spec : state->schema.columns) {
    const table::Kind kind = rows.column(spec.name).spec.kind;
    SEMBLANCE_EXPECT(kind == spec.kind, kData,
                     "column '{}' is of kind {} in the table but {} in the schema", spec.name,
                     table::kind_name(kind), table::kind_name(spec.kind));
  }
  state->list_units();
  state->find_bases();
  state->find_order();
  const std::vector<std::string>& constants = state->schema.entity_constants;
  for (CodecUnit& unit : state->units) {
    const std::string& name = state->schema.columns[unit.column()].name;
    const bool of_entity = name == kEntityRows ||
                           std::find(constants.begin(), constants.end(), name) != constants.end();
    const table::Table& seen = entities != nullptr && of_entity ? *entities : rows;
    if (unit.is_derived()) continue;
    if (!unit.is_combination()) unit.imputation = fit_imputation(seen.column(name), communicator);
    if (state->schema.columns[unit.column()].kind == table::Kind::kId) {
      std::vector<double> after = {static_cast<double>(first_free_row(seen.column(name)))};
      communicator.all_reduce_max(std::span(after));
      unit.ids_after = static_cast<std::int64_t>(after[0]);
      continue;
    }
    table::Column own;
    const table::Column& source = state->source(unit, seen, own);
    unit.coder = unit.is_combination()
                     ? fit_combination_column(source, options, communicator)
                     : fit_column(source, state->base(unit, seen), options, communicator);
  }
  state->list_tokens();
  return Codec(std::move(state));
}

const std::vector<TokenColumn>& Codec::token_columns() const { return state_->tokens; }
const table::Schema& Codec::schema() const { return state_->schema; }

void Codec::save(hid_t group) const {
  base::h5_write_attribute(group, "version", kFormatVersion);
  const base::H5Handle schema = base::h5_create_group(group, "schema");
  save_schema(schema.get(), state_->schema);
  for (const CodecUnit& unit : state_->units) {
    if (unit.is_derived()) continue;
    if (!unit.coder) {
      base::h5_write_attribute(group, ids_after_name(unit), unit.ids_after);
      continue;
    }
    const base::H5Handle column =
        base::h5_create_group(group, "column-" + std::to_string(unit.column()));
    unit.coder->save(column.get());
    if (unit.imputation) unit.imputation->save(column.get());
  }
}

Codec Codec::load(hid_t group) {
  const std::int64_t version = base::h5_read_int_attribute(group, "version");
  SEMBLANCE_EXPECT(
      version == kFormatVersion, kData,
      "the model's codec is of version {}; this program reads version {}: train the model "
      "again",
      version, kFormatVersion);
  auto state = std::make_unique<State>();
  const base::H5Handle schema = base::h5_open_group(group, "schema");
  state->schema = load_schema(schema.get());
  state->list_units();
  state->find_bases();
  state->find_order();
  for (CodecUnit& unit : state->units) {
    if (unit.is_derived()) continue;
    const table::Kind kind = state->schema.columns[unit.column()].kind;
    if (kind == table::Kind::kId) {
      unit.ids_after = base::h5_read_int_attribute(group, ids_after_name(unit));
      SEMBLANCE_EXPECT(unit.ids_after >= 0 && unit.ids_after <= 1'000'000'000'000'000, kData,
                       "column '{}': identifiers cannot begin at {}", state->unit_name(unit),
                       unit.ids_after);
      continue;
    }
    const base::H5Handle column =
        base::h5_open_group(group, "column-" + std::to_string(unit.column()));
    try {
      unit.coder = unit.is_combination() ? load_category_column(column.get())
                                         : load_column(kind, column.get());
      unit.imputation = Imputation::load(column.get());
    } catch (const base::Error& error) {
      base::fail(error.kind(), "column '{}': {}", state->unit_name(unit), error.what());
    }
  }
  state->list_tokens();
  return Codec(std::move(state));
}

TokenMatrix Codec::encode(const table::Table& rows, std::int64_t* unseen) const {
  TokenMatrix matrix;
  matrix.n_rows = rows.n_rows();
  matrix.n_columns = static_cast<int>(state_->tokens.size());
  matrix.tokens.resize(static_cast<std::size_t>(matrix.n_rows) * state_->tokens.size());
  std::int64_t unknown = 0;
  for (const CodecUnit& unit : state_->units) {
    if (!unit.coder) continue;
    EncodeTarget target;
    for (int t = 0; t < unit.coder->n_tokens(); ++t)
      target.tokens.push_back(matrix.column(unit.first_token + t));
    table::Column own;
    unit.coder->encode(state_->source(unit, rows, own), state_->base(unit, rows), target);
    unknown += target.unseen;
  }
  if (unseen != nullptr) *unseen = unknown;
  return matrix;
}

table::Table Codec::decode(const TokenMatrix& tokens, std::int64_t first_row, std::uint64_t seed,
                           const std::function<void(int, table::Column&)>& replace,
                           const char* begins) const {
  SEMBLANCE_EXPECT(tokens.n_columns == static_cast<int>(state_->tokens.size()), kData,
                   "decode: {} token columns, but the codec has {}", tokens.n_columns,
                   state_->tokens.size());
  table::Table rows = table::empty_table(state_->schema);
  for (const std::size_t index : state_->order) {
    const CodecUnit& unit = state_->units[index];
    state_->decode_unit(unit, tokens, first_row, seed, begins, rows);
    for (const int column : unit.columns) {
      if (replace) replace(column, rows.columns[static_cast<std::size_t>(column)]);
    }
  }
  return rows;
}

void Codec::derive(table::Table& rows,
                   const std::function<void(int, table::Column&)>& replace) const {
  for (const table::Derivation& formula : state_->derivations) {
    table::Column& column = rows.columns[static_cast<std::size_t>(formula.column)];
    column.spec = formula.spec;
    formula.compute(rows);
    if (replace) replace(formula.column, column);
  }
}

const std::vector<table::Derivation>& Codec::derivations() const { return state_->derivations; }

table::Column Codec::decode_column(int column, const TokenMatrix& tokens, std::int64_t first_row,
                                   std::uint64_t seed) const {
  table::Table rows = table::empty_table(state_->schema);
  state_->decode_unit(unit_of(column), tokens, first_row, seed, nullptr, rows);
  return std::move(rows.columns[static_cast<std::size_t>(column)]);
}

void Codec::State::decode_unit(const CodecUnit& unit, const TokenMatrix& matrix,
                               std::int64_t first_row, std::uint64_t seed, const char* begins,
                               table::Table& rows) const {
  if (unit.is_derived())
    return derivations[static_cast<std::size_t>(unit.derivation)].compute(rows);
  if (!unit.coder)
    return issue_identifiers(unit.ids_after + first_row, matrix.n_rows, seed,
                             rows.columns[unit.column()]);
  DecodeSource source{
      {}, matrix.n_rows, first_row, seed, static_cast<std::uint32_t>(unit.first_token)};
  if (is_entity_time(unit)) source.begins = begins;
  for (int t = 0; t < unit.coder->n_tokens(); ++t)
    source.tokens.push_back(matrix.column(unit.first_token + t));
  if (!unit.is_combination())
    return unit.coder->decode(source, base(unit, rows), rows.columns[unit.column()]);
  table::Column joined;
  unit.coder->decode(source, nullptr, joined);
  std::vector<table::Column*> parts;
  for (const int column : unit.columns)
    parts.push_back(&rows.columns[static_cast<std::size_t>(column)]);
  split_column(joined, parts);
}

}  // namespace semblance::trainer
