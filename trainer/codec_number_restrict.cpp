/// Which tokens, and which draws within them, give an allowed number. A draw is one of 2^32 words
/// of randomness, and the number grows with the word, so the allowed ones are runs of words.
#include <cmath>

#include "trainer/codec_number.hpp"

namespace semblance::trainer {
namespace {

constexpr std::uint64_t kWords = std::uint64_t{1} << 32;

}  // namespace

/// The number that a word of randomness makes of an interval: kernels::cell_uniform, then decoded.
double NumberCoder::value_at(std::int32_t interval, std::uint64_t word, bool whole) const {
  const double uniform = (static_cast<double>(word) + 0.5) * (1.0 / 4294967296.0);
  const double value =
      kernels::decode_interval(interval, uniform, table_.knot_begin.data(), table_.size(),
                               table_.knots.data(), table_.grid.multiplier, table_.grid.divisor);
  return whole ? std::round(value) : value;
}

/// The first word whose number is not below `least`; kWords when there is none.
std::uint64_t NumberCoder::first_word(std::int32_t interval, double least, bool whole) const {
  std::uint64_t low = 0, high = kWords;
  while (low < high) {
    const std::uint64_t middle = (low + high) / 2;
    if (value_at(interval, middle, whole) >= least) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

namespace {

struct Run {
  std::uint64_t first, last;  // last is not in it
};

}  // namespace

table::AllowedValues::Range NumberCoder::span(std::int32_t interval) const {
  return {value_at(interval, 0, false), value_at(interval, kWords - 1, false)};
}

std::vector<PartMask> NumberCoder::restrict(const table::AllowedValues& allowed, bool whole) const {
  const std::int32_t n = table_.size();
  std::vector<float> share(static_cast<std::size_t>(n) + 1);
  share.back() = allowed.missing ? 1.0f : 0.0f;
  for (std::int32_t i = 0; i < n; ++i) {
    double words = 0;
    for (const table::AllowedValues::Range& range : allowed.ranges) {
      if (!allowed.present) break;
      const std::uint64_t first = first_word(i, range.low, whole);
      const std::uint64_t last = first_word(i, std::nextafter(range.high, INFINITY), whole);
      words += static_cast<double>(last) - static_cast<double>(first);
    }
    share[static_cast<std::size_t>(i)] = static_cast<float>(words / static_cast<double>(kWords));
  }
  PartMask first{0, -1, std::vector<float>(static_cast<std::size_t>(n_first_), 0.0f)};
  PartMask second{1, 0, {}};
  for (std::int32_t f = 0; f < n_first_; ++f) {
    for (std::int32_t s = 0; s < n_second_; ++s) {
      const float one = share[static_cast<std::size_t>(
          interval_of(static_cast<std::uint16_t>(f), static_cast<std::uint16_t>(s)))];
      float& whole_digit = first.weights[static_cast<std::size_t>(f)];
      if (n_second_ == 1) whole_digit = one;
      if (n_second_ > 1 && one > 0) whole_digit = 1;
      second.weights.push_back(one);
    }
  }
  if (n_second_ == 1) return {first};
  return {first, second};
}

double NumberCoder::narrowed(std::uint16_t first, std::uint16_t second,
                             const table::AllowedValues& allowed, bool whole,
                             std::uint32_t bits) const {
  const std::int32_t interval = interval_of(first, second);
  if (interval >= table_.size()) return std::nan("");
  std::vector<Run> runs;
  std::uint64_t total = 0;
  for (const table::AllowedValues::Range& range : allowed.ranges) {
    const Run run{first_word(interval, range.low, whole),
                  first_word(interval, std::nextafter(range.high, INFINITY), whole)};
    if (run.last <= run.first) continue;
    runs.push_back(run);
    total += run.last - run.first;
  }
  if (total == 0) return std::nan("");
  std::uint64_t place =
      static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits) * total) >> 32);
  for (const Run& run : runs) {
    if (place < run.last - run.first) return value_at(interval, run.first + place, whole);
    place -= run.last - run.first;
  }
  return std::nan("");
}

}  // namespace semblance::trainer
