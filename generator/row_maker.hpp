/// Makes synthetic rows by their global number: sample, decode, constraints, no copies.
#pragma once

#include <cstdint>
#include <vector>

#include "generator/copy_guard.hpp"
#include "generator/table_maker.hpp"
#include "table/column.hpp"
#include "table/constraint.hpp"
#include "trainer/model.hpp"

namespace semblance::generator {

/// A row depends on (model, seed, row number) alone: not on the block it is made in, on threads or
/// ranks.
class RowMaker : public TableMaker {
 public:
  /// \param guard       may be null
  /// \param conditions  may be null
  RowMaker(const trainer::Codec& codec, const trainer::Sampler& sampler, std::uint64_t seed,
           const CopyGuard* guard, const RowConditions* conditions = nullptr);

  std::vector<table::Table> make(std::int64_t first_row, std::int64_t n_rows, int threads,
                                 RetryCounts& counts) const override;
  const table::Schema& schema() const override {
    return conditions_ != nullptr ? conditions_->schema() : codec_.schema();
  }
  const RowConditions* conditions() const override { return conditions_; }
  const std::vector<table::Constraint>& constraints() const override { return constraints_; }

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
