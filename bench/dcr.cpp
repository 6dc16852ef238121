/// bench_dcr FILE REPEATS OUT: times nearest_rows on rows written by bench/dcr.py (four int64
/// sizes: queries, references, numeric and categorical columns; then the columns of the queries and
/// of the references). Prints one JSON object for each instruction set; writes first and second
/// distances of each query to OUT.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "base/error.hpp"
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

template <class T>
void read(std::ifstream& file, std::vector<T>& values) {
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
  SEMBLANCE_EXPECT(file.good(), kData, "bench_dcr: the file is too short");
}

double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void run(const std::string& path, int repeats, const std::string& out) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::int64_t> sizes(4);
  read(file, sizes);
  Columns sides[2];
  for (int side = 0; side < 2; ++side) {
    const auto n = static_cast<std::size_t>(sizes[static_cast<std::size_t>(side)]);
    sides[side].numeric.assign(static_cast<std::size_t>(sizes[2]), std::vector<float>(n));
    sides[side].categorical.assign(static_cast<std::size_t>(sizes[3]),
                                   std::vector<std::int32_t>(n));
    for (auto& column : sides[side].numeric) read(file, column);
    for (auto& column : sides[side].categorical) read(file, column);
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
    std::string seconds;
    for (int repeat = 0; repeat <= repeats; ++repeat) {  // the first does not count
      const double start = cpu_seconds();
      result = kernels::nearest_rows_cpu(queries, {&references, 1}, options, isa, &counts)[0];
      if (repeat > 0) seconds += fmt::format("{}{}", repeat > 1 ? "," : "", cpu_seconds() - start);
    }
    const double n = static_cast<double>(std::max<std::int64_t>(1, sizes[0]));
    fmt::print("{{\"isa\":\"{}\",\"cpu_s\":[{}],\"box_scans\":{},\"row_scans\":{},\"exact\":{}}}\n",
               name, seconds, static_cast<double>(counts.box_scans) / n,
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
  if (argc != 4) {
    fmt::print(stderr, "usage: bench_dcr FILE REPEATS OUT\n");
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
