/// semblance export: a table from one format into another.
#include "base/log.hpp"
#include "cli/command.hpp"
#include "table/convert_table.hpp"
#include "table/write_table.hpp"

namespace semblance::cli {
namespace {

class ExportCommand : public Command {
 public:
  const char* name() const override { return "export"; }
  const char* summary() const override { return "turn a table into another format"; }
  void add_flags(CLI::App& app) override {
    app.add_option("IN", in_, "table: .csv, .csv.gz, .parquet, .h5 or a shard directory")
        ->required();
    app.add_option("OUT", out_,
                   "table to write: .csv, .csv.gz, .parquet, .h5, or a directory for shards")
        ->required();
    app.add_option("--metadata", metadata_,
                   "kinds and formats of the columns, where they are not to be inferred; columns "
                   "that it drops are left out");
    app.add_option("--rows-per-part", rows_per_part_, "rows in each part of a shard directory")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
        ->capture_default_str();
  }
  void run(const CommonFlags& flags, base::Communicator& communicator) override {
    if (communicator.rank() != 0) return;
    table::table_format(out_);  // a wrong ending is told before the work
    table::Metadata metadata;
    table::ReadOptions options{.threads = flags.threads};
    if (!metadata_.empty()) {
      metadata = table::read_metadata(metadata_);
      options.metadata = &metadata;
    }
    const table::Converted done = table::convert_table(in_, out_, options, rows_per_part_);
    base::log_info("wrote {}: {} rows, {} columns", out_, done.n_rows, done.n_columns);
  }

 private:
  std::string in_, out_, metadata_;
  std::int64_t rows_per_part_ = 1'000'000;
};

}  // namespace

std::unique_ptr<Command> export_command() { return std::make_unique<ExportCommand>(); }

}  // namespace semblance::cli
