#include "trainer/codec.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "base/log.hpp"
#include "trainer/codec_column.hpp"
#include "trainer/codec_identifier.hpp"
#include "trainer/codec_schema.hpp"

namespace semblance::trainer {
namespace {

constexpr std::int64_t kFormatVersion = 1;

bool is_date(table::Kind kind) {
  return kind == table::Kind::kDate || kind == table::Kind::kDatetime;
}

std::unique_ptr<ColumnCoder> fit_column(const table::Column& column, const table::Column* base,
                                        const CodecOptions& options,
                                        base::Communicator& communicator) {
  switch (column.spec.kind) {
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

std::string column_group(std::size_t i) { return "column-" + std::to_string(i); }

void check_options(const CodecOptions& options) {
  SEMBLANCE_EXPECT(options.numeric_bins >= 2 && options.numeric_bins <= 4096, kData,
                   "numeric_bins is {}; it must be 2 to 4096", options.numeric_bins);
  SEMBLANCE_EXPECT(options.rare_min_count >= 1, kData, "rare_min_count is {}; it must be 1 or more",
                   options.rare_min_count);
  SEMBLANCE_EXPECT(options.digit_base >= 4 && options.digit_base <= 32'768, kData,
                   "digit_base is {}; it must be 4 to 32768", options.digit_base);
}

}  // namespace

struct Codec::State {
  table::Schema schema;
  std::vector<std::unique_ptr<ColumnCoder>> coders;  ///< [columns] null for identifiers
  std::vector<int> base_of;      ///< [columns] column that a date is relative to, or -1
  std::vector<int> order;        ///< columns, each after the one that it is relative to
  std::vector<int> first_token;  ///< [columns]
  std::vector<TokenColumn> tokens;

  void find_bases();
  void find_order();
  void list_tokens();
};

/// Resolves relative_to. A base that is no modelled date column is left out, with a warning.
void Codec::State::find_bases() {
  base_of.assign(schema.columns.size(), -1);
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    table::ColumnSpec& spec = schema.columns[i];
    if (spec.relative_to.empty() || !is_date(spec.kind)) continue;
    const int base = schema.find(spec.relative_to);
    SEMBLANCE_EXPECT(base != static_cast<int>(i), kData, "column '{}' is relative to itself",
                     spec.name);
    if (base < 0 || !is_date(schema.columns[static_cast<std::size_t>(base)].kind)) {
      base::log_warning(
          "column '{}' is relative to '{}', which is not a date column of the model: taken by "
          "itself",
          spec.name, spec.relative_to);
      spec.relative_to.clear();
      continue;
    }
    base_of[i] = base;
  }
}

void Codec::State::find_order() {
  order.clear();
  std::vector<bool> placed(schema.columns.size(), false);
  while (order.size() < schema.columns.size()) {
    const std::size_t before = order.size();
    for (std::size_t i = 0; i < schema.columns.size(); ++i) {
      if (placed[i] || (base_of[i] >= 0 && !placed[static_cast<std::size_t>(base_of[i])])) continue;
      placed[i] = true;
      order.push_back(static_cast<int>(i));
    }
    if (order.size() > before) continue;
    const auto stuck =
        static_cast<std::size_t>(std::find(placed.begin(), placed.end(), false) - placed.begin());
    base::fail(base::ErrorKind::kData, "the dates that '{}' is relative to form a circle",
               schema.columns[stuck].name);
  }
}

void Codec::State::list_tokens() {
  tokens.clear(), first_token.clear();
  for (std::size_t i = 0; i < coders.size(); ++i) {
    first_token.push_back(static_cast<int>(tokens.size()));
    if (!coders[i]) continue;
    for (int t = 0; t < coders[i]->n_tokens(); ++t) {
      const std::string part = coders[i]->part_name(t);
      tokens.push_back({schema.columns[i].name + (part.empty() ? "" : "/" + part),
                        static_cast<int>(i), coders[i]->cardinality(t)});
    }
  }
}

void add_settings(base::SettingList& list, CodecOptions& options) {
  list.add("numeric_bins", &options.numeric_bins,
           "quantile bins of a numeric column with more distinct values than this");
  list.add("rare_min_count", &options.rare_min_count, "levels seen fewer times are never emitted");
  list.add("protect_extremes", &options.protect_extremes,
           "clip numbers and dates to the k-th smallest and largest value, k being rare_min_count");
  list.add("digit_base", &options.digit_base,
           "columns with more tokens than this are split into two digits");
}

Codec::Codec(std::unique_ptr<State> state) : state_(std::move(state)) {}
Codec::Codec(Codec&&) noexcept = default;
Codec& Codec::operator=(Codec&&) noexcept = default;
Codec::~Codec() = default;

Codec Codec::fit(const table::Table& rows, const table::Schema& schema, const CodecOptions& options,
                 base::Communicator& communicator) {
  check_options(options);
  auto state = std::make_unique<State>();
  state->schema = schema;
  std::erase_if(state->schema.columns, [](const table::ColumnSpec& spec) { return spec.dropped; });
  SEMBLANCE_EXPECT(!state->schema.columns.empty(), kData,
                   "the table has no column left to learn: all are dropped");
  state->find_bases();
  state->find_order();
  for (std::size_t i = 0; i < state->schema.columns.size(); ++i) {
    const table::ColumnSpec& spec = state->schema.columns[i];
    const table::Column& column = rows.column(spec.name);
    SEMBLANCE_EXPECT(column.spec.kind == spec.kind, kData,
                     "column '{}' is of kind {} in the table but {} in the schema", spec.name,
                     table::kind_name(column.spec.kind), table::kind_name(spec.kind));
    const table::Column* base =
        state->base_of[i] < 0
            ? nullptr
            : &rows.column(state->schema.columns[static_cast<std::size_t>(state->base_of[i])].name);
    state->coders.push_back(fit_column(column, base, options, communicator));
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
  for (std::size_t i = 0; i < state_->coders.size(); ++i) {
    if (!state_->coders[i]) continue;
    const base::H5Handle column = base::h5_create_group(group, column_group(i));
    state_->coders[i]->save(column.get());
  }
}

Codec Codec::load(hid_t group) {
  const std::int64_t version = base::h5_read_int_attribute(group, "version");
  SEMBLANCE_EXPECT(version == kFormatVersion, kData,
                   "the model's codec is of version {}; this program reads version {}", version,
                   kFormatVersion);
  auto state = std::make_unique<State>();
  const base::H5Handle schema = base::h5_open_group(group, "schema");
  state->schema = load_schema(schema.get());
  state->find_bases();
  state->find_order();
  for (std::size_t i = 0; i < state->schema.columns.size(); ++i) {
    const table::Kind kind = state->schema.columns[i].kind;
    if (kind == table::Kind::kId) {
      state->coders.push_back(nullptr);
      continue;
    }
    const base::H5Handle column = base::h5_open_group(group, column_group(i));
    try {
      state->coders.push_back(load_column(kind, column.get()));
    } catch (const base::Error& error) {
      base::fail(error.kind(), "column '{}': {}", state->schema.columns[i].name, error.what());
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
  for (std::size_t i = 0; i < state_->coders.size(); ++i) {
    if (!state_->coders[i]) continue;
    EncodeTarget target;
    for (int t = 0; t < state_->coders[i]->n_tokens(); ++t)
      target.tokens.push_back(matrix.column(state_->first_token[i] + t));
    const int base = state_->base_of[i];
    state_->coders[i]->encode(
        rows.column(state_->schema.columns[i].name),
        base < 0 ? nullptr
                 : &rows.column(state_->schema.columns[static_cast<std::size_t>(base)].name),
        target);
    unknown += target.unseen;
  }
  if (unseen != nullptr) *unseen = unknown;
  return matrix;
}

table::Table Codec::decode(const TokenMatrix& tokens, std::int64_t first_row,
                           std::uint64_t seed) const {
  SEMBLANCE_EXPECT(tokens.n_columns == static_cast<int>(state_->tokens.size()), kData,
                   "decode: {} token columns, but the codec has {}", tokens.n_columns,
                   state_->tokens.size());
  table::Table rows = table::empty_table(state_->schema);
  for (const int index : state_->order) {
    const auto i = static_cast<std::size_t>(index);
    if (!state_->coders[i]) {
      issue_identifiers(first_row, tokens.n_rows, seed, rows.columns[i]);
      continue;
    }
    DecodeSource source{
        {}, tokens.n_rows, first_row, seed, static_cast<std::uint32_t>(state_->first_token[i])};
    for (int t = 0; t < state_->coders[i]->n_tokens(); ++t)
      source.tokens.push_back(tokens.column(state_->first_token[i] + t));
    const int base = state_->base_of[i];
    state_->coders[i]->decode(source,
                              base < 0 ? nullptr : &rows.columns[static_cast<std::size_t>(base)],
                              rows.columns[i]);
  }
  return rows;
}

}  // namespace semblance::trainer
