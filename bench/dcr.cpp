/// bench_dcr FILE REPEATS OUT: times nearest_rows on rows written by bench/dcr.py (four int64
/// sizes: queries, references, numeric and categorical columns; then the columns of the queries and
/// of the references). Prints one JSON object for each instruction set; writes first and second
/// distances of each query to OUT.
#include <algorithm>

#include "bench/program.hpp"
#include "kernels/dcr_search.hpp"

namespace {

using namespace semblance;

struct Columns {
  std::vector<std::vector<float>> numeric;
  std::vector<std::vector<std::int32_t>> categorical;
  kernels::GowerRows view(std::int64_t n) const {
    kernels::GowerRows rows;
    rows.n_rows = n;
    for (const auto& column : numeric) rows.numeric.emplace_back(column);
    for (const auto& column : categorical) rows.categorical.emplace_back(column);
    return rows;
  }
};

void run(const std::string& path, int repeats, const std::string& out) {
  std::ifstream file(path, std::ios::binary);
  const auto sizes = bench::read_values<std::int64_t>(file, 4);
  Columns sides[2];
  for (std::size_t side = 0; side < 2; ++side) {
    for (std::int64_t c = 0; c < sizes[2]; ++c)
      sides[side].numeric.push_back(bench::read_values<float>(file, sizes[side]));
    for (std::int64_t c = 0; c < sizes[3]; ++c)
      sides[side].categorical.push_back(bench::read_values<std::int32_t>(file, sizes[side]));
  }
  const kernels::GowerRows queries = sides[0].view(sizes[0]), references = sides[1].view(sizes[1]);
  kernels::DcrOptions options;
  options.threads = 1;
  const std::pair<kernels::Isa, const char*> all[] = {{kernels::Isa::kPortable, "portable"},
                                                      {kernels::Isa::kAvx2, "avx2"},
                                                      {kernels::Isa::kAvx512, "avx512"}};
  std::vector<kernels::Nearest> result;
  for (const auto& [isa, name] : all) {
    if (!kernels::has_isa(isa)) continue;
    kernels::SearchCounts counts;
    const auto seconds = bench::measured(repeats, [&] {
      result = kernels::nearest_rows_cpu(queries, {&references, 1}, options, isa, &counts)[0];
    });
    const double n = static_cast<double>(std::max<std::int64_t>(1, sizes[0]));
    fmt::print("{{\"isa\":\"{}\",\"cpu_s\":[{}],\"box_scans\":{},\"row_scans\":{},\"exact\":{}}}\n",
               name, fmt::join(seconds, ","), static_cast<double>(counts.box_scans) / n,
               static_cast<double>(counts.row_scans) / n, static_cast<double>(counts.exact) / n);
  }
  std::ofstream distances(out, std::ios::binary);
  for (const kernels::Nearest& nearest : result) {
    distances.write(reinterpret_cast<const char*>(&nearest.first), sizeof nearest.first);
    distances.write(reinterpret_cast<const char*>(&nearest.second), sizeof nearest.second);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, 3, "bench_dcr FILE REPEATS OUT",
                            [&] { run(argv[1], std::stoi(argv[2]), argv[3]); });
}
