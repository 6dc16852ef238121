#include "trainer/training_slice.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.hpp"
#include "table/date_orders.hpp"
#include "table/derivation.hpp"
#include "table/derive_columns.hpp"
#include "table/read_table.hpp"
#include "trainer/codec_impute.hpp"
#include "trainer/panel.hpp"

namespace semblance::trainer {
namespace {

/// Whole entities for each rank.
TrainingSlice slice_panel(Panel panel, base::Communicator& communicator) {
  const std::int64_t total = panel.rows.n_rows();
  const auto begin_of = [&](std::int64_t row) {
    return *std::lower_bound(panel.begin.begin(), panel.begin.end(), row);
  };
  auto [first, last] = communicator.slice(total);
  first = begin_of(first), last = begin_of(last);
  TrainingSlice slice;
  slice.panel = true;
  slice.first = first, slice.total = total;
  slice.ids_after = panel.ids_after;
  slice.entities = first_rows(panel, first, last);
  slice.entity = panel.entity_of(first, last);
  panel.places(first, last, slice.index, slice.size);
  slice.rows =
      communicator.size() == 1 ? std::move(panel.rows) : table::slice_rows(panel.rows, first, last);
  return slice;
}

}  // namespace

void find_rules(const table::Table& rows, table::Schema& schema, bool derive, bool date_order,
                const std::vector<std::string>& kept) {
  if (derive) {
    for (const auto& [column, formula] : table::derive_columns(rows, schema, kept))
      base::log_info("'{}' is '{}' in every row: computed, not learned", column, formula);
  }
  if (!date_order) return;
  for (const auto& [early, late] : table::tie_ordered_dates(rows, schema))
    base::log_info("'{}' is never before '{}': learned as the time since then", late, early);
}

TrainingSlice read_slice(const TrainOptions& options, base::Communicator& communicator,
                         table::Schema& schema) {
  table::Metadata metadata;
  table::ReadOptions read;
  read.threads = options.threads;
  if (!options.metadata.empty()) {
    metadata = table::read_metadata(options.metadata);
    read.metadata = &metadata;
  }
  table::Table rows = table::read_table(options.table, read, &schema);
  table::check_derivations(rows, schema, options.table);
  rows = rows_to_learn(std::move(rows), schema);
  if (options.metadata.empty())
    find_rules(rows, schema, options.derive, options.date_order, options.order);
  if (options.entity_rows == "together" && options.decoder == "autoregressive" &&
      has_panel(rows, schema))
    return slice_panel(prepare_panel(std::move(rows), schema), communicator);
  // Whose row it is says nothing where rows stand alone.
  schema.entity_time.clear(), schema.entity_constants.clear();
  TrainingSlice slice;
  slice.total = rows.n_rows();
  const auto [begin, end] = communicator.slice(slice.total);
  slice.first = begin;
  slice.rows = communicator.size() == 1 ? std::move(rows) : table::slice_rows(rows, begin, end);
  return slice;
}

std::vector<std::string> first_columns(const TrainOptions& options, const table::Schema& schema,
                                       const TrainingSlice& slice) {
  const std::vector<std::string>& asked = options.order.empty() ? schema.order : options.order;
  if (!slice.panel) return asked;
  const auto is_constant = [&](const std::string& name) {
    return std::find(schema.entity_constants.begin(), schema.entity_constants.end(), name) !=
           schema.entity_constants.end();
  };
  std::vector<std::string> names = {kEntityRows};
  std::copy_if(asked.begin(), asked.end(), std::back_inserter(names), is_constant);
  names.insert(names.end(), schema.entity_constants.begin(), schema.entity_constants.end());
  std::copy_if(asked.begin(), asked.end(), std::back_inserter(names),
               [&](const std::string& name) { return !is_constant(name); });
  if (!schema.entity_time.empty()) names.push_back(schema.entity_time);
  return names;
}

int count_shared(const Codec& codec, const table::Schema& schema) {
  int shared = 0;
  const auto count = [&](const std::string& name) {
    const auto [from, to] = codec.tokens_of(codec.schema().find(name));
    shared += to - from;
  };
  count(kEntityRows);
  std::vector<std::pair<int, int>> seen;
  for (const std::string& name : schema.entity_constants) {
    const std::pair<int, int> range = codec.tokens_of(codec.schema().find(name));
    if (std::find(seen.begin(), seen.end(), range) == seen.end()) count(name);
    seen.push_back(range);  // the columns of a combination share their tokens
  }
  return shared;
}

}  // namespace semblance::trainer
