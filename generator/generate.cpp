#include "generator/generate.hpp"

#include <optional>

#include "base/device.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "generator/write_output.hpp"
#include "table/write_table.hpp"
#include "trainer/model.hpp"

namespace semblance::generator {
namespace {

/// The counts of all ranks.
RetryCounts summed(RetryCounts counts, std::size_t n_constraints,
                   base::Communicator& communicator) {
  counts.broken.resize(n_constraints, 0);
  std::vector<std::int64_t> all = {counts.rows, counts.draws, counts.copies};
  all.insert(all.end(), counts.broken.begin(), counts.broken.end());
  communicator.all_reduce_sum(std::span(all));
  return {all[0], all[1], all[2], {all.begin() + 3, all.end()}};
}

void report(const RetryCounts& counts, const RowMaker& maker) {
  base::log_event("generate_retries", {{"rows", static_cast<long long>(counts.rows)},
                                       {"draws", static_cast<long long>(counts.draws)},
                                       {"copies", static_cast<long long>(counts.copies)}});
  if (counts.rows == 0) return;
  base::log_info("{} rows were drawn again ({} draws)", counts.rows, counts.draws);
  for (std::size_t i = 0; i < counts.broken.size(); ++i) {
    if (counts.broken[i] > 0)
      base::log_info("  {} draws broke '{}'", counts.broken[i], maker.constraints()[i].text);
  }
  if (counts.copies > 0) base::log_info("  {} draws equalled a real row", counts.copies);
}

}  // namespace

void add_settings(base::SettingList& list, GenerateOptions& options) {
  list.add("rows_per_part", &options.rows_per_part, "rows in each part of a shard directory");
  list.add("reject_copies_of", &options.reject_copies_of,
           "table whose rows must not appear among the synthetic ones");
}

void generate(const GenerateOptions& options, base::Communicator& communicator) {
  SEMBLANCE_EXPECT(options.rows >= 1, kUsage, "rows is {}; it must be 1 or more", options.rows);
  SEMBLANCE_EXPECT(options.rows_per_part >= 1, kUsage, "rows_per_part is {}; it must be 1 or more",
                   options.rows_per_part);
  const table::TableFormat format = table::table_format(options.output);
  const base::Device device = base::resolve_device(options.device);
  const trainer::Model model = trainer::load_model(options.model, device.name());
  std::optional<CopyGuard> guard;
  OutputPlan plan{options.output,
                  options.rows,
                  options.rows_per_part,
                  options.threads,
                  options.seed,
                  model.sha256,
                  ""};
  if (!options.reject_copies_of.empty()) {
    guard.emplace(options.reject_copies_of, model.codec.schema());
    plan.settings = "reject_copies_of sha256:" + base::sha256_of_path(options.reject_copies_of);
  }
  const RowMaker maker(model.codec, *model.sampler, options.seed, guard ? &*guard : nullptr);

  RetryCounts counts;
  try {
    if (format == table::TableFormat::kShards) {
      write_shard_directory(plan, maker, communicator, counts);
    } else {
      write_single_file(plan, maker, communicator, counts);
    }
  } catch (const base::Error& error) {
    const std::string message = error.what();
    if (error.kind() != base::ErrorKind::kIo || message.find(options.output) != std::string::npos)
      throw;
    base::fail(error.kind(), "{}: {}", options.output, message);
  }
  const RetryCounts all = summed(counts, maker.constraints().size(), communicator);
  if (communicator.rank() == 0) report(all, maker);
}

}  // namespace semblance::generator
