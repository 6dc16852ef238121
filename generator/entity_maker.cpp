#include "generator/entity_maker.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "trainer/codec_identifier.hpp"

namespace semblance::generator {
namespace {

/// Bits of a row's place within its entity in the number that addresses its draws.
constexpr int kPlaceBits = 20;
constexpr std::int64_t kMostRows = std::int64_t{1} << kPlaceBits;

std::uint64_t address(std::int64_t entity, std::int64_t place) {
  return static_cast<std::uint64_t>(entity) << kPlaceBits | static_cast<std::uint64_t>(place);
}

/// The arrays behind GivenRows::History.
struct HistoryArrays {
  std::vector<std::uint64_t> row, entity;
  std::vector<std::uint16_t> previous;
  std::vector<std::int32_t> index, size, candidate;

  void add(std::int64_t which, std::int64_t place, std::int64_t rows) {
    row.push_back(address(which, place));
    entity.push_back(static_cast<std::uint64_t>(which));
    index.push_back(static_cast<std::int32_t>(place));
    size.push_back(static_cast<std::int32_t>(rows));
  }
  kernels::GivenRows::History view() const {
    return {row, entity, previous, index, size, candidate};
  }
};

}  // namespace

table::Schema EntityMaker::output_schema(const trainer::Model& model, const GivenTable* given) {
  table::Schema schema = given == nullptr ? model.codec.schema() : given->schema();
  schema.columns.erase(schema.columns.begin() + model.panel.rows_column);
  return schema;
}

EntityMaker::EntityMaker(const trainer::Model& model, std::uint64_t seed, std::int64_t rows,
                         std::int64_t entities, int threads, const CopyGuard* guard,
                         const RowConditions* conditions)
    : model_(model),
      codec_(model.codec),
      panel_(model.panel),
      seed_(seed),
      guard_(guard),
      conditions_(conditions),
      given_(conditions == nullptr ? nullptr : conditions->given()),
      schema_(output_schema(model, given_)),
      constraints_(table::parse_constraints(schema_)) {
  SEMBLANCE_ASSERT(panel_.exists());
  for (const std::string& name : codec_.schema().entity_constants)
    constants_.push_back(codec_.schema().find(name));
  rows_bound_ = given_ != nullptr;
  for (std::size_t i = 0; conditions_ != nullptr && i < conditions_->where().size(); ++i)
    rows_bound_ = rows_bound_ || !is_constant(conditions_->where()[i].column);
  given_ == nullptr ? plan(rows, entities, threads) : plan_given(rows);
}

bool EntityMaker::is_constant(int column) const {
  return std::find(constants_.begin(), constants_.end(), column) != constants_.end();
}

/// The given entities, again and again.
void EntityMaker::plan_given(std::int64_t rows) {
  const std::vector<std::int64_t>& begin = given_->entities();
  begin_ = {0};
  for (std::int64_t at = 0; at < std::max(rows, given_->n_rows()); at += given_->n_rows()) {
    for (std::size_t e = 1; e < begin.size(); ++e) begin_.push_back(at + begin[e]);
  }
  last_rows_ = begin_.back() - begin_[begin_.size() - 2];
}

/// Draws the number of rows of one entity after the other until there are enough.
void EntityMaker::plan(std::int64_t rows, std::int64_t entities, int threads) {
  constexpr std::int64_t kStep = 1 << 14;
  const auto [from, to] = codec_.tokens_of(panel_.rows_column);
  const int columns = conditions_ == nullptr ? to - from : 0;
  begin_ = {0};
  const auto enough = [&] {
    return rows > 0 ? begin_.back() >= rows : this->entities() >= entities;
  };
  while (!enough()) {
    const std::int64_t first = this->entities();
    const std::int64_t n =
        rows > 0 ? std::min(kStep, rows - begin_.back()) : std::min(kStep, entities - first);
    kernels::GivenTokens drawn = first_rows(first, n, 0, columns, threads);
    const trainer::TokenMatrix tokens{n, static_cast<int>(codec_.token_columns().size()),
                                      std::move(drawn.tokens)};
    const table::Column counts = codec_.decode_column(panel_.rows_column, tokens, first, seed_);
    for (std::int64_t i = 0; i < n && !enough(); ++i) {
      const std::int64_t count =
          counts.is_missing(i) ? 1 : counts.ints[static_cast<std::size_t>(i)];
      begin_.push_back(begin_.back() + std::clamp<std::int64_t>(count, 1, kMostRows));
    }
  }
  last_rows_ = begin_.back() - begin_[begin_.size() - 2];
  if (rows > 0) begin_.back() = rows;
}

/// First rows of entities [first, first + n). Further attempts keep the number of rows.
kernels::GivenTokens EntityMaker::first_rows(std::int64_t first, std::int64_t n, int attempt,
                                             int columns, int threads) const {
  const std::size_t cells = codec_.token_columns().size() * static_cast<std::size_t>(n);
  HistoryArrays history;
  history.previous.resize(kernels::kLookBack * cells);
  std::vector<std::int64_t> output;  // rows of the output; only those of given entities are known
  for (std::int64_t e = first; given_ != nullptr && e < first + n; ++e) output.push_back(begin(e));
  output.resize(static_cast<std::size_t>(n));
  for (std::int64_t e = first; e < first + n; ++e) history.add(e, 0, 1);
  std::vector<std::uint16_t> fixed;
  if (given_ != nullptr) {
    fixed = given_->fixed(output);
  } else if (attempt > 0) {
    const auto [from, to] = codec_.tokens_of(panel_.rows_column);
    const kernels::GivenTokens counts =
        first_rows(first, n, 0, conditions_ == nullptr ? to - from : 0, threads);
    fixed.assign(cells, kernels::kFreeToken);
    std::copy(counts.tokens.begin() + from * n, counts.tokens.begin() + to * n,
              fixed.begin() + from * n);
  }
  const kernels::GivenRows::History view = history.view();
  kernels::GivenRows rows{.n_rows = n, .seed = retry_seed(seed_, attempt), .fixed = fixed};
  rows.particles = 1;
  rows.history = &view;
  rows.columns = columns;
  std::vector<kernels::TokenMask> masks = codec_.entity_time_masks(true);
  if (conditions_ != nullptr) {
    for (kernels::TokenMask& mask : conditions_->masks(output)) masks.push_back(std::move(mask));
    rows.particles = conditions_->particles();
  }
  rows.masks = masks;
  return model_.sampler->sample_given(rows, threads);
}

/// How well the first rows could be drawn.
void EntityMaker::add_figures(const kernels::GivenTokens& start, ConditionFigures& figures) const {
  figures.rows += static_cast<std::int64_t>(start.effective.size());
  for (std::size_t i = 0; i < start.effective.size(); ++i) {
    figures.effective += start.effective[i];
    figures.few +=
        conditions_->particles() > 1 && start.effective[i] < RowConditions::kFewCandidates;
    figures.mass += std::exp(start.log_mass[i]);
  }
}

/// Tokens of all rows of entities [first, first + n), row after row.
trainer::TokenMatrix EntityMaker::draw_tokens(std::int64_t first, std::int64_t n, int attempt,
                                              ConditionFigures* figures) const {
  const std::int64_t n_rows = begin(first + n) - begin(first);
  const int columns = static_cast<int>(codec_.token_columns().size());
  trainer::TokenMatrix tokens{
      n_rows, columns, std::vector<std::uint16_t>(static_cast<std::size_t>(n_rows * columns))};
  const kernels::GivenTokens start = first_rows(first, n, attempt, 0, 1);
  std::int64_t longest = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (int t = 0; t < columns; ++t)
      tokens.column(t)[begin(first + i) - begin(first)] =
          start.tokens[static_cast<std::size_t>(t * n + i)];
    longest = std::max(longest, begin(first + i + 1) - begin(first + i));
  }
  if (figures != nullptr && conditions_ != nullptr) add_figures(start, *figures);
  for (std::int64_t step = 1; step < longest; ++step)
    draw_next(first, step, retry_seed(seed_, attempt), start.candidate, tokens);
  return tokens;
}

