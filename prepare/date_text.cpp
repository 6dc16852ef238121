#include "prepare/date_text.hpp"

#include "base/error.hpp"
#include "prepare/calendar.hpp"

namespace semblance::prepare {
namespace {

/// A place in a text from which numbers are taken.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `digits` digits.
  bool number(std::size_t digits, int& value) {
    if (rest_.size() < digits) return false;
    value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const auto digit = static_cast<unsigned>(rest_[i] - '0');
      if (digit > 9) return false;
      value = value * 10 + static_cast<int>(digit);
    }
    rest_.remove_prefix(digits);
    return true;
  }
  bool fraction(int& microseconds) {
    int digits = 0, digit = 0;
    microseconds = 0;
    for (; number(1, digit); ++digits) {
      if (digits < 6) microseconds = microseconds * 10 + digit;
    }
    for (int i = digits; i < 6; ++i) microseconds *= 10;
    return digits > 0;
  }
  /// Z, +01, +0100 or +01:00.
  bool zone(int& minutes) {
    if (take('Z')) return true;
    const bool west = !rest_.empty() && rest_.front() == '-';
    if (!take('+') && !take('-')) return false;
    int hour = 0, minute = 0;
    if (!number(2, hour)) return false;
    if ((take(':') || !done()) && !number(2, minute)) return false;
    minutes = (hour * 60 + minute) * (west ? -1 : 1);
    return hour <= 14 && minute <= 59;
  }

 private:
  std::string_view rest_;
};

bool is_valid(const table::CivilTime& time) {
  return time.day.month >= 1 && time.day.month <= 12 && time.day.day >= 1 &&
         time.day.day <= days_in_month(time.day.year, time.day.month) && time.hour <= 23 &&
         time.minute <= 59 && time.second <= 59;
}

std::optional<std::int64_t> read_iso(std::string_view text) {
  Cursor at(text);
  table::CivilTime time;
  int year = 0;
  if (!at.number(4, year) || !at.take('-') || !at.number(2, time.day.month) || !at.take('-') ||
      !at.number(2, time.day.day)) {
    return std::nullopt;
  }
  time.day.year = year;
  if (!at.done()) {
    if (!at.take(' ') && !at.take('T')) return std::nullopt;
    if (!at.number(2, time.hour) || !at.take(':') || !at.number(2, time.minute))
      return std::nullopt;
    if (at.take(':') && !at.number(2, time.second)) return std::nullopt;
    if (at.take('.') && !at.fraction(time.micros)) return std::nullopt;
    at.take(' ');
    if (!at.done() && !at.zone(time.offset_minutes)) return std::nullopt;
    if (!at.done()) return std::nullopt;
  }
  return is_valid(time) ? std::optional(time.total_micros()) : std::nullopt;
}

std::optional<std::int64_t> read_pattern(const table::DatePattern& pattern, std::string_view text) {
  table::CivilTime time;
  if (!pattern.parse(text, time)) return std::nullopt;
  return time.total_micros();
}

}  // namespace

DateReader::DateReader(const std::string& format) {
  if (!format.empty()) pattern_.emplace(format);
}

std::optional<std::int64_t> DateReader::read(std::string_view text) const {
  return pattern_ ? read_pattern(*pattern_, text) : read_iso(text);
}

std::string DateReader::complaint(std::string_view text) const {
  if (pattern_) return fmt::format("'{}' is not a date of the form {}", text, pattern_->text());
  std::string meanings;
  int n = 0;
  for (const char* const guess :
       {"%d/%m/%Y", "%m/%d/%Y", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
        "%m/%d/%Y %H:%M:%S", "%d/%m/%y", "%m/%d/%y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%d-%b-%Y",
        "%d %b %Y", "%Y%m%d"}) {
    if (!read_pattern(table::DatePattern(guess), text)) continue;
    meanings += (n++ == 0 ? "'" : " or '") + std::string(guess) + "'";
  }
  if (n == 0) return fmt::format("'{}' is not a date (YYYY-MM-DD, with or without HH:MM:SS)", text);
  return fmt::format(
      "'{}' {}; say which in the recipe, for example {{kind: date, format: '%d/%m/%Y'}} ({})", text,
      n == 1 ? "needs a date format" : "can be read in more than one way", meanings);
}

}  // namespace semblance::prepare
