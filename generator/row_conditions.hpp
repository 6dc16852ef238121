/// What generated rows must be: conditions on columns (`--where`) and given cells (`--like`).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "generator/given_table.hpp"
#include "table/condition.hpp"
#include "table/constraint.hpp"
#include "trainer/model.hpp"

namespace semblance::generator {

/// How well rows under conditions could be drawn.
struct ConditionFigures {
  /// Adds the figures of another block.
  void add(const ConditionFigures& other);

  std::int64_t rows = 0;  ///< first draws
  std::int64_t few = 0;   ///< of them, with fewer than kFewCandidates candidates that counted
  double effective = 0;   ///< sum over rows of the candidates that counted
  double mass = 0;        ///< sum over rows of the conditions' probability
  std::vector<std::int64_t> broken;  ///< [conditions] draws thrown away by each
  std::int64_t out_of_order = 0;  ///< draws thrown away because a given date came before its base
};

/// Its const members are thread-safe.
class RowConditions {
 public:
  /// Fewer than this that count make a row's law a rough one.
  static constexpr float kFewCandidates = 3;

  /// \param where      conditions as table/condition.hpp reads them
  /// \param given      may be null
  /// \param particles  candidates a row
  /// \throws Error{kData} for a condition that is none, or that the model cannot meet;
  ///         Error{kUsage} for a number of particles that is no power of two
  RowConditions(const trainer::Codec& codec, const std::vector<std::string>& where,
                const GivenTable* given, int particles);

  /// Draws and decodes rows. They keep to the conditions as far as tokens tell: see meets().
  table::Table draw(const trainer::Sampler& sampler, std::int64_t first_row, std::int64_t n_rows,
                    std::uint64_t seed, ConditionFigures* figures) const;
  /// Whether a row meets all conditions; counts in `figures` what it breaks.
  /// \param first_row  output number of rows' first row
  bool meets(const table::Table& rows, std::int64_t row, std::int64_t first_row,
             ConditionFigures& figures) const;
  /// Tokens that are given of output rows, [C, rows]; empty when there are none.
  std::vector<std::uint16_t> fixed(std::span<const std::int64_t> rows) const;
  /// The conditions and what is given of output rows, as masks.
  std::vector<kernels::TokenMask> masks(std::span<const std::int64_t> rows) const;
  /// False for a constraint between cells of an output row that are all given: not ours to mend.
  bool binds(const table::Constraint& constraint, std::int64_t output_row) const;
  /// The text of a condition that the row breaks; "" when there is none.
  std::string broken(const table::Table& rows, std::int64_t row, std::int64_t first_row) const;

  /// Of the tables that draw() gives.
  const table::Schema& schema() const;
  /// The conditions by column.
  const std::vector<table::AllowedValues>& where() const { return where_; }
  /// The conditions that draws keep to by construction: those on derived columns as conditions on
  /// the single column that they follow from, without those that follow from several.
  const std::vector<table::AllowedValues>& drawn() const { return drawn_; }
  /// Draws of a row, at most: many where a condition is on a column that follows from several.
  int most_draws() const { return drawn_.size() == where_.size() ? 200 : 10'000; }
  /// Null when no cells are given.
  const GivenTable* given() const { return given_; }
  /// Candidates a row.
  int particles() const { return particles_; }

 private:
  /// Nothing that tokens tell is asked for.
  bool draws_freely() const { return given_ == nullptr && drawn_.empty(); }
  kernels::GivenTokens draw_tokens(const trainer::Sampler& sampler, std::int64_t first_row,
                                   std::int64_t n_rows, std::uint64_t seed) const;
  bool in_order(const table::Table& rows, std::int64_t row, std::int64_t first_row,
                int column) const;

  const trainer::Codec& codec_;
  std::vector<table::AllowedValues> where_, drawn_;
  std::vector<kernels::TokenMask> masks_;
  const GivenTable* given_;
  int particles_;
  std::vector<int> relative_;  ///< columns that must not come before their base
};

}  // namespace semblance::generator
