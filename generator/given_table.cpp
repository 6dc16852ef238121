#include "generator/given_table.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/error.hpp"
#include "generator/given_derived.hpp"
#include "generator/given_people.hpp"
#include "table/file_summary.hpp"
#include "table/read_table.hpp"
#include "trainer/panel.hpp"

namespace semblance::generator {
namespace {

table::Table read_given(const std::string& path, const table::Schema& model, int threads) {
  const std::vector<std::string> names = table::summarise_file(path, threads).schema.names();
  table::Metadata metadata;
  metadata.path = "the model";
  metadata.missing_markers = model.missing_markers;
  for (const table::ColumnSpec& spec : model.columns) {
    if (std::find(names.begin(), names.end(), spec.name) == names.end()) continue;
    table::Metadata::Wish wish;
    wish.spec.name = spec.name;
    wish.spec.kind = spec.kind;
    wish.spec.format = spec.format;
    wish.spec.unit = spec.unit;
    wish.kind_given = true;
    metadata.columns.push_back(wish);
  }
  table::ReadOptions options;
  options.threads = threads;
  options.metadata = &metadata;
  return table::read_table(path, options);
}

/// A column of a kind with nothing in it.
table::Column missing_column(const table::ColumnSpec& spec, std::int64_t n) {
  table::Column column{.spec = spec};
  const auto size = static_cast<std::size_t>(n);
  switch (spec.kind) {
    case table::Kind::kFloat:
      column.reals.assign(size, std::numeric_limits<double>::quiet_NaN());
      break;
    case table::Kind::kInteger:
    case table::Kind::kDate:
    case table::Kind::kDatetime:
      column.ints.assign(size, table::kMissingInt);
      break;
    default:
      column.codes.assign(size, table::kMissingCode);
  }
  return column;
}

/// How a column is written that holds given and made values.
table::ColumnSpec joined_spec(const table::ColumnSpec& model, const table::ColumnSpec& given) {
  table::ColumnSpec spec = model;
  spec.decimals =
      model.decimals < 0 || given.decimals < 0 ? -1 : std::max(model.decimals, given.decimals);
  spec.min_decimals = given.min_decimals;
  spec.missing_text = given.missing_text;
  if (!given.format.empty()) spec.format = given.format;
  return spec;
}

/// Copies cells. All levels that the column lacks are added at once, so that codes mean the same in
/// every table that it is done to.
class CellCopier {
 public:
  CellCopier(const table::Column& from, table::Column& to) : from_(from), to_(to) {
    for (std::size_t i = 0; i < to.levels.size(); ++i)
      index_.emplace(to.levels[i], static_cast<std::int32_t>(i));
    for (const std::string& level : from.levels) code_of(level);
  }
  void copy(std::size_t from_row, std::size_t to_row) {
    if (!from_.reals.empty()) to_.reals[to_row] = from_.reals[from_row];
    if (!from_.ints.empty()) to_.ints[to_row] = from_.ints[from_row];
    if (from_.codes.empty()) return;
    const std::int32_t code = from_.codes[from_row];
    to_.codes[to_row] =
        code < 0 ? table::kMissingCode : code_of(from_.levels[static_cast<std::size_t>(code)]);
  }

 private:
  std::int32_t code_of(const std::string& level) {
    const auto [place, added] = index_.emplace(level, static_cast<std::int32_t>(to_.levels.size()));
    if (added) to_.levels.push_back(level);
    return place->second;
  }

