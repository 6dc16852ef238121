/// Privacy numbers that compare how near synthetic and real rows lie to a person.
#pragma once

#include <cstdint>

#include "evaluator/comparison.hpp"
#include "kernels/dcr.hpp"

namespace semblance::evaluator {

/// Share of real rows with a row of `other` nearer than the nearest other real row
/// (identifiability, Yoon et al. 2020, ADS-GAN; unweighted Gower distance). Both sides should have
/// the same number of rows.
double identifiability(const Comparison& data, const Rows& real, const Rows& other,
                       const kernels::DcrOptions& options);

/// Share of real rows that some row of `other` hits: equal in every category and within a thirtieth
/// of the real range in every number; missing equals missing (midst-toolkit).
double hitting_rate(const Comparison& data, const Rows& real, const Rows& other, int threads);

}  // namespace semblance::evaluator
