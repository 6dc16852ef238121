/// Distinct values and levels of a column over all ranks: exact, and the same on every rank however
/// the rows are spread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "table/column.hpp"

namespace semblance::trainer {

/// A number and how often it occurs.
struct ValueCount {
  double value = 0;        ///< finite
  std::int64_t count = 0;  ///< rows of all ranks, at least 1
};

/// Distinct finite values in ascending order; all else counts as missing.
struct NumberSummary {
  std::vector<ValueCount> values;  ///< strictly ascending
  std::int64_t missing = 0;        ///< NaN and infinities
  std::int64_t present() const;    ///< sum of the counts, O(values)
};

/// A text and how often it occurs.
struct LevelCount {
  std::string text;        ///< may be empty
  std::int64_t count = 0;  ///< rows of all ranks, at least 1
};

/// Levels that occur, commonest first, ties in the order of their texts.
struct LevelSummary {
  std::vector<LevelCount> levels;  ///< levels that no row has are left out
  std::int64_t missing = 0;        ///< rows of all ranks
};

/// Every rank must call these together. Memory: 16 bytes a distinct value of each rank.
NumberSummary summarise_numbers(std::span<const double> values, base::Communicator& communicator);
/// The same for the texts of a category, boolean or identifier column.
LevelSummary summarise_levels(const table::Column& column, base::Communicator& communicator);

}  // namespace semblance::trainer
