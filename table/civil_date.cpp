#include "table/civil_date.hpp"

#include <algorithm>
#include <cctype>

#include "base/error.hpp"

namespace semblance::table {
namespace {

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr int kCenturyPivot = 69;  // as in POSIX and Python

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes `least` to `most` digits; -1 when there are fewer.
int take_digits(std::string_view& text, std::size_t least, std::size_t most,
                std::size_t* count = nullptr) {
  std::size_t n = 0;
  int value = 0;
  while (n < most && n < text.size() && is_digit(text[n])) value = value * 10 + (text[n++] - '0');
  if (n < least) return -1;
  text.remove_prefix(n);
  if (count != nullptr) *count = n;
  return value;
}

int take_month_name(std::string_view& text) {
  if (text.size() < 3) return -1;
  for (std::size_t month = 0; month < 12; ++month) {
    const std::string_view name = kMonths.substr(3 * month, 3);
    if (std::equal(name.begin(), name.end(), text.begin(), [](char a, char b) {
          return std::tolower(static_cast<unsigned char>(a)) ==
                 std::tolower(static_cast<unsigned char>(b));
        })) {
      text.remove_prefix(3);
      return static_cast<int>(month) + 1;
    }
  }
  return -1;
}

bool take_fraction(std::string_view& text, CivilTime& out) {
  std::size_t n = 0;
  int micros = 0;
  while (n < text.size() && is_digit(text[n])) {
    if (n < 6) micros = micros * 10 + (text[n] - '0');
    ++n;
  }
  if (n == 0 || n > 9) return false;
  for (std::size_t i = n; i < 6; ++i) micros *= 10;
  out.micros = micros;
  out.fraction_digits = static_cast<int>(n);
  text.remove_prefix(n);
  return true;
}

/// AM or PM, any case, after an hour from 1 to 12.
bool take_half_day(std::string_view& text, CivilTime& out) {
  if (text.size() < 2 || (text[1] | 0x20) != 'm') return false;
  const char half = static_cast<char>(text[0] | 0x20);
  if (half != 'a' && half != 'p') return false;
  out.hour = out.hour % 12 + (half == 'p' ? 12 : 0);
  text.remove_prefix(2);
  return true;
}

bool take_zone(std::string_view& text, CivilTime& out) {
  if (text.empty()) return false;
  if (text[0] == 'Z') {
    text.remove_prefix(1);
    return true;
  }
  if (text[0] != '+' && text[0] != '-') return false;
  const int sign = text[0] == '+' ? 1 : -1;
  text.remove_prefix(1);
  const int hours = take_digits(text, 2, 2);
  if (!text.empty() && text[0] == ':') text.remove_prefix(1);
  const int minutes = text.empty() ? 0 : take_digits(text, 2, 2);
  if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59) return false;
  out.offset_minutes = sign * (60 * hours + minutes);
  return true;
}

void append_padded(std::string& out, std::int64_t value, int width) {
  char digits[24];
  int n = 0;
  const bool negative = value < 0;
  if (negative) value = -value;
  do digits[n++] = static_cast<char>('0' + value % 10), value /= 10;
  while (value > 0);
  while (n < width) digits[n++] = '0';
  if (negative) digits[n++] = '-';
  while (n > 0) out += digits[--n];
}

}  // namespace

std::int64_t CivilTime::total_micros() const {
  const std::int64_t seconds =
      days() * 86'400 + hour * 3600 + (minute - offset_minutes) * std::int64_t{60} + second;
  return seconds * kMicrosPerSecond + micros;
}

void DatePattern::add_literal(char c) {
  if (items_.empty() || items_.back().what != 0 || items_.size() == optional_from_)
    items_.push_back({.what = 0});
  items_.back().literal += c;
}

DatePattern::DatePattern(std::string_view pattern) : text_(pattern) {
  bool year = false, month = false, day = false;
  const std::size_t open = pattern.find('[');
  SEMBLANCE_EXPECT(
      open == std::string_view::npos || (pattern.find('[', open + 1) == std::string_view::npos &&
                                         pattern.find(']') == pattern.size() - 1),
      kData, "date format '{}': what may be absent stands in one [ ] at the end", pattern);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '[') {
      optional_from_ = items_.size();
      continue;
    }
    if (pattern[i] == ']' && open != std::string_view::npos) continue;
    if (pattern[i] != '%' || (i + 1 < pattern.size() && pattern[i + 1] == '%')) {
      add_literal(pattern[i]);
      i += pattern[i] == '%';
      continue;
    }
    Item item{.what = 0};
    for (++i; i < pattern.size() && item.what == 0; ++i) {
      const char c = pattern[i];
      if (c == '-') {
        item.plain_width = true;
      } else if (c == '^') {
        item.upper = true;
      } else if (is_digit(c)) {
        item.digits = c - '0';
      } else {
        item.what = c;
      }
    }
    --i;
    SEMBLANCE_EXPECT(
        item.what != 0 &&
            std::string_view("YymdHIpMSfbz").find(item.what) != std::string_view::npos,
        kData, "date format '{}': '%{}' is not known (known: %Y %y %m %d %b %H %I %p %M %S %f %z)",
        pattern, item.what == 0 ? std::string() : std::string(1, item.what));
    if (item.what == 'f' && item.digits == 0) item.digits = 6;
    year |= item.what == 'Y' || item.what == 'y';
    month |= item.what == 'm' || item.what == 'b';
    day |= item.what == 'd';
    has_time_ |= std::string_view("HIpMSfz").find(item.what) != std::string_view::npos;
    items_.push_back(item);
  }
  SEMBLANCE_EXPECT(year && month && day, kData,
                   "date format '{}' must have a year, a month and a day", pattern);
}

