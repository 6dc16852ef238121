/// The number that the old pipeline called Voas-Williams pMSE, kept for comparison with past
/// reports.
#pragma once

#include "evaluator/comparison.hpp"

namespace semblance::evaluator {

/// Σ (S − R)² / ((S + R) / 2) / (8 (N_R + N_S)) over the cells of both tables row by row,
/// categories one-hot, missing as 0 or a level of its own, dates in nanoseconds since 1970; rows
/// beyond the shorter table and cells with S + R = 0 count 0 (voas_williams_statistic).
double legacy_voas_williams(const Comparison& data);

}  // namespace semblance::evaluator
