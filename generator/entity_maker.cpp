#include "generator/entity_maker.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace semblance::generator {
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
  for (std::size_t e = 1; e < begin.size(); ++e) {
    SEMBLANCE_EXPECT(begin[e] - begin[e - 1] <= kMostRowsOfEntity, kData,
                     "one '{}' has {} given rows; at most {} can be completed", schema_.entity,
                     begin[e] - begin[e - 1], kMostRowsOfEntity);
  }
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
      begin_.push_back(begin_.back() + std::clamp<std::int64_t>(count, 1, kMostRowsOfEntity));
    }
  }
  last_rows_ = begin_.back() - begin_[begin_.size() - 2];
  if (rows > 0) begin_.back() = rows;
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
          constraint.text, schema_.entity, entity + 1, most_draws());
    }
    const std::string broken =
        conditions_ == nullptr ? "" : conditions_->broken(rows, row, begin(entity));
    SEMBLANCE_EXPECT(broken.empty(), kData, "{} is still broken by {} {} after {} draws: widen it",
                     broken, schema_.entity, entity + 1, most_draws());
  }
  base::fail(base::ErrorKind::kData,
             "a row of {} {} still equals a real row after {} draws: generate without "
             "reject_copies_of",
             schema_.entity, entity + 1, most_draws());
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
      if (attempt == most_draws()) give_up(again, e);
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
