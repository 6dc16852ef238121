/// Columns that point at a person or only number the rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/column.hpp"

namespace semblance::table::detail {

/// Makes an identifier of an integer or category column that looks like one (unique and named so,
/// UUIDs, NHS numbers, long unique texts), sets its pattern and says so in `warnings`.
void recognise_identifier(Column& column, std::vector<std::string>& warnings);

/// What a column gives away about a person, for a warning: "NHS numbers", "e-mail addresses",
/// "UK postcodes", "telephone numbers", "names", or "" for nothing.
std::string personal_content(const Column& column);

/// Distinct present values.
std::int64_t distinct_count(const Column& column);

/// A ten-digit number (blanks between groups allowed) with a right check digit.
/// Source: NHS Data Dictionary, "NHS NUMBER": weights 10..2, modulus 11.
bool is_nhs_number(std::string_view text);

}  // namespace semblance::table::detail
