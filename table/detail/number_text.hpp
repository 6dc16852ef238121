/// Numbers as people write them in tables: strict reading that also tells how they were written.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace semblance::table::detail {

/// What a text says when it is a number. Leading zeros ("007"), whole numbers of
/// more than 18 digits (no double keeps them), plus signs, "inf", "nan",
/// hexadecimal and thousands separators make it a text.
struct NumberText {
  bool is_number = false;
  bool is_whole =
      false;  ///< an integer that fits 18 digits, perhaps written with zeros after the point
  bool has_exponent = false;
  int decimals = 0;        ///< digits after the point
  int significant = 0;     ///< digits without leading zeros
  std::int64_t whole = 0;  ///< when is_whole
  double value = 0;
};

inline NumberText parse_number(std::string_view text) {
  constexpr std::ptrdiff_t kMostWholeDigits = 18;
  constexpr double kPowers[] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  NumberText out;
  const char *p = text.data(), *end = p + text.size();
  const bool negative = p != end && *p == '-';
  p += negative;
  const char* digits_begin = p;
  std::uint64_t mantissa = 0;
  for (; p != end && *p >= '0' && *p <= '9'; ++p)
    mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p - '0');
  const std::ptrdiff_t before_point = p - digits_begin;
  if (before_point > 1 && *digits_begin == '0') return out;  // a code
  const std::uint64_t whole = mantissa;
  bool fraction_is_zero = true;
  out.significant = before_point == 1 && whole == 0 ? 0 : static_cast<int>(before_point);
  if (p != end && *p == '.') {
    const char* fraction_begin = ++p;
    for (; p != end && *p >= '0' && *p <= '9'; ++p) {
      mantissa = mantissa * 10 + static_cast<std::uint64_t>(*p - '0');
      fraction_is_zero &= *p == '0';
      out.significant += out.significant > 0 || *p != '0';
    }
    out.decimals = static_cast<int>(p - fraction_begin);
  }
  if (before_point + out.decimals == 0) return out;
  if (p != end && (*p | 0x20) == 'e') {
    out.has_exponent = true;
  } else if (p != end) {
    return out;
  }
  if (before_point > kMostWholeDigits && out.decimals == 0 && !out.has_exponent)
    return out;  // an identifier
  if (!out.has_exponent && out.significant <= 15 && out.decimals <= 22) {
    const double exact =
        static_cast<double>(mantissa) / kPowers[out.decimals];  // both exact: rounded once
    out.value = negative ? -exact : exact;
  } else {
    const auto [rest, code] = std::from_chars(text.data(), end, out.value);
    if (code != std::errc() || rest != end || !std::isfinite(out.value)) return out;
  }
  out.is_number = true;
  out.is_whole = !out.has_exponent && fraction_is_zero && before_point >= 1 &&
                 before_point <= kMostWholeDigits;
  if (out.is_whole)
    out.whole = negative ? -static_cast<std::int64_t>(whole) : static_cast<std::int64_t>(whole);
  return out;
}

}  // namespace semblance::table::detail