/// The step-th rows of those entities that have one.
/// \param candidates  [entities] GivenTokens::candidate of their first rows
void EntityMaker::draw_next(std::int64_t first, std::int64_t step, std::uint64_t seed,
                            std::span<const std::int32_t> candidates,
                            trainer::TokenMatrix& tokens) const {
  HistoryArrays history;
  std::vector<std::int64_t> places, output;  // rows in `tokens`, and of the output
  for (std::int64_t e = first; begin(e) - begin(first) < tokens.n_rows; ++e) {
    if (begin(e + 1) - begin(e) <= step) continue;
    history.add(e, step, e + 1 == entities() ? last_rows_ : begin(e + 1) - begin(e));
    history.candidate.push_back(candidates[static_cast<std::size_t>(e - first)]);
    places.push_back(begin(e) - begin(first) + step);
    output.push_back(begin(e) + step);
  }
  const auto n = static_cast<std::int64_t>(places.size());
  const auto cell = [&](int t, std::int64_t i) { return static_cast<std::size_t>(t * n + i); };
  std::vector<std::uint16_t> fixed;
  if (given_ != nullptr) fixed = given_->fixed(output);
  fixed.resize(static_cast<std::size_t>(n * tokens.n_columns), kernels::kFreeToken);
  history.previous.resize(kernels::kLookBack * fixed.size());
  for (int s = 0; s < tokens.n_columns; ++s) {
    const int t = panel_.order[static_cast<std::size_t>(s)];
    for (std::int64_t i = 0; i < n; ++i) {
      const std::uint16_t* now = tokens.column(t) + places[static_cast<std::size_t>(i)];
      for (int back = 0; back < std::min<std::int64_t>(step, kernels::kLookBack); ++back)
        history.previous[cell(back * tokens.n_columns + t, i)] = now[-1 - back];
      if (s < panel_.shared) fixed[cell(t, i)] = now[-1];
    }
  }
  const kernels::GivenRows::History view = history.view();
  kernels::GivenRows rows{.n_rows = n, .seed = seed, .fixed = fixed};
  rows.particles = rows_bound_ ? conditions_->particles() : 1;
  rows.history = &view;
  std::vector<kernels::TokenMask> masks = codec_.entity_time_masks(false);
  if (rows_bound_) {
    for (kernels::TokenMask& mask : conditions_->masks(output)) masks.push_back(std::move(mask));
  }
  rows.masks = masks;
  const kernels::GivenTokens drawn = model_.sampler->sample_given(rows, 1);
  for (int t = 0; t < tokens.n_columns; ++t) {
    for (std::int64_t i = 0; i < n; ++i)
      tokens.column(t)[places[static_cast<std::size_t>(i)]] = drawn.tokens[cell(t, i)];
  }
}

