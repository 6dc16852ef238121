/// Numbers to one token or two digits and back: the building block of numeric and date columns.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/communicator.hpp"
#include "kernels/decode.hpp"
#include "kernels/encode.hpp"
#include "trainer/codec_column.hpp"
#include "trainer/codec_intervals.hpp"

namespace semblance::trainer {

/// Numbers as one or two digits, each a token: the number of an interval, or missing. Dates use it
/// for their parts, too.
class NumberCoder {
 public:
  NumberCoder() = default;
  /// \param summary     of the rows of all ranks
  /// \param digit_base  more tokens than this are split into two digits
  NumberCoder(const NumberSummary& summary, const Grid& grid, const IntervalOptions& options,
              int digit_base);
  /// \throws Error{kData} when what was saved does not fit together
  static NumberCoder load(hid_t group);
  /// Into an empty group: edges, knots and digits of the intervals.
  void save(hid_t group) const;

  int n_tokens() const { return n_second_ > 1 ? 2 : 1; }  ///< digits
  /// \param t  0: first digit, 1: second.
  int cardinality(int t) const { return t == 0 ? n_first_ : n_second_; }
  /// The first digit follows the order of the values, missing apart; the second does not.
  int ordered(int t) const { return t == 0 ? n_first_ - (has_missing_ ? 1 : 0) : 0; }
  /// Whether a value was missing when it was learned.
  bool has_missing() const { return has_missing_; }
  const IntervalTable& intervals() const { return table_; }  ///< in the order of the values

  /// Tokens of values; NaN is missing. Returns how many values are missing although the codec has
  /// no token for that: they become the commonest interval.
  /// \param second  empty when n_tokens() is 1
  std::int64_t encode(std::span<const double> values, std::span<std::uint16_t> first,
                      std::span<std::uint16_t> second, int threads) const;
  std::int64_t encode(std::span<const std::int64_t> values, std::span<std::uint16_t> first,
                      std::span<std::uint16_t> second, int threads) const;
  /// \param tokens  [n_tokens()] columns of values.size() tokens
  void decode(std::span<const std::uint16_t* const> tokens, std::uint64_t seed,
              std::int64_t first_row, std::uint32_t stream, std::span<double> values,
              int threads) const;

  /// Masks of the first digit and, given that, of the second.
  /// \param whole  decoded values are rounded to whole numbers
  std::vector<PartMask> restrict(const table::AllowedValues& allowed, bool whole) const;
  /// A value of the token's interval among the allowed ones; NaN when there is none.
  /// \param bits  random
  double narrowed(std::uint16_t first, std::uint16_t second, const table::AllowedValues& allowed,
                  bool whole, std::uint32_t bits) const;
  /// The least and largest value that an interval's draws can be.
  table::AllowedValues::Range span(std::int32_t interval) const;
  /// The number that a word of randomness makes of an interval; grows with the word.
  double value_at(std::int32_t interval, std::uint64_t word, bool whole) const;
  /// Interval of a pair of digits; intervals().size() for missing.
  std::int32_t interval_of(std::uint16_t first, std::uint16_t second) const {
    return interval_of_[static_cast<std::size_t>(first) * static_cast<std::size_t>(n_second_) +
                        second];
  }

 private:
  std::uint64_t first_word(std::int32_t interval, double least, bool whole) const;
  std::vector<std::int32_t> shared_digits(std::int32_t width, bool all) const;
  void assign_digits(int digit_base);
  void fill_pairs();
  kernels::EncodePlan encode_plan() const;
  void check(const std::string& where) const;

  IntervalTable table_;
  bool has_missing_ = false;
  std::int32_t n_first_ = 1, n_second_ = 1;
  std::vector<std::uint16_t> first_, second_;  ///< [n + 1] tokens of intervals, then of missing
  std::vector<std::int32_t> interval_of_;      ///< [n_first * n_second]
};

}  // namespace semblance::trainer
