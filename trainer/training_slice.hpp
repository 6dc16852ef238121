/// What a rank learns from: its part of the table, whole entities where rows belong together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "table/column.hpp"
#include "trainer/codec.hpp"
#include "trainer/train.hpp"

namespace semblance::trainer {

/// A rank's part of the table.
struct TrainingSlice {
  table::Table rows;                      ///< this rank's; of a panel, those of an entity together
  table::Table entities;                  ///< of a panel: the first row of each entity
  std::int64_t first = 0;                 ///< global number of the first row
  std::int64_t total = 0;                 ///< rows of all ranks
  bool panel = false;                     ///< rows of an entity are learned together
  std::int64_t ids_after = 0;             ///< of a panel: as Panel::ids_after
  std::vector<std::int64_t> entity;       ///< of a panel: as TokenRows::entity
  std::vector<std::int32_t> index, size;  ///< of a panel: as TokenRows::index and size
};

/// Where metadata do not say: derives columns that follow from others in every row, and ties dates
/// that are always in one order, in the schema; tells of each.
/// \param kept  columns that must be learned
void find_rules(const table::Table& rows, table::Schema& schema, bool derive, bool date_order,
                const std::vector<std::string>& kept);

/// The rows of this rank.
/// \param schema  set to that of the whole table
/// \throws as table::read_metadata(), table::read_table() and prepare_panel()
TrainingSlice read_slice(const TrainOptions& options, base::Communicator& communicator,
                         table::Schema& schema);

/// Columns that the decoder makes first: those of the entity before all others, and of these the
/// date that its rows are in order of.
std::vector<std::string> first_columns(const TrainOptions& options, const table::Schema& schema,
                                       const TrainingSlice& slice);

/// Of a panel: token columns of the entity.
int count_shared(const Codec& codec, const table::Schema& schema);

}  // namespace semblance::trainer
