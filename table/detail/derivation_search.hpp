/// Formulas that may say a column of numbers; whoever asks verifies them on all rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::table::detail {

/// The time between two dates, in all units and roundings that fit the sample.
/// \param number  the column that may follow
/// \param rows    some rows in which it is present
std::vector<std::string> time_formulas(const Column& number, const Column& from, const Column& to,
                                       const std::vector<std::int64_t>& rows);

/// By how many of its last digits the number changes with one of the source, where they lie on a
/// line but for the rounding of the number; 0 where they do not. A quick look.
/// \param rows   some rows in which both are present, with the extremes of `source`
double steps_per_step(const Column& number, const Column& source,
                      const std::vector<std::int64_t>& rows);
/// Factor and constant that turn one column of numbers into another, rounded, as simple as they can
/// be; none when there are none. All rows are looked at only where the sample leaves a formula.
/// \param sample  some rows in which both are present, with the extremes of `source`
std::vector<std::string> conversion_formulas(const Column& number, const Column& source,
                                             const std::vector<std::int64_t>& sample);

/// "c1*A + c2*B + c0"
std::string sum_text(const std::vector<std::string>& names, const std::vector<double>& factors,
                     double constant);

}  // namespace semblance::table::detail
