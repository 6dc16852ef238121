/// Speed of reading CSV, one thread: one JSON line for each kind of work with the CPU seconds of
/// its calls, and for "read" what a peer can check: rows, and the sum of a number column.
///   bench_read FILE REPEATS COLUMN
#include "base/log.hpp"
#include "bench/program.hpp"
#include "table/csv_scanner.hpp"
#include "table/read_table.hpp"

namespace {

using namespace semblance;

std::int64_t scan(const std::string& path) {
  table::CsvScanner scanner(path);
  table::CsvBlock block;
  std::int64_t rows = 0;
  while (scanner.next(block)) rows += block.n_rows();
  return rows;
}

void run(const std::string& path, int repeats, const std::string& name) {
  base::configure_log({.quiet = true});
  std::int64_t rows = 0;
  const auto scanned = bench::measured(repeats, [&] { rows = scan(path); });
  fmt::print("{{\"work\": \"scan\", \"rows\": {}, \"cpu_s\": [{}]}}\n", rows,
             fmt::join(scanned, ", "));
  double sum = 0;
  const auto read = bench::measured(repeats, [&] {
    const table::Table table = table::read_table(path, {.threads = 1});
    const table::Column& column = table.column(name);
    rows = table.n_rows();
    sum = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      if (!column.is_missing(row)) sum += column.as_double(row);
    }
  });
  fmt::print("{{\"work\": \"read\", \"rows\": {}, \"sum\": {}, \"cpu_s\": [{}]}}\n", rows, sum,
             fmt::join(read, ", "));
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, 3, "bench_read FILE REPEATS COLUMN",
                            [&] { run(argv[1], std::stoi(argv[2]), argv[3]); });
}
