/// Steps that need more than one row at a time. Each takes rows in order and passes rows on to the
/// next sink, in order, when finish() is called (or at once, where it can).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "prepare/row_program.hpp"
#include "prepare/stored_rows.hpp"
#include "table/write_table.hpp"

namespace semblance::prepare {

/// Runs a program row by row.
/// \param n_inputs  values of the rows that come in
/// \param pack      slots of those that leave
std::unique_ptr<RowSink> program_sink(std::shared_ptr<const RowProgram> program, int n_slots,
                                      int n_inputs, std::vector<int> pack, RowSink& next);

/// Keeps all rows.
std::unique_ptr<RowSink> store_sink(StoredRows& rows);

/// Of the keys in order of first appearance, those up to `up_to` (a share of all keys) keep `rows`
/// rows.
struct HeadShare {
  double up_to = 1;       ///< in (0, 1]
  std::int64_t rows = 1;  ///< first rows of each such key
};

/// For head_sink().
struct HeadPlan {
  std::vector<int> per;           ///< key slots; none: all rows are one group
  std::vector<HeadShare> shares;  ///< one at least, ascending; the last reaches 1
  bool wait = false;              ///< pass rows on only when all have been seen
};
/// The first rows of each key, in the order in which they came. A missing key part is a key like
/// others.
std::unique_ptr<RowSink> head_sink(HeadPlan plan, const RowShape& shape, MemoryBudget& budget,
                                   RowSink& next);

/// One row of each key: that with the least (or greatest) value of a slot, the first of equals;
/// rows without the value count only where there is no other. Keys come in order of first
/// appearance.
struct PickPlan {
  std::vector<int> per;   ///< key slots
  int by = 0;             ///< slot that is compared
  bool greatest = false;  ///< else the least
};
/// Memory: one row a key.
std::unique_ptr<RowSink> pick_sink(PickPlan plan, const RowShape& shape, MemoryBudget& budget,
                                   RowSink& next);

/// `rows` rows of each key at random, in the order in which they came; the choice depends on the
/// seed, the number of the key (by first appearance) and the row's place among the rows of its key.
struct SamplePlan {
  std::vector<int> per;    ///< key slots
  std::int64_t rows = 1;   ///< of each key; all where it has fewer
  std::uint64_t seed = 0;  ///< of the choice
};
/// Memory: `rows` rows a key, and each different text that was ever among them.
std::unique_ptr<RowSink> sample_sink(SamplePlan plan, const RowShape& shape, MemoryBudget& budget,
                                     RowSink& next);

/// Rows of one key together, keys in order of first appearance.
std::unique_ptr<RowSink> gather_sink(std::vector<int> per, const RowShape& shape,
                                     MemoryBudget& budget, RowSink& next);

/// Rows in ascending (or descending) order of slots, missing values last; equals keep their order.
std::unique_ptr<RowSink> sort_sink(std::vector<std::pair<int, bool>> by_descending,
                                   const RowShape& shape, MemoryBudget& budget, RowSink& next);

/// Passes rows on; fails at a second row of a key.
std::unique_ptr<RowSink> unique_sink(std::vector<int> per, std::vector<std::string> names,
                                     Origin origin, MemoryBudget& budget, RowSink& next);

/// What an aggregate takes of the values of a key; kStd has the divisor n - 1.
enum class Summary { kCount, kSum, kMean, kStd, kMin, kMax, kFirst, kLast };
/// One value of an aggregate.
struct SummaryPlan {
  Summary what = Summary::kCount;      ///< missing values never count
  int of = -1;                         ///< slot; -1 for a count of rows
  int by = -1;                         ///< slot that orders kFirst and kLast; -1: as they come
  std::shared_ptr<Expression> where;   ///< rows that count; null: all
  CellKind kind = CellKind::kInteger;  ///< of the result
  Origin origin;                       ///< for messages
};
/// One row a key: the key, then the summaries. Keys in order of first appearance; a missing key
/// part is a key.
std::unique_ptr<RowSink> aggregate_sink(std::vector<int> per, std::vector<SummaryPlan> values,
                                        const RowShape& shape, MemoryBudget& budget, RowSink& next);

/// Writes rows to a table file.
std::unique_ptr<RowSink> write_sink(table::TableWriter& writer, const table::Schema& schema,
                                    MemoryBudget& budget, std::int64_t& n_rows);

}  // namespace semblance::prepare
