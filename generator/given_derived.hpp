/// Given cells of derived columns whose parts are not all given: computed back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "table/column.hpp"
#include "trainer/codec.hpp"

namespace semblance::generator {

/// What given cells of derived columns say of the columns that they follow from.
struct ComputedBack {
  std::vector<std::string> added;  ///< columns put behind the given ones; gaps are free to be made
  /// [columns of the model] given cells of a derived column that say something of columns which are
  /// made without regard to them
  std::vector<std::int64_t> unheeded;
};

/// Where one column of a formula is not given and the result is, the cell is computed from the
/// rest: of dates to the moment, a date of birth from an age to some day of the right year. Nothing
/// is put where that does not give the result back. Of a model of entities, columns that people
/// keep, or are in order of, are left alone, and others are added only whole.
/// \param rows    given ones; cells and columns are filled
/// \param impute  missing cells are to be made, too
/// \param seed    of the day of the year where a formula leaves it open
ComputedBack compute_back(table::Table& rows, const trainer::Codec& codec, bool impute,
                          std::uint64_t seed);

}  // namespace semblance::generator
