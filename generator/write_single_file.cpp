#include <algorithm>
#include <optional>

#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "generator/pack_rows.hpp"
#include "generator/write_output.hpp"
#include "table/write_table.hpp"

namespace semblance::generator {
namespace {

/// Rows that a rank makes between two writes.
std::int64_t run_rows(int threads) {
  return TableMaker::kBlockRows * 4 * std::max(1, threads > 0 ? threads : base::default_threads());
}

void write_alone(const OutputPlan& plan, const TableMaker& maker, RetryCounts& counts) {
  const auto writer = table::open_table_writer(plan.path, maker.schema());
  base::Progress progress("generate", plan.rows, "rows");
  const std::int64_t step = run_rows(plan.threads);
  for (std::int64_t first = 0; first < plan.rows; first += step) {
    for (const table::Table& block :
         maker.make(first, std::min(step, plan.rows - first), plan.threads, counts)) {
      writer->append(block);
      progress.advance(block.n_rows());
    }
  }
  writer->finish();
}

}  // namespace

void write_single_file(const OutputPlan& plan, const TableMaker& maker,
                       base::Communicator& communicator, RetryCounts& counts) {
  if (communicator.size() == 1) return write_alone(plan, maker, counts);
  const bool writes = communicator.rank() == 0;
  const auto writer = writes ? table::open_table_writer(plan.path, maker.schema()) : nullptr;
  std::optional<base::Progress> progress;
  if (writes) progress.emplace("generate", plan.rows, "rows");
  const std::int64_t step = run_rows(plan.threads), round = step * communicator.size();
  for (std::int64_t start = 0; start < plan.rows; start += round) {
    const std::int64_t first = std::min(plan.rows, start + step * communicator.rank());
    const std::int64_t last = std::min(plan.rows, first + step);
    table::Table own = table::empty_table(maker.schema());
    for (const table::Table& block : maker.make(first, last - first, plan.threads, counts))
      append_rows(own, block);
    const auto parts = communicator.all_gather(pack_rows(own));
    if (!writes) continue;
    for (const auto& part : parts) {
      const table::Table rows = unpack_rows(part, maker.schema());
      if (rows.n_rows() == 0) continue;
      writer->append(rows);
      progress->advance(rows.n_rows());
    }
  }
  if (writes) writer->finish();
  communicator.barrier();
}

}  // namespace semblance::generator
