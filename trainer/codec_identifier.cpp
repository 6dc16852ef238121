#include "trainer/codec_identifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/philox.hpp"

namespace semblance::trainer {
namespace {

std::string uuid(std::int64_t row, std::uint64_t seed) {
  base::PhiloxWords w =
      base::philox(seed, base::Purpose::kIdentifier, static_cast<std::uint64_t>(row), 0);
  w.word[1] = (w.word[1] & 0xFFFF0FFFu) | 0x00004000u;  // version 4
  w.word[2] = (w.word[2] & 0x3FFFFFFFu) | 0x80000000u;  // variant 1
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", w.word[0], w.word[1] >> 16,
                     w.word[1] & 0xFFFF, w.word[2] >> 16, w.word[2] & 0xFFFF, w.word[3]);
}

/// The numbers 0 .. 999,999 that have a check digit after 999, ascending.
const std::vector<std::int32_t>& valid_numbers() {
  static const std::vector<std::int32_t> numbers = [] {
    std::vector<std::int32_t> valid;
    for (std::int32_t number = 0; number < 1'000'000; ++number) {
      if (nhs_check_digit(999'000'000 + number) < 10) valid.push_back(number);
    }
    return valid;
  }();
  return numbers;
}

std::string nhs_number(std::int64_t row) {
  const std::vector<std::int32_t>& valid = valid_numbers();
  const std::int32_t nine = 999'000'000 + valid[static_cast<std::size_t>(row) % valid.size()];
  return fmt::format("{}{}", nine, nhs_check_digit(nine));
}

/// The digits of row + 1 in the places of '#', from the right; a number with more digits keeps
/// them.
std::string patterned(const std::string& pattern, std::int64_t row) {
  std::int64_t left = row + 1;
  std::string text = pattern;
  std::size_t leftmost = std::string::npos;
  for (std::size_t i = text.size(); i-- > 0;) {
    if (text[i] != '#') continue;
    text[i] = static_cast<char>('0' + left % 10);
    left /= 10, leftmost = i;
  }
  if (leftmost == std::string::npos) return text + std::to_string(row + 1);
  if (left > 0) text.insert(leftmost, std::to_string(left));
  return text;
}

/// Numbers from here on are left alone: what they would be issued after is not to be reached by
/// counting.
constexpr std::int64_t kMostNumber = 1'000'000'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The number that `pattern` would write as `text`, or 0 when there is none: the inverse of
/// patterned().
std::int64_t number_in(const std::string& pattern, const std::string& text) {
  const std::size_t places =
      static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '#'));
  const std::string form = places == 0 ? pattern + "#" : pattern;
  if (text.size() < form.size()) return 0;
  const std::size_t more = text.size() - form.size();  // digits of a number with more of them
  const std::size_t leftmost = form.find('#');
  std::int64_t number = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit =
        (i >= leftmost && i < leftmost + more) || form[i < leftmost ? i : i - more] == '#';
    if (digit ? !is_digit(text[i]) : text[i] != form[i < leftmost ? i : i - more]) return 0;
    if (!digit) continue;
    number = 10 * number + (text[i] - '0');
    if (number >= kMostNumber) return 0;
  }
  return number;
}

/// A round number that is not below `highest`, and has room above it in `places` digits where that
/// can be.
std::int64_t rounded_up(std::int64_t highest, std::int64_t places) {
  if (highest == 0) return 0;
  std::int64_t power = 1;
  while (power < highest) power *= 10;
  std::int64_t room = 1;
  for (std::int64_t i = 0; i < places && room < kMostNumber; ++i) room *= 10;
  const std::int64_t leading =
      (highest + power / 10 - 1) / std::max<std::int64_t>(power / 10, 1) * (power / 10);
  return power >= room && power > 1 && leading < room ? leading : power;
}

}  // namespace

int nhs_check_digit(std::int32_t nine_digits) {
  int sum = 0;
  for (int weight = 2; weight <= 10; ++weight, nine_digits /= 10)
    sum += weight * (nine_digits % 10);
  const int digit = 11 - sum % 11;
  return digit == 11 ? 0 : digit;
}

std::string issue_identifier(const std::string& pattern, std::int64_t row, std::uint64_t seed) {
  if (pattern.empty() || pattern == "sequence") return std::to_string(row + 1);
  if (pattern == "uuid") return uuid(row, seed);
  if (pattern == "nhs-number") return nhs_number(row);
  return patterned(pattern, row);
}

std::int64_t first_free_row(const table::Column& column) {
  std::string pattern = column.spec.id_pattern;
  if (pattern == "uuid" || pattern == "nhs-number") return 0;
  if (pattern == "sequence") pattern.clear();
  std::int64_t highest = 0;
  for (const std::string& level : column.levels)
    highest = std::max(highest, number_in(pattern, level));
  for (const std::int64_t value : column.ints)
    highest = std::max(highest, number_in(pattern, std::to_string(value)));
  const std::int64_t places = std::count(pattern.begin(), pattern.end(), '#');
  return rounded_up(highest, places > 0 ? places : 18);
}

void issue_identifiers(std::int64_t first_row, std::int64_t n, std::uint64_t seed,
                       table::Column& column) {
  column.levels.clear(), column.codes.clear();
  for (std::int64_t i = 0; i < n; ++i) {
    column.codes.push_back(static_cast<std::int32_t>(i));
    column.levels.push_back(issue_identifier(column.spec.id_pattern, first_row + i, seed));
  }
}

}  // namespace semblance::trainer