/// The same new identifier for all rows of an entity.
table::Column EntityMaker::identifiers(std::int64_t first, std::int64_t n,
                                       table::Column column) const {
  trainer::issue_identifiers(panel_.ids_after + first, n, seed_, column);
  std::vector<std::int32_t> codes;
  for (std::int64_t i = 0; i < n; ++i)
    codes.insert(codes.end(), static_cast<std::size_t>(begin(first + i + 1) - begin(first + i)),
                 static_cast<std::int32_t>(i));
  column.codes = std::move(codes);
  return column;
}

table::Table EntityMaker::draw(std::int64_t first, std::int64_t n, int attempt,
                               ConditionFigures* figures) const {
  const trainer::TokenMatrix tokens = draw_tokens(first, n, attempt, figures);
  const std::uint64_t seed = retry_seed(seed_, attempt);
  std::vector<char> begins(static_cast<std::size_t>(tokens.n_rows), 0);
  for (std::int64_t e = first; e < first + n; ++e)
    begins[static_cast<std::size_t>(begin(e) - begin(first))] = 1;
  const auto spread = [&](table::Column& cells) {
    for (std::size_t row = 1; row < begins.size(); ++row) {
      if (begins[row] != 0) continue;
      if (!cells.reals.empty()) cells.reals[row] = cells.reals[row - 1];
      if (!cells.ints.empty()) cells.ints[row] = cells.ints[row - 1];
      if (!cells.codes.empty()) cells.codes[row] = cells.codes[row - 1];
    }
  };
  table::Table rows = codec_.decode(
      tokens, begin(first), seed,
      [&](int column, table::Column& cells) {
        if (column == panel_.entity) cells = identifiers(first, n, std::move(cells));
        if (is_constant(column)) spread(cells);
        if (given_ != nullptr) given_->overlay(begin(first), column, cells);
      },
      begins.data());
  for (std::size_t i = 0; conditions_ != nullptr && i < conditions_->where().size(); ++i) {
    const table::AllowedValues& allowed = conditions_->where()[i];
    codec_.narrow(allowed, tokens, begin(first), seed, rows);
    if (is_constant(allowed.column)) spread(rows.columns[static_cast<std::size_t>(allowed.column)]);
  }
  rows.columns.erase(rows.columns.begin() + panel_.rows_column);
  if (given_ != nullptr) given_->carry(begin(first), rows);
  return rows;
}

