/// What makes a synthetic table piece by piece, for whoever writes it.
#pragma once

#include <cstdint>
#include <vector>

#include "generator/row_conditions.hpp"
#include "table/column.hpp"
#include "table/constraint.hpp"

namespace semblance::generator {

/// How many rows had to be drawn again.
struct RetryCounts {
  std::int64_t rows = 0;             ///< rows drawn more than once
  std::int64_t draws = 0;            ///< further draws in all
  std::int64_t copies = 0;           ///< draws thrown away because they equal a real row
  std::vector<std::int64_t> broken;  ///< [constraints] draws thrown away by each constraint
  ConditionFigures conditions;       ///< how well conditions could be met

  /// Adds the counts of another block, rank or part.
  void add(const RetryCounts& other);
};

/// Rows by their number in the output. A row does not depend on the piece that it is made in, on
/// threads or ranks. The const members are thread-safe.
class TableMaker {
 public:
  /// Rows drawn, decoded and checked together by one thread, about.
  static constexpr std::int64_t kBlockRows = 4096;

  virtual ~TableMaker() = default;
  /// Rows [first_row, first_row + n_rows) as blocks, in order.
  /// \throws Error{kData} when a row still breaks a constraint or a condition, or equals a real
  /// row, after most_draws() draws
  virtual std::vector<table::Table> make(std::int64_t first_row, std::int64_t n_rows, int threads,
                                         RetryCounts& counts) const = 0;
  /// Of the tables that make() gives.
  virtual const table::Schema& schema() const = 0;
  /// In the order of RetryCounts::broken.
  virtual const std::vector<table::Constraint>& constraints() const = 0;
  /// Null when there are none.
  virtual const RowConditions* conditions() const = 0;
  /// Of a row, the first one included.
  int most_draws() const { return conditions() == nullptr ? 200 : conditions()->most_draws(); }
};

/// The seed of the n-th further draw; the seed itself for n = 0.
std::uint64_t retry_seed(std::uint64_t seed, int attempt);

/// Copies the cells of one row, but for identifiers, into another of a table of the same columns
/// and levels.
void copy_row(const table::Table& from, std::int64_t from_row, table::Table& to,
              std::int64_t to_row);

}  // namespace semblance::generator
