/// bench_dcr_scale BASE REFERENCES QUERIES THREADS: nearest_rows on as many rows as wanted, made by
/// resampling and perturbing the rows of BASE (bench/dcr_scale.py writes it: four int64 sizes rows,
/// numeric and categorical columns, extra columns; numeric columns as float32, categorical ones as
/// int32). The first extra columns of either kind come twice, perturbed on their own. Prints one
/// JSON object: seconds, peak memory, and the largest difference from the definition for a few
/// queries.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>

#include "base/parallel.hpp"
#include "base/philox.hpp"
#include "bench/program.hpp"
#include "kernels/dcr_search.hpp"

namespace {

using namespace semblance;

struct Columns {
  std::vector<std::vector<float>> numeric;
  std::vector<std::vector<std::int32_t>> categorical;

  std::int64_t n_rows() const { return static_cast<std::int64_t>(numeric[0].size()); }
  std::size_t bytes() const {
    return static_cast<std::size_t>(n_rows()) * (numeric.size() + categorical.size()) * 4;
  }
  kernels::GowerRows view() const {
    kernels::GowerRows rows{.n_rows = n_rows()};
    for (const auto& column : numeric) rows.numeric.emplace_back(column);
    for (const auto& column : categorical) rows.categorical.emplace_back(column);
    return rows;
  }
};

Columns read_base(const std::string& path, std::int64_t& n_extra) {
  std::ifstream file(path, std::ios::binary);
  const auto sizes = bench::read_values<std::int64_t>(file, 4);
  Columns base;
  for (std::int64_t c = 0; c < sizes[1]; ++c)
    base.numeric.push_back(bench::read_values<float>(file, sizes[0]));
  for (std::int64_t c = 0; c < sizes[2]; ++c)
    base.categorical.push_back(bench::read_values<std::int32_t>(file, sizes[0]));
  n_extra = sizes[3];
  return base;
}

/// Row i is a row of the base in which one number in two has moved by up to 2 % of its range, and
/// one category in twenty is another row's.
Columns perturbed(const Columns& base, std::int64_t n, std::int64_t n_extra, std::uint64_t seed,
                  int threads) {
  const auto rows = static_cast<std::size_t>(n), n_base = static_cast<std::size_t>(base.n_rows());
  const auto n_numeric = static_cast<std::size_t>(n_extra / 2),
             n_categorical = static_cast<std::size_t>(n_extra - n_extra / 2);
  Columns made;
  made.numeric.assign(base.numeric.size() + n_numeric, std::vector<float>(rows));
  made.categorical.assign(base.categorical.size() + n_categorical, std::vector<std::int32_t>(rows));
  base::parallel_for(n, threads, [&](std::int64_t i) {
    base::PhiloxStream random(seed, base::Purpose::kEvaluate, static_cast<std::uint64_t>(i));
    const auto at = static_cast<std::size_t>(i);
    const auto from = static_cast<std::size_t>(random.below(n_base));
    for (std::size_t c = 0; c < made.numeric.size(); ++c) {
      const float value = base.numeric[c % base.numeric.size()][from];
      const double move = random.uniform() < 0.5 ? 0 : 0.04 * (random.uniform() - 0.5);
      made.numeric[c][at] = std::clamp(value + static_cast<float>(move), 0.0f, 1.0f);
    }
    for (std::size_t c = 0; c < made.categorical.size(); ++c) {
      const auto row = random.uniform() < 0.05 ? random.below(n_base) : from;
      made.categorical[c][at] =
          base.categorical[c % base.categorical.size()][static_cast<std::size_t>(row)];
    }
  });
  return made;
}

/// Queries whose result is not that of the definition.
int wrong_results(const Columns& queries, const Columns& references,
                  const std::vector<kernels::Nearest>& found, std::int64_t n_checked) {
  int wrong = 0;
  const auto n_columns = queries.numeric.size() + queries.categorical.size();
  const std::size_t step = found.size() / static_cast<std::size_t>(n_checked);
  for (std::size_t i = 0; i < found.size(); i += step) {
    kernels::NearestUnits best;
    for (std::size_t j = 0; j < static_cast<std::size_t>(references.n_rows()); ++j) {
      std::uint64_t units = 0;
      for (std::size_t c = 0; c < queries.numeric.size(); ++c)
        units += kernels::numeric_units(queries.numeric[c][i], references.numeric[c][j]);
      for (std::size_t c = 0; c < queries.categorical.size(); ++c)
        units += kernels::category_units(queries.categorical[c][i], references.categorical[c][j]);
      kernels::offer(best, units, static_cast<std::int64_t>(j));
    }
    const kernels::Nearest expected = kernels::nearest_of(best, n_columns);
    wrong += found[i].first != expected.first || found[i].second != expected.second ||
             found[i].first_row != expected.first_row;
  }
  return wrong;
}

double peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

void run(const std::string& path, std::int64_t n_references, std::int64_t n_queries, int threads) {
  std::int64_t n_extra = 0;
  const Columns base = read_base(path, n_extra);
  const Columns references = perturbed(base, n_references, n_extra, 1, threads),
                queries = perturbed(base, n_queries, n_extra, 2, threads);
  const auto start = std::chrono::steady_clock::now();
  const double cpu_start = bench::cpu_seconds();
  kernels::SearchCounts counts;
  const kernels::GowerRows view = references.view();
  const auto found = kernels::nearest_rows_cpu(queries.view(), {&view, 1}, {.threads = threads},
                                               kernels::best_isa(), &counts)[0];
  const double cpu = bench::cpu_seconds() - cpu_start;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const double peak = peak_bytes();
  std::vector<float> distances;
  for (const kernels::Nearest& nearest : found) distances.push_back(nearest.first);
  std::nth_element(distances.begin(),
                   distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2),
                   distances.end());
  constexpr int kChecked = 4;
  fmt::print(
      "{{\"columns\":{},\"wall_s\":{},\"cpu_s\":[{}],\"peak_bytes\":{},\"table_bytes\":{},"
      "\"median\":{},\"box_scans\":{},\"row_scans\":{},\"exact\":{},\"checked\":{},\"wrong\":{}}}"
      "\n",
      references.numeric.size() + references.categorical.size(), wall.count(), cpu, peak,
      references.bytes() + queries.bytes(), distances[distances.size() / 2],
      static_cast<double>(counts.box_scans) / static_cast<double>(n_queries),
      static_cast<double>(counts.row_scans) / static_cast<double>(n_queries),
      static_cast<double>(counts.exact) / static_cast<double>(n_queries), kChecked,
      wrong_results(queries, references, found, kChecked));
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, 4, "bench_dcr_scale BASE REFERENCES QUERIES THREADS", [&] {
    run(argv[1], std::stoll(argv[2]), std::stoll(argv[3]), std::stoi(argv[4]));
  });
}
