/// bench_dcr_worst REPEATS: nearest_rows where its bounds prune little, beside a plain brute force
/// in float32 that the compiler vectorises. One JSON object for each table: CPU seconds of both.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/philox.hpp"
#include "bench/program.hpp"
#include "kernels/dcr.hpp"
#include "kernels/target_clones.hpp"

namespace {

using namespace semblance;

constexpr std::int64_t kReferences = 16'000;

struct Case {
  const char* name;
  std::int64_t queries;
  int numeric, categorical, levels;
  double structure;  ///< share of cells that follow one of 40 latent classes
};

constexpr Case kCases[] = {
    {"random", 4000, 6, 9, 12, 0},      {"structured", 4000, 6, 9, 12, 0.8},
    {"numeric", 4000, 15, 0, 0, 0},     {"categorical", 4000, 0, 15, 12, 0},
    {"binary", 4000, 0, 15, 2, 0},      {"200-columns", 500, 80, 120, 12, 0},
    {"200-numeric", 500, 200, 0, 0, 0}, {"200-categorical", 500, 0, 200, 12, 0},
    {"two-numeric", 4000, 2, 0, 0, 0},
};

struct Rows {
  std::vector<std::vector<float>> numeric;
  std::vector<std::vector<std::int32_t>> categorical;

  Rows(const Case& shape, std::int64_t n, std::uint64_t seed)
      : numeric(static_cast<std::size_t>(shape.numeric)),
        categorical(static_cast<std::size_t>(shape.categorical)) {
    base::PhiloxStream random(seed, base::Purpose::kEvaluate, 0);
    for (std::int64_t i = 0; i < n; ++i) {
      base::PhiloxStream latent(1, base::Purpose::kEvaluate, random.below(40));
      for (auto& column : numeric) {
        const double shared = latent.uniform(), own = random.uniform();
        column.push_back(static_cast<float>(
            random.uniform() < shape.structure ? 0.9 * shared + 0.1 * own : own));
      }
      for (auto& column : categorical) {
        const auto k = static_cast<std::uint64_t>(shape.levels);
        const std::uint64_t shared = latent.below(k), own = random.below(k);
        column.push_back(
            static_cast<std::int32_t>(random.uniform() < shape.structure ? shared : own));
      }
    }
  }
  kernels::GowerRows view() const {
    kernels::GowerRows rows;
    for (const auto& column : numeric) rows.numeric.emplace_back(column);
    for (const auto& column : categorical) rows.categorical.emplace_back(column);
    rows.n_rows =
        static_cast<std::int64_t>(numeric.empty() ? categorical[0].size() : numeric[0].size());
    return rows;
  }
};

constexpr std::size_t kBlock = 512;  ///< rows whose sums stay in the first-level cache

SEMBLANCE_CLONES void add_numeric(const float* column, float value, float* sums, std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) {
    const float gap = std::abs(column[j] - value);
    sums[j] += gap < 1.0f ? gap : 1.0f;
  }
}
SEMBLANCE_CLONES void add_categorical(const std::int32_t* column, std::int32_t value, float* sums,
                                      std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) sums[j] += column[j] != value ? 1.0f : 0.0f;
}
SEMBLANCE_CLONES float least(const float* sums, std::size_t n) {
  std::int32_t low = std::numeric_limits<std::int32_t>::max();  // floats above 0 order as integers
  for (std::size_t j = 0; j < n; ++j) {
    std::int32_t bits;
    __builtin_memcpy(&bits, sums + j, sizeof bits);
    low = bits < low ? bits : low;
  }
  float value;
  __builtin_memcpy(&value, &low, sizeof value);
  return value;
}

/// Distance to the nearest row alone, which is less than we compute.
std::vector<float> brute_force(const kernels::GowerRows& queries,
                               const kernels::GowerRows& references) {
  std::vector<float> result;
  const auto n = static_cast<std::size_t>(references.n_rows);
  std::array<float, kBlock> sums;
  for (std::size_t i = 0; i < static_cast<std::size_t>(queries.n_rows); ++i) {
    float best = std::numeric_limits<float>::infinity();
    for (std::size_t first = 0; first < n; first += kBlock) {
      const std::size_t size = std::min(kBlock, n - first);
      sums.fill(0);
      for (std::size_t c = 0; c < references.numeric.size(); ++c)
        add_numeric(references.numeric[c].data() + first, queries.numeric[c][i], sums.data(), size);
      for (std::size_t c = 0; c < references.categorical.size(); ++c) {
        add_categorical(references.categorical[c].data() + first, queries.categorical[c][i],
                        sums.data(), size);
      }
      best = std::min(best, least(sums.data(), size));
    }
    result.push_back(best /
                     static_cast<float>(queries.numeric.size() + queries.categorical.size()));
  }
  return result;
}

void run(int repeats) {
  for (const Case& shape : kCases) {
    const Rows query_rows(shape, shape.queries, 1), reference_rows(shape, kReferences, 2);
    const kernels::GowerRows queries = query_rows.view(), references = reference_rows.view();
    std::vector<kernels::Nearest> ours;
    std::vector<float> theirs;
    const auto seconds = bench::measured(
        repeats, [&] { ours = kernels::nearest_rows(queries, references, {.threads = 1}); });
    const auto brute = bench::measured(repeats, [&] { theirs = brute_force(queries, references); });
    double worst = 0;
    for (std::size_t i = 0; i < ours.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(ours[i].first) - theirs[i]));
    fmt::print(
        "{{\"case\":\"{}\",\"columns\":{},\"pairs\":{},\"cpu_s\":[{}],\"brute_s\":[{}],"
        "\"difference\":{}}}\n",
        shape.name, shape.numeric + shape.categorical, shape.queries * kReferences,
        fmt::join(seconds, ","), fmt::join(brute, ","), worst);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_program(argc, 1, "bench_dcr_worst REPEATS", [&] { run(std::stoi(argv[1])); });
}
