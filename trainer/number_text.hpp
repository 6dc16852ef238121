/// Numbers as texts in one plain form, so that text to number to text changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace semblance::trainer {

/// How a number is written.
struct NumberStyle {
  int decimals = 0;  ///< digits after the point, 0 to kMostDecimals
  /// Passed through single precision and printed with 17 digits: 57.3 reads 57.299999237060547.
  /// Values without such a tail are written as they are.
  bool single = false;

  static constexpr int kMostDecimals = 9;  ///< more are cut
  bool operator==(const NumberStyle&) const = default;
};

/// A number read from a text.
struct NumberText {
  NumberStyle style;          ///< how it is written
  std::int64_t position = 0;  ///< the number times 10^decimals, below kMostPosition in size
  bool bare = false;          ///< no zero before the point: .5
  bool cut = false;           ///< the text has more decimals than a style can; rounded

  /// Fifteen digits: exact as a double.
  static constexpr std::int64_t kMostPosition = 1'000'000'000'000'000;
};

/// How far apart two ways of writing are, the second being a replacement: single precision counts
/// most, and fewer decimals a little more than more of them.
int style_distance(const NumberStyle& style, const NumberStyle& replacement);

/// A position with another number of decimals, rounded; nothing when it becomes too large.
std::optional<std::int64_t> rescaled(std::int64_t position, int decimals, int wanted);

/// 10^decimals. \param decimals  0 to 18
std::int64_t power_of_ten(int decimals);

/// Reads an optional minus, digits, and a point with digits. No zeros before other digits, no minus
/// before zero, no exponent, no blanks: all else is nothing, as is a number of more than 15 digits
/// (decimals beyond nine not counted). Unless `cut`,
/// number_text(style, position, bare) gives the text back.
std::optional<NumberText> parse_number_text(std::string_view text);

/// \param bare  without the zero before the point of numbers between -1 and 1
std::string number_text(const NumberStyle& style, std::int64_t position, bool bare);

}  // namespace semblance::trainer
