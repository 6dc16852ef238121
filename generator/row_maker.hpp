/// Makes synthetic rows by their global number: sample, decode, constraints, no copies.
#pragma once

#include <cstdint>
#include <vector>

#include "generator/copy_guard.hpp"
#include "generator/row_conditions.hpp"
#include "table/column.hpp"
#include "table/constraint.hpp"
#include "trainer/model.hpp"

namespace semblance::generator {

/// How many rows had to be drawn again.
struct RetryCounts {
  std::int64_t rows = 0;             ///< rows drawn more than once
  std::int64_t draws = 0;            ///< further draws in all
  std::int64_t copies = 0;           ///< draws thrown away because they equal a real row
  std::vector<std::int64_t> broken;  ///< [constraints] draws thrown away by each constraint
  ConditionFigures conditions;       ///< how well conditions could be met

  /// Adds the counts of another block, rank or part.
  void add(const RetryCounts& other);
};

/// A row depends on (model, seed, row number) alone: not on the block it is made in, on threads or
/// ranks.
class RowMaker {
 public:
  /// Rows drawn, decoded and checked together by one thread.
  static constexpr std::int64_t kBlockRows = 4096;
  static constexpr int kMostDraws = 200;  ///< of a row, the first one included

  /// \param guard       may be null
  /// \param conditions  may be null
  RowMaker(const trainer::Codec& codec, const trainer::Sampler& sampler, std::uint64_t seed,
           const CopyGuard* guard, const RowConditions* conditions = nullptr);

  /// Rows [first_row, first_row + n_rows) as blocks of at most kBlockRows rows, in order.
  /// \throws Error{kData} when a row still breaks a constraint or a condition, or equals a real
  /// row, after kMostDraws draws
  std::vector<table::Table> make(std::int64_t first_row, std::int64_t n_rows, int threads,
                                 RetryCounts& counts) const;

  /// Of the tables that make() gives.
  const table::Schema& schema() const {
    return conditions_ != nullptr ? conditions_->schema() : codec_.schema();
  }
  /// Null when there are none.
  const RowConditions* conditions() const { return conditions_; }
  /// In the order of RetryCounts::broken.
  const std::vector<table::Constraint>& constraints() const { return constraints_; }

 private:
  table::Table make_block(std::int64_t first_row, std::int64_t n_rows, RetryCounts& counts) const;
  table::Table draw(std::int64_t first_row, std::int64_t n_rows, int attempt,
                    RetryCounts& counts) const;
  std::vector<std::int64_t> rejected(const table::Table& rows, std::int64_t first_row,
                                     const std::vector<std::int64_t>& candidates,
                                     RetryCounts& counts) const;
  bool binds(const table::Constraint& constraint, std::int64_t global_row) const;
  [[noreturn]] void give_up(std::int64_t row, const table::Table& rows,
                            std::int64_t global_row) const;

  const trainer::Codec& codec_;
  const trainer::Sampler& sampler_;
  std::uint64_t seed_;
  const CopyGuard* guard_;
  const RowConditions* conditions_;
  std::vector<table::Constraint> constraints_;
};

}  // namespace semblance::generator
