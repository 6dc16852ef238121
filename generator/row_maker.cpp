#include "generator/row_maker.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/philox.hpp"

namespace semblance::generator {
namespace {

/// Blocks with more rejected rows than this share are drawn again whole, others row by row.
constexpr std::int64_t kWholeBlockShare = 16;

}  // namespace

RowMaker::RowMaker(const trainer::Codec& codec, const trainer::Sampler& sampler, std::uint64_t seed,
                   const CopyGuard* guard, const RowConditions* conditions)
    : codec_(codec),
      sampler_(sampler),
      seed_(seed),
      guard_(guard),
      conditions_(conditions),
      constraints_(table::parse_constraints(codec.schema())) {}

table::Table RowMaker::draw(std::int64_t first_row, std::int64_t n_rows, int attempt,
                            RetryCounts& counts) const {
  const std::uint64_t seed = retry_seed(seed_, attempt);
  if (conditions_ != nullptr) {
    return conditions_->draw(sampler_, first_row, n_rows, seed,
                             attempt == 0 ? &counts.conditions : nullptr);
  }
  return codec_.decode(sampler_.sample(first_row, n_rows, seed, 1), first_row, seed);
}

/// A constraint between cells that are all given is not ours to mend.
bool RowMaker::binds(const table::Constraint& constraint, std::int64_t global_row) const {
  return conditions_ == nullptr || conditions_->binds(constraint, global_row);
}

/// Those of the candidate rows that break a constraint or a condition, or equal a real row.
std::vector<std::int64_t> RowMaker::rejected(const table::Table& rows, std::int64_t first_row,
                                             const std::vector<std::int64_t>& candidates,
                                             RetryCounts& counts) const {
  std::vector<std::int64_t> out;
  const std::vector<char> copies = guard_ ? guard_->copies(rows, candidates) : std::vector<char>();
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    const std::int64_t row = candidates[c];
    bool good = true;
    for (std::size_t i = 0; i < constraints_.size(); ++i) {
      if (constraints_[i].holds(rows, row) || !binds(constraints_[i], first_row + row)) continue;
      good = false;
      ++counts.broken[i];
    }
    if (conditions_ != nullptr && !conditions_->meets(rows, row, first_row, counts.conditions))
      good = false;
    if (guard_ && copies[c]) good = false, ++counts.copies;
    if (!good) out.push_back(row);
  }
  return out;
}

void RowMaker::give_up(std::int64_t row, const table::Table& rows, std::int64_t global_row) const {
  for (const table::Constraint& constraint : constraints_) {
    SEMBLANCE_EXPECT(constraint.holds(rows, row) || !binds(constraint, global_row), kData,
                     "constraint '{}' is still broken by row {} after {} draws: the training table "
                     "hardly ever meets it; "
                     "correct or leave out the constraint in the metadata and train again",
                     constraint.text, global_row, most_draws());
  }
  const std::string broken =
      conditions_ == nullptr ? "" : conditions_->broken(rows, row, global_row - row);
  SEMBLANCE_EXPECT(broken.empty(), kData,
                   "{} is still broken by row {} after {} draws: the model hardly ever meets it "
                   "together with the rest; widen it, or leave out another condition",
                   broken, global_row, most_draws());
  base::fail(base::ErrorKind::kData,
             "row {} still equals a real row after {} draws: the table has so few different rows "
             "that copies cannot be "
             "avoided; generate without reject_copies_of",
             global_row, most_draws());
}

table::Table RowMaker::make_block(std::int64_t first_row, std::int64_t n_rows,
                                  RetryCounts& counts) const {
  counts.broken.assign(constraints_.size(), 0);
  table::Table rows = draw(first_row, n_rows, 0, counts);
  if (constraints_.empty() && !guard_ && conditions_ == nullptr) return rows;
  std::vector<std::int64_t> all(static_cast<std::size_t>(n_rows));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  std::vector<std::int64_t> bad = rejected(rows, first_row, all, counts);
  counts.rows += static_cast<std::int64_t>(bad.size());
  for (int attempt = 1; !bad.empty(); ++attempt) {
    if (attempt == most_draws()) give_up(bad.front(), rows, first_row + bad.front());
    counts.draws += static_cast<std::int64_t>(bad.size());
    if (static_cast<std::int64_t>(bad.size()) * kWholeBlockShare > n_rows) {
      const table::Table again = draw(first_row, n_rows, attempt, counts);
      for (const std::int64_t row : bad) copy_row(again, row, rows, row);
    } else {
      for (const std::int64_t row : bad)
        copy_row(draw(first_row + row, 1, attempt, counts), 0, rows, row);
    }
    bad = rejected(rows, first_row, bad, counts);
  }
  return rows;
}

std::vector<table::Table> RowMaker::make(std::int64_t first_row, std::int64_t n_rows, int threads,
                                         RetryCounts& counts) const {
  const std::int64_t n_blocks = (n_rows + kBlockRows - 1) / kBlockRows;
  std::vector<table::Table> blocks(static_cast<std::size_t>(n_blocks));
  std::mutex mutex;
  base::parallel_for(n_blocks, threads, [&](std::int64_t block) {
    const std::int64_t begin = block * kBlockRows;
    RetryCounts own;
    blocks[static_cast<std::size_t>(block)] =
        make_block(first_row + begin, std::min(kBlockRows, n_rows - begin), own);
    const std::lock_guard lock(mutex);
    counts.add(own);
  });
  return blocks;
}

}  // namespace semblance::generator
