/// The drawing part of EntityMaker: tokens row after row, then cells.
#include <algorithm>
#include <cmath>

#include "generator/entity_maker.hpp"
#include "trainer/codec_identifier.hpp"

namespace semblance::generator {
namespace {

std::uint64_t address(std::int64_t entity, std::int64_t place) {
  return static_cast<std::uint64_t>(entity) << EntityMaker::kPlaceBits |
         static_cast<std::uint64_t>(place);
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
  const auto settle = [&](int column, table::Column& cells) {
    if (column == panel_.entity) cells = identifiers(first, n, std::move(cells));
    if (is_constant(column)) spread(cells);
    if (given_ != nullptr) given_->overlay(begin(first), column, cells);
  };
  table::Table rows = codec_.decode(tokens, begin(first), seed, settle, begins.data());
  for (std::size_t i = 0; conditions_ != nullptr && i < conditions_->drawn().size(); ++i) {
    const table::AllowedValues& allowed = conditions_->drawn()[i];
    codec_.narrow(allowed, tokens, begin(first), seed, rows);
    if (is_constant(allowed.column)) spread(rows.columns[static_cast<std::size_t>(allowed.column)]);
  }
  if (conditions_ != nullptr && !conditions_->drawn().empty()) codec_.derive(rows, settle);
  rows.columns.erase(rows.columns.begin() + panel_.rows_column);
  if (given_ != nullptr) given_->carry(begin(first), rows);
  return rows;
}

}  // namespace semblance::generator
