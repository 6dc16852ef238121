/// Rows of one table that equal a row of another, on all columns or on some.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluator/comparison.hpp"
#include "kernels/row_hash.hpp"

namespace semblance::evaluator {

/// The cells of some columns (empty: all) as the kernel wants them; they stay owned by `rows`.
kernels::CellRows cells_of(const Rows& rows, const std::vector<int>& columns = {});

/// For each row of `queries` the smallest row of `references` that equals it on the given columns,
/// or -1.
std::vector<std::int64_t> equal_rows(const Rows& queries, const Rows& references,
                                     const std::vector<int>& columns, int threads);

/// True for rows whose values on the given columns occur once in the table.
std::vector<bool> unique_rows(const Rows& rows, const std::vector<int>& columns, int threads);

/// The collision count of the old pipeline: pairs of equal rows, leaving out the first column, with
/// missing values read as 0 or as a level (data_evaluation_pipeline.py, collision_analysis).
std::int64_t legacy_collisions(const Rows& real, const Rows& synthetic);

/// Columns that an attacker may well know of a person, by their names: age, birth, sex, gender,
/// ethnicity, race, postcode, zip, marital, country, admission ... ; in table order.
std::vector<int> likely_quasi_identifiers(const Comparison& data);

}  // namespace semblance::evaluator
