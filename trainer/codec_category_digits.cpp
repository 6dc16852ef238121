#include "trainer/codec_category_digits.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/hdf5.hpp"

namespace semblance::trainer {

std::int64_t CategoryDigits::most_levels(int digit_base) {
  return std::int64_t{std::max(1, digit_base - 2)} * std::min(digit_base, 60'000);
}

CategoryDigits::CategoryDigits(const CategoryParts& parts, int digit_base)
    : parts_(parts), singles_(parts.levels), ordered_(static_cast<int>(parts.numbers)) {
  const std::int64_t n = parts.levels,
                     extra = parts.numbers + std::int64_t{parts.rare} + parts.missing;
  if (n + extra <= digit_base) return;
  SEMBLANCE_ASSERT(extra < digit_base);
  // Half of the first digit for the commonest levels; the rest in about as many groups as members.
  for (singles_ = (digit_base - parts.numbers) / 2;; singles_ /= 2) {
    const std::int64_t rest = n - singles_, room = digit_base - extra - singles_;
    if (room <= 0) continue;
    const auto even = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(rest))));
    groups_ = std::min(room, even);
    width_ = (rest + groups_ - 1) / groups_;
    if (width_ <= digit_base || singles_ == 0) break;
  }
  groups_ = (n - singles_ + width_ - 1) / width_;
}

CategoryDigits CategoryDigits::load(hid_t group, const CategoryParts& parts) {
  CategoryDigits digits;
  digits.parts_ = parts;
  digits.ordered_ = static_cast<int>(parts.numbers);
  digits.singles_ = base::h5_read_int_attribute(group, "singles");
  digits.groups_ = base::h5_read_int_attribute(group, "groups");
  digits.width_ = base::h5_read_int_attribute(group, "width");
  const std::int64_t n = parts.levels, singles = digits.singles_, groups = digits.groups_;
  SEMBLANCE_EXPECT(
      singles >= 0 && groups >= 0 && digits.width_ >= 1 && singles <= n && groups <= 65'000 &&
          digits.width_ <= 65'000 && parts.numbers + singles + groups <= 65'000 &&
          singles + groups * digits.width_ >= n,
      kData, "the model's codec is damaged: the levels of a category do not fit together");
  return digits;
}

void CategoryDigits::save(hid_t group) const {
  base::h5_write_attribute(group, "singles", singles_);
  base::h5_write_attribute(group, "groups", groups_);
  base::h5_write_attribute(group, "width", width_);
}

void CategoryDigits::sort_numbers(const std::vector<std::string>& levels,
                                  const TextNumbers& numbers) {
  if (width_ > 1) return;
  std::vector<std::pair<NumberRank, std::uint16_t>> ranked;
  std::vector<std::uint16_t> others;
  for (std::int64_t place = 0; place < cardinality(0); ++place) {
    const std::int64_t level = place - parts_.numbers;
    std::optional<NumberRank> rank;
    if (level < 0) rank = numbers.rank(static_cast<std::int32_t>(place));
    if (level >= 0 && level < singles_) rank = number_rank(levels[static_cast<std::size_t>(level)]);
    const auto one = static_cast<std::uint16_t>(place);
    if (rank) ranked.emplace_back(*rank, one);
    if (!rank) others.push_back(one);
  }
  std::sort(ranked.begin(), ranked.end());
  ordered_ = static_cast<int>(ranked.size());
  for (const auto& [rank, place] : ranked) place_of_.push_back(place);
  place_of_.insert(place_of_.end(), others.begin(), others.end());
  token_of_.resize(place_of_.size());
  for (std::size_t token = 0; token < place_of_.size(); ++token)
    token_of_[place_of_[token]] = static_cast<std::uint16_t>(token);
}

int CategoryDigits::cardinality(int t) const {
  if (t == 1) return static_cast<int>(width_);
  return static_cast<int>(std::max<std::int64_t>(
      1, parts_.numbers + singles_ + groups_ + std::int64_t{parts_.rare} + parts_.missing));
}

std::int64_t CategoryDigits::place(std::int64_t first) const {
  return place_of_.empty() ? first : place_of_[static_cast<std::size_t>(first)];
}

std::uint16_t CategoryDigits::token_of_place(std::int64_t place) const {
  return token_of_.empty() ? static_cast<std::uint16_t>(place)
                           : token_of_[static_cast<std::size_t>(place)];
}

std::uint16_t CategoryDigits::token(std::int64_t level, int t) const {
  const bool of_none = level == kMissing ? !parts_.missing : level == kRare && !parts_.rare;
  if (of_none) level = parts_.levels == 0 && parts_.numbers > 0 ? kFirstNumber : 0;
  if (t == 1) return static_cast<std::uint16_t>(level < singles_ ? 0 : (level - singles_) % width_);
  if (level <= kFirstNumber) return token_of_place(kFirstNumber - level);
  if (level < 0)
    return token_of_place(parts_.numbers + singles_ + groups_ +
                          (level == kMissing && parts_.rare ? 1 : 0));
  return token_of_place(parts_.numbers +
                        (level < singles_ ? level : singles_ + (level - singles_) / width_));
}

std::int64_t CategoryDigits::level(std::int64_t first, std::int64_t second) const {
  SEMBLANCE_EXPECT(first < cardinality(0), kData, "decode: token {} is not below {}", first,
                   cardinality(0));
  const std::int64_t place = this->place(first);
  if (place < parts_.numbers) return kFirstNumber - place;
  const std::int64_t at = place - parts_.numbers;
  if (at < singles_) return at;
  if (at < singles_ + groups_)
    return std::min(parts_.levels - 1, singles_ + (at - singles_) * width_ + second);
  return parts_.rare && at == singles_ + groups_ ? kRare : kMissing;
}

bool CategoryDigits::is_group(std::int64_t first) const {
  const std::int64_t at = place(first) - parts_.numbers;
  return at >= singles_ && at < singles_ + groups_;
}

bool CategoryDigits::is_member(std::int64_t first, std::int64_t second) const {
  const std::int64_t at = place(first) - parts_.numbers;
  return singles_ + (at - singles_) * width_ + second < parts_.levels;
}

}  // namespace semblance::trainer
