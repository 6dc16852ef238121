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

struct ValueCount {
  double value = 0;
  std::int64_t count = 0;
};

/// Distinct finite values in ascending order; all else counts as missing.
struct NumberSummary {
  std::vector<ValueCount> values;
  std::int64_t missing = 0;
  std::int64_t present() const;
};

struct LevelCount {
  std::string text;
  std::int64_t count = 0;
};

/// Levels that occur, commonest first, ties in the order of their texts.
struct LevelSummary {
  std::vector<LevelCount> levels;
  std::int64_t missing = 0;
};

/// Every rank must call these together. Memory: 16 bytes a distinct value of each rank.
NumberSummary summarise_numbers(std::span<const double> values, base::Communicator& communicator);
LevelSummary summarise_levels(const table::Column& column, base::Communicator& communicator);

}  // namespace semblance::trainer
