#include <algorithm>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "kernels/encode_drivers.hpp"

namespace semblance::kernels {
namespace {

/// Eight searches side by side: their loads overlap, which a single search cannot do.
constexpr std::int64_t kLanes = 8;

template <class T>
void find_intervals(const T* values, const EncodePlan& plan, std::int32_t* intervals) {
  const auto n = static_cast<std::int32_t>(plan.edges.size());
  const double* edges = plan.edges.data();
  double value[kLanes];
  std::int32_t base[kLanes] = {};
  for (int lane = 0; lane < kLanes; ++lane) value[lane] = cell_number(values[lane]);
  for (std::int32_t length = n; length > 1;) {
    const std::int32_t half = length / 2;
    for (int lane = 0; lane < kLanes; ++lane) {
      base[lane] += edges[base[lane] + half] <= value[lane] ? half : 0;
    }
    length -= half;
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    intervals[lane] = value[lane] == value[lane] && n > 0 ? base[lane] : n;
  }
}

template <class T>
void encode_block(const T* values, std::int64_t n, const EncodePlan& plan, std::uint16_t* first,
                  std::uint16_t* second) {
  const auto put = [&](std::int64_t i, std::int32_t interval) {
    first[i] = plan.first[static_cast<std::size_t>(interval)];
    if (second) second[i] = plan.second[static_cast<std::size_t>(interval)];
  };
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    std::int32_t intervals[kLanes];
    find_intervals(values + i, plan, intervals);
    for (int lane = 0; lane < kLanes; ++lane) put(i + lane, intervals[lane]);
  }
  for (; i < n; ++i) {
    put(i, find_interval(cell_number(values[i]), plan.edges.data(),
                         static_cast<std::int32_t>(plan.edges.size())));
  }
}

template <class T>
void encode_all(std::span<const T> values, const EncodePlan& plan, std::span<std::uint16_t> first,
                std::span<std::uint16_t> second, int threads) {
  const auto n = static_cast<std::int64_t>(values.size());
  base::parallel_for((n + kCellBlock - 1) / kCellBlock, threads, [&](std::int64_t block) {
    const std::int64_t begin = block * kCellBlock, count = std::min(kCellBlock, n - begin);
    encode_block(values.data() + begin, count, plan, first.data() + begin,
                 second.empty() ? nullptr : second.data() + begin);
  });
}

}  // namespace

void encode_numbers_cpu(std::span<const double> values, const EncodePlan& plan,
                        std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                        int threads) {
  encode_all(values, plan, first, second, threads);
}

void encode_integers_cpu(std::span<const std::int64_t> values, const EncodePlan& plan,
                         std::span<std::uint16_t> first, std::span<std::uint16_t> second,
                         int threads) {
  encode_all(values, plan, first, second, threads);
}

void encode_codes_cpu(std::span<const std::int32_t> codes,
                      std::span<const std::uint16_t> token_of_code, std::span<std::uint16_t> tokens,
                      int threads) {
  const auto n = static_cast<std::int64_t>(codes.size());
  const auto n_tokens = static_cast<std::int64_t>(token_of_code.size());
  base::parallel_for((n + kCellBlock - 1) / kCellBlock, threads, [&](std::int64_t block) {
    const std::int64_t begin = block * kCellBlock, end = std::min(begin + kCellBlock, n);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t slot = std::int64_t{codes[static_cast<std::size_t>(i)]} + 1;
      SEMBLANCE_EXPECT(slot >= 0 && slot < n_tokens, kUsage,
                       "encode: level code {} is not below {}", slot - 1, n_tokens - 1);
      tokens[static_cast<std::size_t>(i)] = token_of_code[static_cast<std::size_t>(slot)];
    }
  });
}

}  // namespace semblance::kernels
