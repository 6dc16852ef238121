/// bench_contingency FILE REPEATS OUT: times the counts of all pairs and triples of the columns
/// written by bench/contingency.py (two int64 sizes: rows and columns; the columns' cardinalities
/// as int64; then columns of uint8). Prints one JSON object for pairs, one for triples; writes the
/// pair tables (int64) to OUT.
#include "kernels/contingency.hpp"

#include "bench/program.hpp"

namespace {

using namespace semblance;

template <class Counts>
Counts time_counts(const char* name, const std::vector<int>& cardinalities,
                   const std::vector<kernels::CodeColumn>& columns, int repeats) {
  Counts counts(cardinalities);
  const auto seconds = bench::measured(repeats, [&] {
    counts = Counts(cardinalities);
    counts.add(columns, 1);
  });
  fmt::print("{{\"tables\":\"{}\",\"cpu_s\":[{}]}}\n", name, fmt::join(seconds, ","));
  return counts;
}

void run(const std::string& path, int repeats, const std::string& out) {
  std::ifstream file(path, std::ios::binary);
  const auto sizes = bench::read_values<std::int64_t>(file, 2),
             read_cardinalities = bench::read_values<std::int64_t>(file, sizes[1]);
  const std::vector<int> cardinalities(read_cardinalities.begin(), read_cardinalities.end());
  std::vector<std::vector<std::uint8_t>> codes;
  for (std::size_t c = 0; c < cardinalities.size(); ++c)
    codes.push_back(bench::read_values<std::uint8_t>(file, sizes[0]));
  std::vector<kernels::CodeColumn> columns;
  for (const auto& column : codes) columns.emplace_back(std::span(column));
  auto pairs = time_counts<kernels::PairCounts>("pairs", cardinalities, columns, repeats);
  time_counts<kernels::TripleCounts>("triples", cardinalities, columns, repeats);
  bench::write_values(out, pairs.all().data(), pairs.all().size());
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, 3, "bench_contingency FILE REPEATS OUT",
                            [&] { run(argv[1], std::stoi(argv[2]), argv[3]); });
}
