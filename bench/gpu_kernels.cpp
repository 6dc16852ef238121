/// bench_gpu_kernels [ROWS]: the kernels on CUDA device 0, checked against the CPU and timed.
/// Prints one line for each: name, result, and (nearest records only) pairs a second, separated by
/// tabs.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "kernels/contingency.hpp"
#include "kernels/dcr.hpp"
#include "kernels/encode.hpp"

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

/// Results of the GPU that are not the bits of the CPU's, of every step-th query.
std::size_t differing(const std::vector<kernels::Nearest>& gpu,
                      const std::vector<kernels::Nearest>& expected, std::size_t step) {
  std::size_t bad = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const kernels::Nearest& found = gpu[i * step];
    bad += std::memcmp(&found.first, &expected[i].first, sizeof found.first) != 0 ||
           std::memcmp(&found.second, &expected[i].second, sizeof found.second) != 0 ||
           found.first_row != expected[i].first_row;
  }
  return bad;
}

/// n queries against n references, then against training and holdout rows in one pass.
bool bench_nearest(std::int64_t n) {
  constexpr std::size_t kStep = 100, kHoldoutStep = 4;
  const Rows queries(n, 11), references(n, 12), holdout(references, kHoldoutStep);
  const std::vector<kernels::GowerRows> tables{references.view(), holdout.view()};
  kernels::DcrOptions options;
  options.device = "cuda:0";
  const Rows few(queries, 1000);
  kernels::nearest_rows(few.view(), references.view(), options);  // wakes the device
  const double one =
      seconds_of([&] { kernels::nearest_rows(few.view(), references.view(), options); });
  std::vector<kernels::Nearest> found;
  std::vector<std::vector<kernels::Nearest>> both;
  const double all = seconds_of(
      [&] { found = kernels::nearest_rows(queries.view(), references.view(), options); });
  const double all_both =
      seconds_of([&] { both = kernels::nearest_rows_of_each(queries.view(), tables, options); });
  options.device = "cpu";
  const auto expected = kernels::nearest_rows_of_each(Rows(queries, kStep).view(), tables, options);
  const std::size_t bad = differing(found, expected[0], kStep) +
                          differing(both[0], expected[0], kStep) +
                          differing(both[1], expected[1], kStep);
  const double pairs = static_cast<double>(n) * static_cast<double>(n);
  fmt::print(
      "nearest records {0} x {0} x 15\t{1:.4g} T pairs/s ({2:.3f} s, of which {3:.3f} s make the "
      "index)\t{4:.6g}\n",
      n, pairs / all / 1e12, all, one, pairs / all);
  fmt::print("training and holdout in one pass\t{:.4g} T pairs/s ({:.3f} s)\t\n",
             pairs * (1 + 1.0 / kHoldoutStep) / all_both / 1e12, all_both);
  fmt::print("  against the CPU\t{} of {} results differ\t\n", bad,
             2 * expected[0].size() + expected[1].size());
  return bad == 0;
}

/// Times one kind of tables on both devices. \param tables  of a row
template <class Counts>
bool compare_counts(const char* name, const std::vector<int>& cardinalities,
                    const std::vector<kernels::CodeColumn>& columns, std::size_t n, double tables) {
  Counts on_gpu(cardinalities), on_cpu(cardinalities);
  Counts(cardinalities).add(columns, 0, "cuda:0");
  const double gpu = seconds_of([&] { on_gpu.add(columns, 0, "cuda:0"); });
  const double cpu = seconds_of([&] { on_cpu.add(columns, 0, "cpu"); });
  const bool same = std::ranges::equal(on_cpu.all(), on_gpu.all());
  const double work = 1e-9 * tables * static_cast<double>(n);
  fmt::print("{} of 15 columns, {} rows\t{:.4g} G row tables/s, CPU {:.4g}; counts {}\t\n", name, n,
             work / gpu, work / cpu, same ? "equal" : "DIFFER");
  return same;
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
  const bool pairs = compare_counts<kernels::PairCounts>("pairs", cardinalities, columns, n, 105);
  return compare_counts<kernels::TripleCounts>("triples", cardinalities, columns, n, 455) && pairs;
}

/// Numbers to tokens, copies to and from the device included.
bool bench_encode(std::size_t n) {
  std::vector<double> values, edges;
  base::PhiloxStream random(6, base::Purpose::kEvaluate, 0);
  for (std::size_t i = 0; i < n; ++i) values.push_back(random.uniform());
  std::vector<std::uint16_t> tokens_of;
  for (int k = 0; k < 128; ++k) edges.push_back(k / 128.0);
  for (std::uint16_t k = 0; k <= 128; ++k) tokens_of.push_back(k);
  std::vector<std::uint16_t> on_gpu(n), on_cpu(n);
  const kernels::EncodePlan plan{edges, tokens_of, {}};
  kernels::encode_numbers(values, plan, on_gpu, {}, {.device = "cuda:0"});
  const double gpu =
      seconds_of([&] { kernels::encode_numbers(values, plan, on_gpu, {}, {.device = "cuda:0"}); });
  const double cpu =
      seconds_of([&] { kernels::encode_numbers(values, plan, on_cpu, {}, {.threads = 0}); });
  const bool same = on_gpu == on_cpu;
  fmt::print("encode {} numbers\t{:.4g} G cells/s, CPU {:.4g}; tokens {}\t\n", n,
             1e-9 * static_cast<double>(n) / gpu, 1e-9 * static_cast<double>(n) / cpu,
             same ? "equal" : "DIFFER");
  return same;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const bool nearest = bench_nearest(argc > 1 ? std::atoll(argv[1]) : 1'000'000);
    const bool contingency = bench_contingency(4'000'000);
    const bool encode = bench_encode(20'000'000);
    return nearest && contingency && encode ? 0 : 1;
  } catch (const base::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return base::exit_code(error.kind());
  }
}
