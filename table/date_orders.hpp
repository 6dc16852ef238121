/// Dates of a row that are always in one order, such as admission and discharge.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "table/column.hpp"

namespace semblance::table {

/// Sets `relative_to` of each date that is never before another one of its row, where the other
/// tells more of it than it tells of itself: the time between the two varies at most half as much
/// (standard deviation) as the date. So a discharge is tied to its admission, but an admission not
/// to the date of birth. Dropped columns and dates that are relative to another already stay as
/// they are. \param table   with the columns of `schema` \return (earlier, later) of each date that
/// was set
std::vector<std::pair<std::string, std::string>> tie_ordered_dates(const Table& table,
                                                                   Schema& schema);

}  // namespace semblance::table
