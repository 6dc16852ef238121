#include "prepare/date_text.hpp"

#include <array>
#include <cctype>

#include "base/error.hpp"
#include "prepare/calendar.hpp"

namespace semblance::prepare {
namespace {

struct Parts {
  std::int64_t year = 1970;
  int month = 1, day = 1, hour = 0, minute = 0, second = 0, microsecond = 0;
  int zone_minutes = 0;
  bool afternoon = false, twelve_hours = false;
};

std::optional<std::int64_t> join(const Parts& parts) {
  int hour = parts.hour;
  if (parts.twelve_hours) {
    if (hour < 1 || hour > 12) return std::nullopt;
    hour = hour % 12 + (parts.afternoon ? 12 : 0);
  }
  const bool valid = parts.month >= 1 && parts.month <= 12 && parts.day >= 1 &&
                     parts.day <= days_in_month(parts.year, parts.month) && hour <= 23 &&
                     parts.minute <= 59 && parts.second <= 59;
  if (!valid) return std::nullopt;
  const std::int64_t days = days_from_civil(parts.year, parts.month, parts.day);
  const std::int64_t minutes = hour * 60 + parts.minute - parts.zone_minutes;
  return (days * kSecondsPerDay + minutes * 60 + parts.second) * 1'000'000 + parts.microsecond;
}

/// A place in a text from which numbers are taken.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  char front() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (front() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// `least` to `most` digits.
  bool number(int least, int most, int& value) {
    int n = 0;
    value = 0;
    while (n < most && n < static_cast<int>(rest_.size()) && rest_[static_cast<std::size_t>(n)] >= '0' &&
           rest_[static_cast<std::size_t>(n)] <= '9') {
      value = value * 10 + (rest_[static_cast<std::size_t>(n++)] - '0');
    }
    rest_.remove_prefix(static_cast<std::size_t>(n));
    return n >= least;
  }
  bool fraction(int& microseconds) {
    int digits = 0;
    microseconds = 0;
    while (front() >= '0' && front() <= '9') {
      if (digits++ < 6) microseconds = microseconds * 10 + (front() - '0');
      rest_.remove_prefix(1);
    }
    for (int i = digits; i < 6; ++i) microseconds *= 10;
    return digits > 0;
  }
  /// Z, +01, +0100 or +01:00.
  bool zone(int& minutes) {
    if (take('Z')) return true;
    const bool west = front() == '-';
    if (!take('+') && !take('-')) return false;
    int hour = 0, minute = 0;
    if (!number(2, 2, hour)) return false;
    if (take(':') || !done()) {
      if (!number(2, 2, minute)) return false;
    }
    minutes = (hour * 60 + minute) * (west ? -1 : 1);
    return hour <= 14 && minute <= 59;
  }
  bool month_name(int& month) {
    constexpr std::string_view kNames = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (rest_.size() < 3) return false;
    std::array<char, 3> low{};
    for (std::size_t i = 0; i < 3; ++i) {
      low[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(rest_[i])));
    }
    const std::size_t at = kNames.find(std::string_view(low.data(), 3));
    if (at == std::string_view::npos || at % 3 != 0) return false;
    month = static_cast<int>(at / 3) + 1;
    rest_.remove_prefix(3);
    return true;
  }

 private:
  std::string_view rest_;
};

std::optional<std::int64_t> read_iso(std::string_view text) {
  Cursor at(text);
  Parts parts;
  int year = 0;
  if (!at.number(4, 4, year) || !at.take('-') || !at.number(2, 2, parts.month) || !at.take('-') ||
      !at.number(2, 2, parts.day)) {
    return std::nullopt;
  }
  parts.year = year;
  if (at.done()) return join(parts);
  if (!at.take(' ') && !at.take('T')) return std::nullopt;
  if (!at.number(2, 2, parts.hour) || !at.take(':') || !at.number(2, 2, parts.minute)) return std::nullopt;
  if (at.take(':') && !at.number(2, 2, parts.second)) return std::nullopt;
  if (at.take('.') && !at.fraction(parts.microsecond)) return std::nullopt;
  at.take(' ');
  if (!at.done() && !at.zone(parts.zone_minutes)) return std::nullopt;
  return at.done() ? join(parts) : std::nullopt;
}

bool read_directive(char letter, Cursor& at, Parts& parts) {
  int year = 0;
  switch (letter) {
    case 'Y': {
      const bool read = at.number(4, 4, year);
      parts.year = year;
      return read;
    }
    case 'y': {
      const bool read = at.number(2, 2, year);
      parts.year = year + (year < 69 ? 2000 : 1900);
      return read;
    }
    case 'm': return at.number(1, 2, parts.month);
    case 'd': return at.number(1, 2, parts.day);
    case 'b': return at.month_name(parts.month);
    case 'H': return at.number(1, 2, parts.hour);
    case 'I': parts.twelve_hours = true; return at.number(1, 2, parts.hour);
    case 'M': return at.number(2, 2, parts.minute);
    case 'S': return at.number(2, 2, parts.second);
    case 'f': return at.fraction(parts.microsecond);
    case 'z': return at.zone(parts.zone_minutes);
    case 'p':
      parts.afternoon = at.front() == 'P' || at.front() == 'p';
      return (at.take('A') || at.take('P') || at.take('a') || at.take('p')) && (at.take('M') || at.take('m'));
    default: return at.take(letter);  // %%
  }
}

std::optional<std::int64_t> read_format(std::string_view format, std::string_view text) {
  Cursor at(text);
  Parts parts;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      if (!read_directive(format[++i], at, parts)) return std::nullopt;
    } else if (!at.take(format[i])) {
      return std::nullopt;
    }
  }
  return at.done() ? join(parts) : std::nullopt;
}

}  // namespace

DateReader::DateReader(std::string format) : format_(std::move(format)) {
  for (std::size_t i = 0; i < format_.size(); ++i) {
    if (format_[i] != '%') continue;
    const char letter = i + 1 < format_.size() ? format_[++i] : '\0';
    SEMBLANCE_EXPECT(letter != '\0' && std::string_view("YymdbHIMSfpz%").find(letter) != std::string_view::npos,
                     kData, "date format '{}': %{} is not known; use %Y %y %m %d %b %H %I %M %S %f %p %z", format_,
                     letter == '\0' ? ' ' : letter);
  }
}

std::optional<std::int64_t> DateReader::read(std::string_view text) const {
  return format_.empty() ? read_iso(text) : read_format(format_, text);
}

std::string DateReader::complaint(std::string_view text) const {
  if (!format_.empty()) return fmt::format("'{}' is not a date of the form {}", text, format_);
  std::string meanings;
  int n = 0;
  for (const char* const guess : {"%d/%m/%Y", "%m/%d/%Y", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
                            "%m/%d/%Y %H:%M:%S", "%d/%m/%y", "%m/%d/%y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y",
                            "%d-%b-%Y", "%d %b %Y", "%Y%m%d"}) {
    if (!read_format(guess, text)) continue;
    meanings += (n++ == 0 ? "'" : " or '") + std::string(guess) + "'";
  }
  if (n == 0) return fmt::format("'{}' is not a date (YYYY-MM-DD, with or without HH:MM:SS)", text);
  return fmt::format("'{}' {}; say which in the recipe, for example {{kind: date, format: '%d/%m/%Y'}} ({})", text,
                     n == 1 ? "needs a date format" : "can be read in more than one way", meanings);
}

}  // namespace semblance::prepare
