/// The tokens of a category: which token, or pair of digits, stands for which level.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trainer/codec_text_numbers.hpp"

namespace semblance::trainer {

/// What a category's tokens stand for.
struct CategoryParts {
  std::int64_t numbers = 0;  ///< bins of rare numbers
  std::int64_t levels = 0;   ///< kept ones, commonest first
  bool rare = false;         ///< there is a RARE token
  bool missing = false;      ///< there is a MISSING token
};

/// A level is a number from 0 on, kMissing, kRare, or a bin of numbers: kFirstNumber - bin. One
/// token a level where they are few enough; otherwise two digits. The places of the first digit are
/// bins, single levels, groups of rarer levels (told apart by the second digit), RARE, MISSING.
class CategoryDigits {
 public:
  /// Levels that are none.
  static constexpr std::int64_t kMissing = -1, kRare = -2, kFirstNumber = -3;

  CategoryDigits() = default;
  /// \param digit_base  more tokens than this are split into two digits
  CategoryDigits(const CategoryParts& parts, int digit_base);
  /// \throws Error{kData} when what was saved does not fit together
  static CategoryDigits load(hid_t group, const CategoryParts& parts);
  /// Into the group of the column, beside what it saves.
  void save(hid_t group) const;
  /// Levels that two digits can tell apart; there is no third one.
  static std::int64_t most_levels(int digit_base);

  /// Puts bins and levels that are numbers first, in their order, so that the network can learn
  /// from neighbours. With two digits, and without numbers, nothing moves.
  void sort_numbers(const std::vector<std::string>& levels, const TextNumbers& numbers);

  const CategoryParts& parts() const { return parts_; }  ///< as given
  int n_tokens() const { return width_ > 1 ? 2 : 1; }    ///< digits
  int cardinality(int t) const;                          ///< of digit t, at least 1
  int ordered() const { return ordered_; }       ///< tokens of the first digit, from 0 on, in order
  std::int64_t width() const { return width_; }  ///< members of a group
  /// Digit t of a level; where it has no token, of the commonest level.
  std::uint16_t token(std::int64_t level, int t) const;
  /// \throws Error{kData} for a first digit out of range
  std::int64_t level(std::int64_t first, std::int64_t second) const;
  /// True for a first digit whose members the second one tells apart.
  bool is_group(std::int64_t first) const;
  /// False for members beyond the last level, which stand for it once more.
  bool is_member(std::int64_t first, std::int64_t second) const;

 private:
  std::int64_t place(std::int64_t first) const;
  std::uint16_t token_of_place(std::int64_t place) const;

  CategoryParts parts_;
  std::int64_t singles_ = 0, groups_ = 0, width_ = 1;
  int ordered_ = 0;
  std::vector<std::uint16_t> place_of_, token_of_;  ///< empty: tokens are places
};

}  // namespace semblance::trainer
