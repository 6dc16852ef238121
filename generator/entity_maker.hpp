/// Makes the rows of entities (patients with several rows): one after the other, each from the row
/// before. Equations: docs/MODEL.md, "Rows that belong together".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "generator/copy_guard.hpp"
#include "generator/table_maker.hpp"
#include "trainer/model.hpp"

namespace semblance::generator {

/// An entity depends on (model, seed, its number) alone.
class EntityMaker : public TableMaker {
 public:
  /// Decides how many rows each entity has.
  /// \param model       of a panel; must outlive this
  /// \param rows        rows to make, the last entity being cut to fit; 0: as `entities` says
  /// \param entities    whole entities to make, when rows is 0
  /// \param guard       may be null
  /// \param conditions  on columns that are constant within entities; may be null
  /// \throws Error{kData} for a condition on a column that varies, or on single cells
  EntityMaker(const trainer::Model& model, std::uint64_t seed, std::int64_t rows,
              std::int64_t entities, int threads, const CopyGuard* guard,
              const RowConditions* conditions);

  std::vector<table::Table> make(std::int64_t first_row, std::int64_t n_rows, int threads,
                                 RetryCounts& counts) const override;
  const table::Schema& schema() const override { return schema_; }
  const std::vector<table::Constraint>& constraints() const override { return constraints_; }
  const RowConditions* conditions() const override { return conditions_; }

  /// Rows in all.
  std::int64_t rows() const { return begin_.back(); }
  /// Entities in all; the last one may be cut.
  std::int64_t entities() const { return static_cast<std::int64_t>(begin_.size()) - 1; }

  /// The schema of the tables that a model of entities makes.
  static table::Schema output_schema(const trainer::Model& model);

 private:
  struct Draw;
  void check_conditions() const;
  void plan(std::int64_t rows, std::int64_t entities, int threads);
  kernels::GivenTokens first_rows(std::int64_t first, std::int64_t n, int attempt, int columns,
                                  int threads) const;
  trainer::TokenMatrix draw_tokens(std::int64_t first, std::int64_t n, int attempt,
                                   ConditionFigures* figures) const;
  void draw_next(std::int64_t first, std::int64_t step, std::uint64_t seed,
                 trainer::TokenMatrix& tokens) const;
  table::Table draw(std::int64_t first, std::int64_t n, int attempt,
                    ConditionFigures* figures) const;
  table::Table make_block(std::int64_t first, std::int64_t last, RetryCounts& counts) const;
  bool good(const table::Table& rows, std::int64_t first, std::int64_t last,
            RetryCounts& counts) const;
  [[noreturn]] void give_up(const table::Table& rows, std::int64_t entity) const;
  table::Column identifiers(std::int64_t first, std::int64_t n, table::Column column) const;
  std::int64_t begin(std::int64_t entity) const { return begin_[static_cast<std::size_t>(entity)]; }

  const trainer::Model& model_;
  const trainer::Codec& codec_;
  const trainer::PanelShape& panel_;
  std::uint64_t seed_;
  const CopyGuard* guard_;
  const RowConditions* conditions_;
  table::Schema schema_;
  std::vector<table::Constraint> constraints_;
  std::vector<int> constants_;       // columns of the codec's schema
  std::vector<std::int64_t> begin_;  // [entities + 1]
  std::int64_t last_rows_ = 0;       // of the last entity before it was cut
};

}  // namespace semblance::generator
