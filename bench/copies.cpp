/// bench_copies FILE DIRECTORY REPEATS: exact copies between two tables written by bench/copies.py
/// (four int64 sizes: queries, references, float64 and int32 columns; then the columns of the
/// queries and of the references), in memory and through files in DIRECTORY. One JSON object each.
#include <algorithm>

#include "bench/program.hpp"
#include "kernels/copy_spill.hpp"

namespace {

using namespace semblance;

struct Columns {
  std::vector<std::vector<double>> reals;
  std::vector<std::vector<std::int32_t>> codes;

  /// Rows [first, first + n).
  kernels::CellRows part(std::int64_t first, std::int64_t n) const {
    kernels::CellRows rows{n, {}};
    const auto at = static_cast<std::size_t>(first), size = static_cast<std::size_t>(n);
    for (const auto& column : reals) rows.columns.emplace_back(std::span(column).subspan(at, size));
    for (const auto& column : codes) rows.columns.emplace_back(std::span(column).subspan(at, size));
    return rows;
  }
};

void print(const char* how, const std::vector<double>& seconds, std::int64_t copies) {
  fmt::print("{{\"how\":\"{}\",\"cpu_s\":[{}],\"copies\":{}}}\n", how, fmt::join(seconds, ","),
             copies);
}

std::int64_t spilled_copies(const Columns& queries, std::int64_t n_queries,
                            const Columns& references, std::int64_t n_references,
                            const std::string& directory) {
  constexpr std::int64_t kChunk = 1 << 20;
  kernels::SpilledCopies spilled(
      {.directory = directory, .memory_bytes = std::size_t{64} << 20, .threads = 1});
  for (std::int64_t first = 0; first < n_references; first += kChunk)
    spilled.add_references(references.part(first, std::min(kChunk, n_references - first)));
  for (std::int64_t first = 0; first < n_queries; first += kChunk)
    spilled.add_queries(queries.part(first, std::min(kChunk, n_queries - first)));
  std::int64_t copies = 0;
  spilled.find([&](std::int64_t, std::int64_t) { ++copies; });
  return copies;
}

void run(const std::string& path, const std::string& directory, int repeats) {
  std::ifstream file(path, std::ios::binary);
  const auto sizes = bench::read_values<std::int64_t>(file, 4);
  Columns sides[2];
  for (std::size_t side = 0; side < 2; ++side) {
    for (std::int64_t c = 0; c < sizes[2]; ++c)
      sides[side].reals.push_back(bench::read_values<double>(file, sizes[side]));
    for (std::int64_t c = 0; c < sizes[3]; ++c)
      sides[side].codes.push_back(bench::read_values<std::int32_t>(file, sizes[side]));
  }
  std::int64_t copies = 0;
  const auto in_memory = bench::measured(repeats, [&] {
    const auto found = kernels::find_copies(sides[0].part(0, sizes[0]), sides[1].part(0, sizes[1]),
                                            {.threads = 1});
    copies = std::count_if(found.begin(), found.end(), [](std::int64_t row) { return row >= 0; });
  });
  print("in memory", in_memory, copies);
  const auto on_disk = bench::measured(
      1, [&] { copies = spilled_copies(sides[0], sizes[0], sides[1], sizes[1], directory); });
  print("through files", on_disk, copies);
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, 3, "bench_copies FILE DIRECTORY REPEATS",
                            [&] { run(argv[1], argv[2], std::stoi(argv[3])); });
}
