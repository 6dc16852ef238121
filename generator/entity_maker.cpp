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
  std::vector<std::int32_t> index, size;

  void add(std::int64_t which, std::int64_t place, std::int64_t rows) {
    row.push_back(address(which, place));
    entity.push_back(static_cast<std::uint64_t>(which));
    index.push_back(static_cast<std::int32_t>(place));
    size.push_back(static_cast<std::int32_t>(rows));
  }
  kernels::GivenRows::History view() const { return {row, entity, previous, index, size}; }
};

}  // namespace

table::Schema EntityMaker::output_schema(const trainer::Model& model) {
  table::Schema schema = model.codec.schema();
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
      schema_(output_schema(model)),
      constraints_(table::parse_constraints(schema_)) {
  SEMBLANCE_ASSERT(panel_.exists());
  for (const std::string& name : codec_.schema().entity_constants)
    constants_.push_back(codec_.schema().find(name));
  check_conditions();
  plan(rows, entities, threads);
}

void EntityMaker::check_conditions() const {
  if (conditions_ == nullptr) return;
  SEMBLANCE_EXPECT(
      conditions_->given() == nullptr, kData,
      "this model makes the rows of one '{}' together, and cannot complete given rows; "
      "train with entity_rows: apart for that",
      codec_.schema().entity);
  for (const table::AllowedValues& allowed : conditions_->where()) {
    SEMBLANCE_EXPECT(
        std::find(constants_.begin(), constants_.end(), allowed.column) != constants_.end(), kData,
        "condition '{}': column '{}' varies among the rows of one '{}'; conditions can be on {}, "
        "or "
        "train with entity_rows: apart",
        allowed.text, codec_.schema().columns[static_cast<std::size_t>(allowed.column)].name,
        codec_.schema().entity, fmt::join(codec_.schema().entity_constants, ", "));
  }
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
  history.previous.resize(cells);
  for (std::int64_t e = first; e < first + n; ++e) history.add(e, 0, 1);
  std::vector<std::uint16_t> fixed;
  if (attempt > 0) {
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
    masks.insert(masks.end(), conditions_->masks().begin(), conditions_->masks().end());
    rows.particles = conditions_->particles();
  }
  rows.masks = masks;
  return model_.sampler->sample_given(rows, threads);
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
  if (figures != nullptr && conditions_ != nullptr) {
    figures->rows += n;
    for (std::int64_t i = 0; i < n; ++i) {
      const float effective = start.effective[static_cast<std::size_t>(i)];
      figures->effective += effective;
      figures->few += conditions_->particles() > 1 && effective < RowConditions::kFewCandidates;
      figures->mass += std::exp(start.log_mass[static_cast<std::size_t>(i)]);
    }
  }
  for (std::int64_t step = 1; step < longest; ++step)
    draw_next(first, step, retry_seed(seed_, attempt), tokens);
  return tokens;
}

/// The step-th rows of those entities that have one.
void EntityMaker::draw_next(std::int64_t first, std::int64_t step, std::uint64_t seed,
                            trainer::TokenMatrix& tokens) const {
  HistoryArrays history;
  std::vector<std::int64_t> places;  // rows in `tokens`
  for (std::int64_t e = first; begin(e) - begin(first) < tokens.n_rows; ++e) {
    if (begin(e + 1) - begin(e) <= step) continue;
    history.add(e, step, e + 1 == entities() ? last_rows_ : begin(e + 1) - begin(e));
    places.push_back(begin(e) - begin(first) + step);
  }
  const auto n = static_cast<std::int64_t>(places.size());
  std::vector<std::uint16_t> fixed(static_cast<std::size_t>(n * tokens.n_columns),
                                   kernels::kFreeToken);
  history.previous.resize(fixed.size());
  for (int s = 0; s < tokens.n_columns; ++s) {
    const int t = panel_.order[static_cast<std::size_t>(s)];
    for (std::int64_t i = 0; i < n; ++i) {
      const std::uint16_t before = tokens.column(t)[places[static_cast<std::size_t>(i)] - 1];
      history.previous[static_cast<std::size_t>(t * n + i)] = before;
      if (s < panel_.shared) fixed[static_cast<std::size_t>(t * n + i)] = before;
    }
  }
  const kernels::GivenRows::History view = history.view();
  kernels::GivenRows rows{.n_rows = n, .seed = seed, .fixed = fixed};
  rows.particles = 1;
  rows.history = &view;
  const std::vector<kernels::TokenMask> masks = codec_.entity_time_masks(false);
  rows.masks = masks;
  const kernels::GivenTokens drawn = model_.sampler->sample_given(rows, 1);
  for (int t = 0; t < tokens.n_columns; ++t) {
    for (std::int64_t i = 0; i < n; ++i)
      tokens.column(t)[places[static_cast<std::size_t>(i)]] =
          drawn.tokens[static_cast<std::size_t>(t * n + i)];
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
        if (std::find(constants_.begin(), constants_.end(), column) != constants_.end())
          spread(cells);
      },
      begins.data());
  for (std::size_t i = 0; conditions_ != nullptr && i < conditions_->where().size(); ++i) {
    const table::AllowedValues& allowed = conditions_->where()[i];
    codec_.narrow(allowed, tokens, begin(first), seed, rows);
    spread(rows.columns[static_cast<std::size_t>(allowed.column)]);
  }
  rows.columns.erase(rows.columns.begin() + panel_.rows_column);
  return rows;
}

/// Whether rows [first, last) of a table meet everything; counts what they break.
bool EntityMaker::good(const table::Table& rows, std::int64_t first, std::int64_t last,
                       RetryCounts& counts) const {
  bool all = true;
  for (std::int64_t row = first; row < last; ++row) {
    for (std::size_t i = 0; i < constraints_.size(); ++i) {
      if (constraints_[i].holds(rows, row)) continue;
      all = false;
      ++counts.broken[i];
    }
    if (conditions_ != nullptr && !conditions_->meets(rows, row, row, counts.conditions))
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
          constraint.holds(rows, row), kData,
          "constraint '{}' is still broken by a row of {} {} after {} draws: the "
          "training table hardly ever meets it; correct or leave out the constraint in "
          "the metadata and train again",
          constraint.text, schema_.entity, entity + 1, kMostDraws);
    }
    const std::string broken = conditions_ == nullptr ? "" : conditions_->broken(rows, row, row);
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
    if (good(rows, at, at + many, counts)) continue;
    counts.rows += many;
    for (int attempt = 1;; ++attempt) {
      const table::Table again = draw(e, 1, attempt, nullptr);
      counts.draws += many;
      if (attempt == kMostDraws) give_up(again, e);
      if (!good(again, 0, many, counts)) continue;
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
