/// Identifiers issued anew: beyond all those of the training table, so that none is anybody's.
#pragma once

#include <cstdint>
#include <string>

#include "table/column.hpp"

namespace semblance::trainer {

/// The identifier of a global row.
/// \param pattern  "sequence" (1, 2, 3, ...; also when empty), "uuid" (RFC 4122 version 4),
///                 "nhs-number" (999 test range with a valid check digit; some 909,000 of them,
///                 then they repeat), or a pattern whose '#' become the digits of the row number,
///                 such as "P######"
std::string issue_identifier(const std::string& pattern, std::int64_t row, std::uint64_t seed);

/// Check digit of the first nine digits of an NHS number (modulus 11), or 10 when there is none.
int nhs_check_digit(std::int32_t nine_digits);

/// Where issuing begins: no identifier of a row from this one on is in the column. Of the real ones
/// it tells how many digits they have and, where the pattern leaves no room, the first digit of the
/// highest. 0 for "uuid" and "nhs-number", whose numbers are nobody's. \param column  of any kind;
/// its spec names the pattern
std::int64_t first_free_row(const table::Column& column);

/// Fills a kId column with the identifiers of rows [first_row, first_row + n).
void issue_identifiers(std::int64_t first_row, std::int64_t n, std::uint64_t seed,
                       table::Column& column);

}  // namespace semblance::trainer