  const table::Column& from_;
  table::Column& to_;
  std::unordered_map<std::string, std::int32_t> index_;
};

}  // namespace

GivenTable::GivenTable(const std::string& path, bool impute, const trainer::Codec& codec,
                       int threads, std::uint64_t seed)
    : GivenTable(read_given(path, codec.schema(), threads), path, impute, codec, seed) {}

GivenTable::GivenTable(table::Table rows, const std::string& name, bool impute,
                       const trainer::Codec& codec, std::uint64_t seed)
    : name_(name), impute_(impute), given_(std::move(rows)) {
  ComputedBack back = compute_back(given_, codec, impute, seed);
  added_ = std::move(back.added), unheeded_ = std::move(back.unheeded);
  if (codec.schema().find(trainer::kEntityRows) >= 0) {
    GivenPeople people = group_people(std::move(given_), codec.schema(), impute, name);
    given_ = std::move(people.rows), entities_ = std::move(people.begin);
  }
  match_columns(codec);
  fix_tokens(codec);
}

void GivenTable::match_columns(const trainer::Codec& codec) {
  schema_ = codec.schema();
  unknown_.assign(schema_.columns.size(), 0);
  operands_.resize(schema_.columns.size());
  for (const table::Derivation& formula : codec.derivations())
    operands_[static_cast<std::size_t>(formula.column)] = formula.operands();
  bool any = false;
  for (table::ColumnSpec& spec : schema_.columns) {
    source_.push_back(given_.find(spec.name));
    if (source_.back() < 0) continue;
    any = any || (spec.kind != table::Kind::kId && spec.name != trainer::kEntityRows &&
                  spec.derived.empty());
    spec.derived.clear();  // given cells stay, whatever they are
    spec = joined_spec(spec, given_.columns[static_cast<std::size_t>(source_.back())].spec);
  }
  SEMBLANCE_EXPECT(any, kData, "{}: none of its columns is one that the model has learned ({})",
                   name_, fmt::join(codec.schema().names(), ", "));
  for (int c = 0; c < given_.n_columns(); ++c) {
    const table::ColumnSpec& spec = given_.columns[static_cast<std::size_t>(c)].spec;
    if (std::find(source_.begin(), source_.end(), c) != source_.end() ||
        spec.name == trainer::kPreviousDate)
      continue;
    carried_.push_back(c);
    schema_.columns.push_back(spec);
  }
}

/// True for a gap of a column that was not in the table.
bool GivenTable::is_free(int column, std::int64_t row) const {
  const table::Column& cells =
      given_.columns[static_cast<std::size_t>(source_[static_cast<std::size_t>(column)])];
  return cells.is_missing(row) &&
         std::find(added_.begin(), added_.end(), cells.spec.name) != added_.end();
}

/// True when the cell says something that the model knows. A missing cell does where it stays
/// missing.
bool GivenTable::is_given(const trainer::Codec& codec, int column, std::int64_t row) const {
  const int source = source_[static_cast<std::size_t>(column)];
  if (source < 0) return false;
  const table::Column& cells = given_.columns[static_cast<std::size_t>(source)];
  if (cells.is_missing(row)) return !impute_ && !is_free(column, row);
  if (cells.codes.empty()) return true;
  return codec.knows_level(
      column, cells.levels[static_cast<std::size_t>(cells.codes[static_cast<std::size_t>(row)])]);
}

void GivenTable::fix_tokens(const trainer::Codec& codec) {
  table::Table whole;
  for (std::size_t c = 0; c < codec.schema().columns.size(); ++c) {
    whole.columns.push_back(source_[c] < 0 ? missing_column(codec.schema().columns[c], n_rows())
                                           : given_.columns[static_cast<std::size_t>(source_[c])]);
  }
  if (const int previous = given_.find(trainer::kPreviousDate); previous >= 0)
    whole.columns.push_back(given_.columns[static_cast<std::size_t>(previous)]);
  const trainer::TokenMatrix tokens = codec.encode(whole);
  n_tokens_ = tokens.n_columns;
  fixed_.assign(tokens.tokens.size(), kernels::kFreeToken);
  std::vector<char> done(source_.size(), 0);
  for (int c = 0; c < static_cast<int>(source_.size()); ++c) {
    const std::pair<int, int> range = codec.tokens_of(c);
    if (range.first == range.second || done[static_cast<std::size_t>(c)] != 0) continue;
    std::vector<int> columns;  // of the same fixed combination
    for (int other = c; other < static_cast<int>(source_.size()); ++other) {
      if (codec.tokens_of(other) != range) continue;
      columns.push_back(other);
      done[static_cast<std::size_t>(other)] = 1;
    }
    fix_unit(codec, tokens, columns);
  }
}

/// An interval needs both of its ends; the date that an entity's rows are in order of is counted
/// from the row before, but for the first row.
bool GivenTable::needs_base(const trainer::Codec& codec, int column, std::int64_t row) const {
  if (codec.base_of(column) < 0) return false;
  return codec.schema().columns[static_cast<std::size_t>(column)].name !=
             codec.schema().entity_time ||
         entities_.empty() || std::binary_search(entities_.begin(), entities_.end(), row);
}

/// The given tokens of a column, or of the columns of a combination.
void GivenTable::fix_unit(const trainer::Codec& codec, const trainer::TokenMatrix& tokens,
                          const std::vector<int>& columns) {
  const auto [first, last] = codec.tokens_of(columns.front());
  const int base = codec.base_of(columns.front());
  const auto cells = [&](int column) -> const table::Column& {
    return given_.columns[static_cast<std::size_t>(source_[static_cast<std::size_t>(column)])];
  };
  const auto missing_masks = [&](int column, bool missing) {
    table::AllowedValues allowed;
    allowed.column = column;
    allowed.text = schema_.columns[static_cast<std::size_t>(column)].name +
                   (missing ? " IS MISSING" : " IS NOT MISSING");
    (missing ? allowed.present : allowed.missing) = false;
    return allowed;
  };
  for (std::int64_t row = 0; row < n_rows(); ++row) {
    bool all = !needs_base(codec, columns.front(), row) || is_given(codec, base, row);
    for (const int column : columns) all = all && is_given(codec, column, row);
    for (const int column : columns) {
      if (source_[static_cast<std::size_t>(column)] < 0 || is_free(column, row)) continue;
      const bool missing = cells(column).is_missing(row);
      if (missing && impute_) ++filled_;
      if (!missing && !is_given(codec, column, row)) ++unknown_[static_cast<std::size_t>(column)];
      if (columns.size() == 1 && missing && (impute_ || all)) {
        add_mask(codec, missing_masks(column, !impute_), row);
        all = false;
      }
      if (columns.size() == 1 || all) continue;
      if (missing && impute_) {
        add_mask(codec, missing_masks(column, false), row);
      } else if (is_given(codec, column, row)) {
        table::AllowedValues allowed = missing_masks(column, true);
        if (!missing) {
          const std::string level = cells(column).as_text(row);
          allowed = missing_masks(column, false);
          allowed.text = schema_.columns[static_cast<std::size_t>(column)].name + " = " + level;
          allowed.listed = true;
          allowed.levels = {level};
        }
        add_mask(codec, allowed, row);
      }
    }
    for (int t = first; t < last && all; ++t)
      fixed_[static_cast<std::size_t>(t * n_rows() + row)] = tokens.column(t)[row];
  }
}

/// Lays masks over one row. Where the model makes no such value, the cell is left open.
void GivenTable::add_mask(const trainer::Codec& codec, const table::AllowedValues& allowed,
                          std::int64_t row) {
  bool found = false;
  for (std::size_t m = 0; m < masks_.size(); ++m) {
    if (mask_keys_[m] != allowed.text) continue;
    masks_[m].rows[static_cast<std::size_t>(row)] = 1;
    found = true;
  }
  if (found) return;
  std::vector<kernels::TokenMask> masks;
  try {
    masks = codec.restrict(allowed);
  } catch (const base::Error&) {
    // For example a gap in a column that had none in training: nothing to hold on to. An open mask
    // is kept so that this is found out only once.
  }
  if (masks.empty()) {
    const int column = codec.tokens_of(allowed.column).first;
    masks.push_back({column,
                     -1,
                     std::vector<float>(
                         static_cast<std::size_t>(
                             codec.token_columns()[static_cast<std::size_t>(column)].cardinality),
                         1.0f),
                     {}});
  }
  for (kernels::TokenMask& mask : masks) {
    mask.rows.assign(static_cast<std::size_t>(n_rows()), 0);
    mask.rows[static_cast<std::size_t>(row)] = 1;
    masks_.push_back(std::move(mask));
    mask_keys_.push_back(allowed.text);
  }
}

std::vector<std::uint16_t> GivenTable::fixed(std::span<const std::int64_t> rows) const {
  std::vector<std::uint16_t> out;
  out.reserve(static_cast<std::size_t>(n_tokens_) * rows.size());
  for (int t = 0; t < n_tokens_; ++t) {
    for (const std::int64_t row : rows)
      out.push_back(fixed_[static_cast<std::size_t>(t * n_rows() + row % n_rows())]);
  }
  return out;
}

std::vector<kernels::TokenMask> GivenTable::masks(std::span<const std::int64_t> rows) const {
  std::vector<kernels::TokenMask> out;
  for (const kernels::TokenMask& mask : masks_) {
    std::vector<char> holds;
    for (const std::int64_t row : rows)
      holds.push_back(mask.rows[static_cast<std::size_t>(row % n_rows())]);
    if (std::find(holds.begin(), holds.end(), 1) == holds.end()) continue;
    out.push_back({mask.column, mask.given, mask.weights, std::move(holds)});
  }
  return out;
}

void GivenTable::overlay(std::int64_t first, int column, table::Column& made) const {
  const auto c = static_cast<std::size_t>(column);
  made.spec = schema_.columns[c];
  if (source_[c] < 0) return;
  const table::Column& given = given_.columns[static_cast<std::size_t>(source_[c])];
  const bool added = std::find(added_.begin(), added_.end(), given.spec.name) != added_.end();
  CellCopier copier(given, made);
  for (std::int64_t i = 0; i < made.size(); ++i) {
    const std::int64_t row = (first + i) % n_rows();
    const bool filled =
        given.is_missing(row) && (impute_ || added) && given.spec.kind != table::Kind::kId;
    if (!filled) copier.copy(static_cast<std::size_t>(row), static_cast<std::size_t>(i));
  }
}

void GivenTable::carry(std::int64_t first, table::Table& rows) const {
  if (carried_.empty()) return;
  std::vector<std::int64_t> which;
  for (std::int64_t i = 0; i < rows.n_rows(); ++i) which.push_back((first + i) % n_rows());
  table::Table carried;
  for (const int c : carried_)
    carried.columns.push_back(given_.columns[static_cast<std::size_t>(c)]);
  for (table::Column& column : table::take_rows(carried, which).columns)
    rows.columns.push_back(std::move(column));
}

bool GivenTable::gives(int column, std::int64_t output_row) const {
  const int source = source_[static_cast<std::size_t>(column)];
  if (source >= 0)
    return !given_.columns[static_cast<std::size_t>(source)].is_missing(output_row % n_rows());
  const std::vector<int>& operands = operands_[static_cast<std::size_t>(column)];
  return !operands.empty() && std::all_of(operands.begin(), operands.end(),
                                          [&](int operand) { return gives(operand, output_row); });
}

}  // namespace semblance::generator
