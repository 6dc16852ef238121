/// How rows of one person hang together: pure functions on the rows of one table.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// The rows of each entity, in the order of the table or, with a date column, by date (rows without
/// one last). A row whose entity is missing (negative) is an entity of its own.
/// \param entity  [n] number of each row's entity
/// \param time    null: the order of the table
std::vector<std::vector<std::int64_t>> entity_rows(const std::vector<std::int64_t>& entity,
                                                   const Feature* time);

/// Rows of each entity, ascending.
std::vector<double> rows_per_entity(const std::vector<std::vector<std::int64_t>>& entities);

/// Share of the entities with two rows or more within which the column has one value (missing is a
/// value); NaN when there is no such entity.
double constant_share(const std::vector<std::vector<std::int64_t>>& entities,
                      const Feature& column);

/// Share of the pairs of successive rows of an entity that have one value in the column (missing is
/// a value); NaN without pairs.
double unchanged_share(const std::vector<std::vector<std::int64_t>>& entities,
                       const Feature& column);

/// Differences of a date between successive rows of an entity where it is there in both, ascending;
/// in the date's unit.
std::vector<double> date_gaps(const std::vector<std::vector<std::int64_t>>& entities,
                              const Feature& time);

/// How a column's next value hangs on the present one, over all pairs of successive rows of an
/// entity where both are there. Numbers: Pearson's correlation. Categories: Cramér's V. NaN with
/// fewer than 10 pairs or where a side is constant.
double lag_association(const std::vector<std::vector<std::int64_t>>& entities,
                       const Feature& column, int n_levels);

/// Whether there are the 10 pairs that lag_association() needs.
bool has_lag_pairs(const std::vector<std::vector<std::int64_t>>& entities, const Feature& column);

/// Share of the pairs of successive rows, in the order of the table, whose dates run backwards; NaN
/// without pairs.
double order_violations(const std::vector<std::vector<std::int64_t>>& entities_by_table,
                        const Feature& time);

}  // namespace semblance::evaluator
