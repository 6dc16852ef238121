#include "table/format_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace semblance::table {
namespace {

constexpr int kMostDecimals = 15;
constexpr double kPowers[kMostDecimals + 1] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/// Fixed notation of a value that is exactly n / 10^decimals; false for any other.
bool append_exact_decimal(std::string& out, double value, int decimals, int min_decimals) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  const double scaled = std::nearbyint(value * kPowers[decimals]);
  if (!(std::fabs(scaled) < kExact) || scaled / kPowers[decimals] != value) return false;
  auto n = static_cast<std::int64_t>(std::fabs(scaled));
  while (decimals > min_decimals && n % 10 == 0) n /= 10, --decimals;
  char digits[40];
  char* const end = digits + sizeof digits;
  char* p = end;
  for (int i = 0; i < decimals; ++i) *--p = static_cast<char>('0' + n % 10), n /= 10;
  if (decimals > 0) *--p = '.';
  do *--p = static_cast<char>('0' + n % 10), n /= 10;
  while (n > 0);
  if (scaled < 0) *--p = '-';
  out.append(p, end);
  return true;
}

/// Zeros after the point up to `min_decimals`, from the number that starts at `begin`.
void pad_decimals(std::string& out, std::size_t begin, int min_decimals) {
  if (min_decimals <= 0 || out.find_first_of("en", begin) != std::string::npos) return;
  std::size_t point = out.find('.', begin);
  if (point == std::string::npos) point = out.size(), out += '.';
  for (std::size_t have = out.size() - point - 1; have < static_cast<std::size_t>(min_decimals);
       ++have)
    out += '0';
}

void append_shortest(std::string& out, double value) {
  char text[400];
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto form = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(text, text + sizeof text, value, form);
  out.append(text, end.ptr);
}

/// At most `decimals` digits: the shortest exact form where it has no more than that (so that
/// digits beyond what a double holds never show), else rounded.
void append_rounded(std::string& out, double value, int decimals, int min_decimals) {
  char text[400];
  const auto shortest = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed);
  std::string_view digits(text, static_cast<std::size_t>(shortest.ptr - text));
  const std::size_t point = std::min(digits.find('.'), digits.size() - 1);
  if (digits.size() - point - 1 > static_cast<std::size_t>(decimals)) {
    const auto rounded =
        std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals);
    digits = std::string_view(text, static_cast<std::size_t>(rounded.ptr - text));
    for (int d = decimals; d > 0 && digits.back() == '0'; --d) digits.remove_suffix(1);
    if (digits.back() == '.') digits.remove_suffix(1);
    if (digits == "-0") digits.remove_prefix(1);
  }
  const std::size_t begin = out.size();
  out += digits;
  pad_decimals(out, begin, min_decimals);
}

}  // namespace

void append_integer(std::string& out, std::int64_t value, int min_decimals) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  if (min_decimals > 0) out.append(1, '.').append(static_cast<std::size_t>(min_decimals), '0');
}

void append_real(std::string& out, double value, int decimals, int min_decimals) {
  if (value == 0) value = 0;  // no minus sign before a zero
  const std::size_t begin = out.size();
  if (decimals >= 0 && decimals <= kMostDecimals && std::fabs(value) < 1e15) {
    if (append_exact_decimal(out, value, decimals, min_decimals)) return;
    append_rounded(out, value, decimals, min_decimals);
    return;
  }
  append_shortest(out, value);
  pad_decimals(out, begin, min_decimals);
}

std::string date_format(const ColumnSpec& spec) {
  if (!spec.format.empty()) return spec.format;
  if (spec.kind == Kind::kDate) return "%Y-%m-%d";
  return spec.unit == "microsecond" ? "%Y-%m-%d %H:%M:%S.%f" : "%Y-%m-%d %H:%M:%S";
}

ValueFormatter::ValueFormatter(const ColumnSpec& spec)
    : kind_(spec.kind), decimals_(spec.decimals), min_decimals_(spec.min_decimals) {
  if (kind_ == Kind::kDate || kind_ == Kind::kDatetime) pattern_.emplace(date_format(spec));
}

void ValueFormatter::append(std::string& out, const Column& column, std::int64_t row) const {
  if (column.is_missing(row)) return;
  const auto i = static_cast<std::size_t>(row);
  switch (kind_) {
    case Kind::kInteger:
      return append_integer(out, column.ints[i], min_decimals_);
    case Kind::kFloat:
      return append_real(out, column.reals[i], decimals_, min_decimals_);
    case Kind::kDate:
      return pattern_->append(out, column.ints[i] * kMicrosPerDay);
    case Kind::kDatetime:
      return pattern_->append(out, column.ints[i]);
    default:
      out += column.levels[static_cast<std::size_t>(column.codes[i])];
  }
}

void append_value(std::string& out, const Column& column, std::int64_t row) {
  ValueFormatter(column.spec).append(out, column, row);
}

}  // namespace semblance::table
