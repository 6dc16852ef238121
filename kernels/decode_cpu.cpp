#include <algorithm>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "kernels/encode_drivers.hpp"

namespace semblance::kernels {
namespace {

/// One column of tokens and where its numbers go.
struct Job {
  std::span<const std::uint16_t> first, second;
  const DecodePlan& plan;
  std::uint64_t seed;
  std::uint64_t first_row;
  std::uint32_t stream;
  std::span<double> values;
};

double decode_one(const Job& job, std::size_t i, std::uint32_t random) {
  const DecodePlan& plan = job.plan;
  std::size_t pair = job.first[i];
  if (plan.n_second > 1) pair = pair * static_cast<std::size_t>(plan.n_second) + job.second[i];
  SEMBLANCE_EXPECT(pair < plan.interval_of.size(), kData, "decode: token {} is out of range",
                   job.first[i]);
  const double uniform = (random + 0.5) * (1.0 / 4294967296.0);
  return decode_interval(plan.interval_of[pair], uniform, plan.knot_begin.data(),
                         static_cast<std::int32_t>(plan.knot_begin.size()) - 1, plan.knots.data(),
                         plan.multiplier, plan.divisor);
}

/// Cells [begin, end): the four rows of a Philox block are drawn together.
void decode_block(const Job& job, std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t i = begin; i < end;) {
    const std::uint64_t row = job.first_row + i;
    const base::PhiloxWords words =
        base::philox(job.seed, base::Purpose::kDecode, row / 4, job.stream);
    const std::uint64_t stop = std::min(end, i + 4 - row % 4);
    for (std::uint64_t lane = row % 4; i < stop; ++i, ++lane) {
      job.values[i] = decode_one(job, i, words.word[lane]);
    }
  }
}

}  // namespace

void decode_numbers_cpu(std::span<const std::uint16_t> first, std::span<const std::uint16_t> second,
                        const DecodePlan& plan, std::uint64_t seed, std::int64_t first_row,
                        std::uint32_t stream, std::span<double> values, int threads) {
  const Job job{first, second, plan, seed, static_cast<std::uint64_t>(first_row), stream, values};
  const auto n = static_cast<std::int64_t>(first.size());
  base::parallel_for((n + kCellBlock - 1) / kCellBlock, threads, [&](std::int64_t block) {
    const std::int64_t begin = block * kCellBlock;
    decode_block(job, static_cast<std::uint64_t>(begin),
                 static_cast<std::uint64_t>(std::min(begin + kCellBlock, n)));
  });
}

}  // namespace semblance::kernels
