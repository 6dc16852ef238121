/// bench_contingency FILE REPEATS OUT: times the counts of all pairs and triples of the columns
/// written by bench/contingency.py (two int64 sizes: rows and columns; the columns' cardinalities
/// as int64; then columns of uint8). Prints one JSON object for pairs, one for triples; writes the
/// pair tables (int64) to OUT.
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "kernels/contingency.hpp"

namespace {

using namespace semblance;

template <class T>
void read(std::ifstream& file, std::vector<T>& values) {
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
  SEMBLANCE_EXPECT(file.good(), kData, "bench_contingency: the file is too short");
}

double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Counts>
Counts time_counts(const char* name, const std::vector<int>& cardinalities,
                   const std::vector<kernels::CodeColumn>& columns, int repeats) {
  std::string seconds;
  for (int repeat = 0;; ++repeat) {  // the first does not count
    const double start = cpu_seconds();
    Counts counts(cardinalities);
    counts.add(columns, 1);
    if (repeat > 0) seconds += fmt::format("{}{}", repeat > 1 ? "," : "", cpu_seconds() - start);
    if (repeat < repeats) continue;
    fmt::print("{{\"tables\":\"{}\",\"cpu_s\":[{}]}}\n", name, seconds);
    return counts;
  }
}

void run(const std::string& path, int repeats, const std::string& out) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::int64_t> sizes(2);
  read(file, sizes);
  std::vector<std::int64_t> read_cardinalities(static_cast<std::size_t>(sizes[1]));
  read(file, read_cardinalities);
  const std::vector<int> cardinalities(read_cardinalities.begin(), read_cardinalities.end());
  std::vector<std::vector<std::uint8_t>> codes(
      cardinalities.size(), std::vector<std::uint8_t>(static_cast<std::size_t>(sizes[0])));
  std::vector<kernels::CodeColumn> columns;
  for (auto& column : codes) {
    read(file, column);
    columns.emplace_back(std::span<const std::uint8_t>(column));
  }
  auto pairs = time_counts<kernels::PairCounts>("pairs", cardinalities, columns, repeats);
  time_counts<kernels::TripleCounts>("triples", cardinalities, columns, repeats);
  std::ofstream tables(out, std::ios::binary);
  tables.write(reinterpret_cast<const char*>(pairs.all().data()),
               static_cast<std::streamsize>(pairs.all().size_bytes()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: bench_contingency FILE REPEATS OUT\n");
    return 2;
  }
  try {
    run(argv[1], std::atoi(argv[2]), argv[3]);
  } catch (const base::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return base::exit_code(error.kind());
  }
  return 0;
}
