/// bench_gpu_kernels [ROWS]: the kernels on CUDA device 0, checked against the CPU and timed.
/// Prints one line for each: name, result, and (nearest records only) pairs a second, separated by
/// tabs.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "kernels/contingency.hpp"
#include "kernels/dcr.hpp"

namespace {

using namespace semblance;

constexpr int kNumeric = 6;
constexpr int kLevels[] = {9, 16, 7, 15, 6, 5, 2, 42, 2};  ///< of Adult's categorical columns
constexpr int kClasses = 200;  ///< latent classes that tie columns together

/// Rows in Adult's shape.
struct Rows {
  std::vector<std::vector<float>> numeric{kNumeric};
  std::vector<std::vector<std::int32_t>> categorical{std::size(kLevels)};

  Rows(std::int64_t n, std::uint64_t seed) {
    base::PhiloxStream random(seed, base::Purpose::kEvaluate, 0);
    for (std::int64_t i = 0; i < n; ++i) {
      base::PhiloxStream shared(1, base::Purpose::kEvaluate, random.below(kClasses));
      for (auto& column : numeric) {
        const double value = shared.uniform() + 0.2 * (random.uniform() + random.uniform() - 1);
        column.push_back(static_cast<float>(value < 0 ? 0 : value > 1 ? 1 : value));
      }
      for (std::size_t c = 0; c < categorical.size(); ++c) {
        const auto k = static_cast<std::uint64_t>(kLevels[c]);
        const std::uint64_t usual = shared.below(k), other = random.below(k);
        categorical[c].push_back(static_cast<std::int32_t>(random.uniform() < 0.8 ? usual : other));
      }
    }
  }
  /// Every `step`-th row.
  Rows(const Rows& all, std::size_t step) {
    for (std::size_t c = 0; c < numeric.size(); ++c) {
      for (std::size_t i = 0; i < all.numeric[c].size(); i += step)
        numeric[c].push_back(all.numeric[c][i]);
    }
    for (std::size_t c = 0; c < categorical.size(); ++c) {
      for (std::size_t i = 0; i < all.categorical[c].size(); i += step)
        categorical[c].push_back(all.categorical[c][i]);
    }
  }
  kernels::GowerRows view() const {
    kernels::GowerRows rows;
    rows.n_rows = static_cast<std::int64_t>(numeric[0].size());
    for (const auto& column : numeric) rows.numeric.emplace_back(column);
    for (const auto& column : categorical) rows.categorical.emplace_back(column);
    return rows;
  }
};

double seconds_of(const auto& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool bench_nearest(std::int64_t n) {
  const Rows queries(n, 11), references(n, 12);
  kernels::DcrOptions options;
  options.device = "cuda:0";
  std::vector<kernels::Nearest> found;
  kernels::nearest_rows(Rows(queries, 1000).view(), references.view(),
                        options);  // wakes the device
  const double one = seconds_of(
      [&] { kernels::nearest_rows(Rows(queries, 1000).view(), references.view(), options); });
  const double all = seconds_of(
      [&] { found = kernels::nearest_rows(queries.view(), references.view(), options); });
  const std::size_t step = 100;
  options.device = "cpu";
  const auto expected =
      kernels::nearest_rows(Rows(queries, step).view(), references.view(), options);
  std::size_t bad = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const kernels::Nearest& gpu = found[i * step];
    bad += std::memcmp(&gpu.first, &expected[i].first, sizeof gpu.first) != 0 ||
           std::memcmp(&gpu.second, &expected[i].second, sizeof gpu.second) != 0 ||
           gpu.first_row != expected[i].first_row;
  }
  const double pairs = static_cast<double>(n) * static_cast<double>(n);
  fmt::print(
      "nearest records {0} x {0} x 15\t{1:.4g} T pairs/s ({2:.3f} s, of which {3:.3f} s make the "
      "index)\t{4:.6g}\n",
      n, pairs / all / 1e12, all, one, pairs / all);
  fmt::print("  against the CPU\t{} of {} queries differ\t\n", bad, expected.size());
  return bad == 0;
}

bool bench_contingency(std::size_t n) {
  const std::vector<int> cardinalities{20, 20, 16, 5, 5, 10, 9, 16, 7, 15, 6, 5, 2, 42, 2};
  std::vector<std::vector<std::uint8_t>> codes(cardinalities.size(), std::vector<std::uint8_t>(n));
  std::vector<kernels::CodeColumn> columns;
  base::PhiloxStream random(5, base::Purpose::kEvaluate, 0);
  for (std::size_t c = 0; c < codes.size(); ++c) {
    const auto k = static_cast<double>(cardinalities[c]);
    for (auto& code : codes[c]) {
      const double u = random.uniform();
      code = static_cast<std::uint8_t>(u * u * k);
    }
    columns.emplace_back(std::span<const std::uint8_t>(codes[c]));
  }
  kernels::PairCounts on_gpu(cardinalities), on_cpu(cardinalities);
  kernels::PairCounts(cardinalities).add(columns, 0, "cuda:0");
  const double gpu = seconds_of([&] { on_gpu.add(columns, 0, "cuda:0"); });
  const double cpu = seconds_of([&] { on_cpu.add(columns, 0, "cpu"); });
  bool same = true;
  for (std::size_t cell = 0; cell < on_cpu.all().size(); ++cell)
    same = same && on_cpu.all()[cell] == on_gpu.all()[cell];
  fmt::print("pairs of 15 columns, {} rows\t{:.4g} G row tables/s, CPU {:.4g}; counts {}\t\n", n,
             105e-9 * static_cast<double>(n) / gpu, 105e-9 * static_cast<double>(n) / cpu,
             same ? "equal" : "DIFFER");
  return same;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const bool nearest = bench_nearest(argc > 1 ? std::atoll(argv[1]) : 1'000'000);
    const bool contingency = bench_contingency(4'000'000);
    return nearest && contingency ? 0 : 1;
  } catch (const base::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return base::exit_code(error.kind());
  }
}
