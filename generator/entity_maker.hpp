/// Makes the rows of entities (patients with several rows): one after the other, each from the row
/// before. Equations: docs/MODEL.md, "Rows that belong together".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "generator/copy_guard.hpp"
#include "generator/table_maker.hpp"
#include "trainer/model.hpp"

namespace semblance::generator {

/// An entity depends on (model, seed, its number) alone.
class EntityMaker : public TableMaker {
 public:
  /// Bits of a row's place within its entity in the number that addresses its draws.
  static constexpr int kPlaceBits = 20;
  /// Rows of an entity, at most.
  static constexpr std::int64_t kMostRowsOfEntity = std::int64_t{1} << kPlaceBits;

  /// Decides how many rows each entity has.
  /// \param model       of a panel; must outlive this
  /// \param rows        rows to make, the last entity being cut to fit; 0: as `entities` says
  /// \param entities    whole entities to make, when rows is 0
  /// \param guard       may be null
  /// \param conditions  that each row of an entity meets; may be null. With given rows, their
  /// entities
  ///                    are made, again and again; the numbers above must be 0 or multiples of them
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

  /// The schema of the tables that a model of entities makes. \param given  may be null
  static table::Schema output_schema(const trainer::Model& model,
                                     const GivenTable* given = nullptr);

 private:
  struct Draw;
  void plan_given(std::int64_t rows);
  bool is_constant(int column) const;
  void plan(std::int64_t rows, std::int64_t entities, int threads);
  kernels::GivenTokens first_rows(std::int64_t first, std::int64_t n, int attempt, int columns,
                                  int threads) const;
  void add_figures(const kernels::GivenTokens& start, ConditionFigures& figures) const;
  trainer::TokenMatrix draw_tokens(std::int64_t first, std::int64_t n, int attempt,
                                   ConditionFigures* figures) const;
  void draw_next(std::int64_t first, std::int64_t step, std::uint64_t seed,
                 std::span<const std::int32_t> candidates, trainer::TokenMatrix& tokens) const;
  table::Table draw(std::int64_t first, std::int64_t n, int attempt,
                    ConditionFigures* figures) const;
  table::Table make_block(std::int64_t first, std::int64_t last, RetryCounts& counts) const;
  bool good(const table::Table& rows, std::int64_t first, std::int64_t last,
            std::int64_t first_output, RetryCounts& counts) const;
  [[noreturn]] void give_up(const table::Table& rows, std::int64_t entity) const;
  table::Column identifiers(std::int64_t first, std::int64_t n, table::Column column) const;
  std::int64_t begin(std::int64_t entity) const { return begin_[static_cast<std::size_t>(entity)]; }

  const trainer::Model& model_;
  const trainer::Codec& codec_;
  const trainer::PanelShape& panel_;
  std::uint64_t seed_;
  const CopyGuard* guard_;
  const RowConditions* conditions_;
  const GivenTable* given_;
  bool rows_bound_ = false;  // conditions or given cells reach into rows after the first
  table::Schema schema_;
  std::vector<table::Constraint> constraints_;
  std::vector<int> constants_;       // columns of the codec's schema
  std::vector<std::int64_t> begin_;  // [entities + 1]
  std::int64_t last_rows_ = 0;       // of the last entity before it was cut
};

}  // namespace semblance::generator
