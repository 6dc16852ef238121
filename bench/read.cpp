/// Speed of reading CSV, one thread: one JSON line for each kind of work with the CPU seconds of
/// its calls, and for "read" what a peer can check: rows, and the sum of a number column.
///   bench_read FILE REPEATS COLUMN
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "base/log.hpp"
#include "table/csv_scanner.hpp"
#include "table/read_table.hpp"

namespace {

using namespace semblance;

/// CPU seconds of each of `repeats` calls, after one call that does not count.
std::vector<double> measured(int repeats, const auto& body) {
  body();
  std::vector<double> seconds;
  for (int i = 0; i < repeats; ++i) {
    const std::clock_t start = std::clock();
    body();
    seconds.push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return seconds;
}

std::int64_t scan(const std::string& path) {
  table::CsvScanner scanner(path);
  table::CsvBlock block;
  std::int64_t rows = 0;
  while (scanner.next(block)) rows += block.n_rows();
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string path = argv[1], name = argv[3];
  const int repeats = std::atoi(argv[2]);
  base::configure_log({.quiet = true});
  std::int64_t rows = 0;
  const auto scanned = measured(repeats, [&] { rows = scan(path); });
  fmt::print("{{\"work\": \"scan\", \"rows\": {}, \"cpu_s\": [{}]}}\n", rows,
             fmt::join(scanned, ", "));
  double sum = 0;
  const auto read = measured(repeats, [&] {
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
