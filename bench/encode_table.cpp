/// bench_encode_table DIRECTORY FILES REPEATS THREADS: reads part-0.parquet, part-1.parquet ... as
/// Arrow columns and encodes them with a codec that was fitted to the first; each thread has one
/// part in memory at a time. One JSON object: rows, columns, tokens a row, CPU and wall seconds,
/// the share of encoding, peak memory.
#include <sys/resource.h>

#include <chrono>
#include <mutex>

#include "base/log.hpp"
#include "base/parallel.hpp"
#include "bench/program.hpp"
#include "table/read_table.hpp"
#include "trainer/codec.hpp"

namespace {

using namespace semblance;

double thread_cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

std::string part(const std::string& directory, std::int64_t i) {
  return directory + "/part-" + std::to_string(i) + ".parquet";
}

trainer::Codec fit(const std::string& path) {
  table::Schema schema;
  const table::Table rows = table::read_table(path, {.threads = 1}, &schema);
  return trainer::Codec::fit(rows, schema, {}, *base::self_communicator());
}

void run(const std::string& directory, std::int64_t n_files, int repeats, int threads) {
  const trainer::Codec codec = fit(part(directory, 0));
  std::vector<double> wall, encoding;
  std::int64_t rows = 0, columns = 0;
  std::uint64_t sum = 0;
  const auto cpu = bench::measured(repeats, [&] {
    const auto start = std::chrono::steady_clock::now();
    std::mutex adding;
    double encode_s = 0;
    rows = 0;
    sum = 0;
    base::parallel_for(n_files, threads, [&](std::int64_t i) {
      const table::Table table =
          table::read_table(part(directory, i), {.schema = &codec.schema(), .threads = 1});
      const double before = thread_cpu_seconds();
      const trainer::TokenMatrix matrix = codec.encode(table);
      const double spent = thread_cpu_seconds() - before;
      std::uint64_t own = 0;
      for (const std::uint16_t token : matrix.tokens) own += token;
      const std::lock_guard lock(adding);
      encode_s += spent;
      rows += matrix.n_rows;
      columns = static_cast<std::int64_t>(table.n_columns());
      sum += own;
    });
    encoding.push_back(encode_s);
    wall.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  });
  fmt::print(
      "{{\"rows\":{},\"columns\":{},\"tokens\":{},\"sum\":{},\"cpu_s\":[{}],\"wall_s\":[{}],"
      "\"encode_s\":[{}],\"peak_bytes\":{}}}\n",
      rows, columns, codec.token_columns().size(), sum, fmt::join(cpu, ","),
      fmt::join(wall.begin() + 1, wall.end(), ","),
      fmt::join(encoding.begin() + 1, encoding.end(), ","), peak_bytes());
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, 4, "bench_encode_table DIRECTORY FILES REPEATS THREADS", [&] {
    base::configure_log({.quiet = true});
    run(argv[1], std::stoll(argv[2]), std::stoi(argv[3]), std::stoi(argv[4]));
  });
}