/// Whether rows [first, last) of a table meet everything; counts what they break.
/// \param first_output  number in the output of the table's first row
bool EntityMaker::good(const table::Table& rows, std::int64_t first, std::int64_t last,
                       std::int64_t first_output, RetryCounts& counts) const {
  bool all = true;
  for (std::int64_t row = first; row < last; ++row) {
    for (std::size_t i = 0; i < constraints_.size(); ++i) {
      if (constraints_[i].holds(rows, row) ||
          (conditions_ != nullptr && !conditions_->binds(constraints_[i], first_output + row)))
        continue;
      all = false;
      ++counts.broken[i];
    }
    if (conditions_ != nullptr && !conditions_->meets(rows, row, first_output, counts.conditions))
      all = false;
  }
  if (guard_ != nullptr && all) {
    std::vector<std::int64_t> which(static_cast<std::size_t>(last - first));
    std::iota(which.begin(), which.end(), first);
    for (const char copy : guard_->copies(rows, which)) {
      counts.copies += copy != 0;
      all = all && copy == 0;
    }
  }
  return all;
}

void EntityMaker::give_up(const table::Table& rows, std::int64_t entity) const {
  for (std::int64_t row = 0; row < rows.n_rows(); ++row) {
    for (const table::Constraint& constraint : constraints_) {
      SEMBLANCE_EXPECT(
          constraint.holds(rows, row) ||
              (conditions_ != nullptr && !conditions_->binds(constraint, begin(entity) + row)),
          kData,
          "constraint '{}' is still broken by a row of {} {} after {} draws: the "
          "training table hardly ever meets it; correct or leave out the constraint in "
          "the metadata and train again",
          constraint.text, schema_.entity, entity + 1, kMostDraws);
    }
    const std::string broken =
        conditions_ == nullptr ? "" : conditions_->broken(rows, row, begin(entity));
    SEMBLANCE_EXPECT(broken.empty(), kData, "{} is still broken by {} {} after {} draws: widen it",
                     broken, schema_.entity, entity + 1, kMostDraws);
  }
  base::fail(base::ErrorKind::kData,
             "a row of {} {} still equals a real row after {} draws: generate without "
             "reject_copies_of",
             schema_.entity, entity + 1, kMostDraws);
}

/// Entities [first, last), each drawn again as a whole until all of its rows are good.
table::Table EntityMaker::make_block(std::int64_t first, std::int64_t last,
                                     RetryCounts& counts) const {
  counts.broken.assign(constraints_.size(), 0);
  table::Table rows = draw(first, last - first, 0, &counts.conditions);
  if (constraints_.empty() && guard_ == nullptr && conditions_ == nullptr) return rows;
  for (std::int64_t e = first; e < last; ++e) {
    const std::int64_t at = begin(e) - begin(first), many = begin(e + 1) - begin(e);
    if (good(rows, at, at + many, begin(first), counts)) continue;
    counts.rows += many;
    for (int attempt = 1;; ++attempt) {
      const table::Table again = draw(e, 1, attempt, nullptr);
      counts.draws += many;
      if (attempt == kMostDraws) give_up(again, e);
      if (!good(again, 0, many, begin(e), counts)) continue;
      for (std::int64_t row = 0; row < many; ++row) copy_row(again, row, rows, at + row);
      break;
    }
  }
  return rows;
}

std::vector<table::Table> EntityMaker::make(std::int64_t first_row, std::int64_t n_rows,
                                            int threads, RetryCounts& counts) const {
  const std::int64_t last_row = first_row + n_rows;
  if (n_rows == 0) return {};
  std::vector<std::int64_t> cuts;  // entities where blocks begin, and the end
  std::int64_t e = std::upper_bound(begin_.begin(), begin_.end(), first_row) - begin_.begin() - 1;
  cuts.push_back(e);
  while (begin(e) < last_row && e < entities()) {
    ++e;
    if (begin(e) - begin(cuts.back()) >= kBlockRows || begin(e) >= last_row || e == entities())
      cuts.push_back(e);
  }
  std::vector<table::Table> blocks(cuts.size() - 1);
  std::mutex mutex;
  base::parallel_for(static_cast<std::int64_t>(blocks.size()), threads, [&](std::int64_t b) {
    const auto i = static_cast<std::size_t>(b);
    RetryCounts own;
    const table::Table rows = make_block(cuts[i], cuts[i + 1], own);
    const std::int64_t from = std::max<std::int64_t>(0, first_row - begin(cuts[i]));
    const std::int64_t to = std::min(rows.n_rows(), last_row - begin(cuts[i]));
    blocks[i] = from == 0 && to == rows.n_rows() ? rows : table::slice_rows(rows, from, to);
    const std::lock_guard lock(mutex);
    counts.add(own);
  });
  return blocks;
}

}  // namespace semblance::generator