bool DatePattern::parse(std::string_view text, CivilTime& out) const {
  out = CivilTime{};
  if (!parse_items(text, out)) return false;
  return out.day.month >= 1 && out.day.month <= 12 && out.day.day >= 1 &&
         out.day.day <= days_in_month(out.day.year, out.day.month) && out.hour <= 23 &&
         out.minute <= 59 && out.second <= 59;
}

bool DatePattern::parse_items(std::string_view text, CivilTime& out) const {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (i == optional_from_ && text.empty()) return true;
    if (item.what != 0) {
      // Where digits follow at once, this field must have all of its own.
      const bool digits_follow =
          i + 1 < items_.size() &&
          std::string_view("YymdHIMSf").find(items_[i + 1].what) != std::string_view::npos;
      if (!parse_field(item.what, digits_follow ? 2 : 1, text, out)) return false;
    } else if (text.starts_with(item.literal)) {
      text.remove_prefix(item.literal.size());
    } else if (i + 1 < items_.size() && items_[i + 1].what == 'f') {
      ++i;  // no fraction
    } else {
      return false;
    }
  }
  return text.empty();
}

bool DatePattern::parse_field(char what, std::size_t least_digits, std::string_view& text,
                              CivilTime& out) {
  const auto one_or_two = [&](int& field, int least = 0) {
    std::size_t count = 2;
    field = take_digits(text, least_digits, 2, &count);
    out.short_field |= count == 1;
    return field >= least;
  };
  const auto two = [&](int& field) { return (field = take_digits(text, 2, 2)) >= 0; };
  int value = 0;
  switch (what) {
    case 'Y':
      out.day.year = value = take_digits(text, 4, 4);
      return value >= 0;
    case 'y':
      if (!two(value)) return false;
      out.day.year = value + (value < kCenturyPivot ? 2000 : 1900);
      return true;
    case 'b':
      return (out.day.month = take_month_name(text)) > 0;
    case 'm':
      return one_or_two(out.day.month);
    case 'd':
      return one_or_two(out.day.day);
    case 'H':
      return one_or_two(out.hour);
    case 'I':
      return one_or_two(out.hour, 1) && out.hour <= 12;
    case 'M':
      return two(out.minute);
    case 'S':
      return two(out.second);
    case 'f':
      return take_fraction(text, out);
    case 'z':
      return take_zone(text, out);
    default:
      return take_half_day(text, out);
  }
}

void DatePattern::append(std::string& out, std::int64_t micros) const {
  const std::int64_t days = day_of_micros(micros);
  const std::int64_t rest = micros - days * kMicrosPerDay;
  const CivilDay day = civil_from_days(days);
  const std::int64_t seconds = rest / kMicrosPerSecond, hour = seconds / 3600;
  for (const Item& item : items_) {
    const int two = item.plain_width ? 1 : 2;
    switch (item.what) {
      case 0:
        out += item.literal;
        break;
      case 'Y':
        append_padded(out, day.year, 4);
        break;
      case 'y':
        append_padded(out, (day.year % 100 + 100) % 100, 2);
        break;
      case 'm':
        append_padded(out, day.month, two);
        break;
      case 'd':
        append_padded(out, day.day, two);
        break;
      case 'H':
        append_padded(out, hour, two);
        break;
      case 'I':
        append_padded(out, (hour + 11) % 12 + 1, two);
        break;
      case 'M':
        append_padded(out, seconds / 60 % 60, 2);
        break;
      case 'S':
        append_padded(out, seconds % 60, 2);
        break;
      case 'p':
        out += hour < 12 ? "AM" : "PM";
        break;
      case 'z':
        out += "+00:00";
        break;
      case 'f': {
        std::int64_t fraction = rest % kMicrosPerSecond;
        for (int i = item.digits; i < 6; ++i) fraction /= 10;
        append_padded(out, fraction, item.digits);
        break;
      }
      default:  // 'b'
        for (const char c : kMonths.substr(static_cast<std::size_t>(3 * (day.month - 1)), 3)) {
          out += item.upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
        }
    }
  }
}

}  // namespace semblance::table
