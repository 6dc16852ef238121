#include "trainer/number_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace semblance::trainer {
namespace {

/// The pieces of a text that has the form of a number.
struct Parts {
  bool minus = false;
  std::string_view whole;     ///< digits before the point, may be empty
  std::string_view decimals;  ///< digits after the point, empty without one
};

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Parts> parts_of(std::string_view text) {
  Parts parts;
  if (!text.empty() && text.front() == '-') parts.minus = true, text.remove_prefix(1);
  const std::size_t point = text.find('.');
  parts.whole = text.substr(0, point);
  if (point != std::string_view::npos) {
    parts.decimals = text.substr(point + 1);
    if (parts.decimals.empty()) return std::nullopt;
  }
  const bool good = all_digits(parts.whole) && all_digits(parts.decimals) &&
                    (!parts.whole.empty() || !parts.decimals.empty()) &&
                    (parts.whole.size() <= 1 || parts.whole.front() != '0');
  return good ? std::optional(parts) : std::nullopt;
}

/// The digits as a whole number, the last one rounded by `next`; -1 when it is too large.
std::int64_t position_of(std::string_view whole, std::string_view decimals, char next) {
  std::int64_t position = 0;
  for (const std::string_view digits : {whole, decimals}) {
    for (const char digit : digits) {
      position = 10 * position + (digit - '0');
      if (position >= NumberText::kMostPosition) return -1;
    }
  }
  position += next >= '5' ? 1 : 0;
  return position < NumberText::kMostPosition ? position : -1;
}

std::optional<NumberText> plain_number(const Parts& parts) {
  constexpr std::size_t kMost = NumberStyle::kMostDecimals;
  const bool cut = parts.decimals.size() > kMost;
  const std::string_view decimals = parts.decimals.substr(0, kMost);
  const std::int64_t size = position_of(parts.whole, decimals, cut ? parts.decimals[kMost] : '0');
  if (size < 0 || (size == 0 && parts.minus)) return std::nullopt;
  return NumberText{{static_cast<int>(decimals.size()), false},
                    parts.minus ? -size : size,
                    parts.whole.empty(),
                    cut};
}

/// The number whose nearest float has this text; nothing when it has no tail of that kind.
std::optional<NumberText> single_number(std::string_view text, const Parts& parts) {
  if (parts.decimals.size() < 4 || text.size() > 24) return std::nullopt;
  double value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc())
    return std::nullopt;
  std::array<char, 64> buffer;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                     static_cast<float>(value), std::chars_format::fixed);
  if (written.ec != std::errc()) return std::nullopt;
  const auto shortest = parts_of({buffer.data(), written.ptr});
  if (!shortest || shortest->decimals.size() >= parts.decimals.size() ||
      shortest->decimals.size() > NumberStyle::kMostDecimals)
    return std::nullopt;
  const std::int64_t size = position_of(shortest->whole, shortest->decimals, '0');
  if (size <= 0) return std::nullopt;
  const NumberText number{{static_cast<int>(shortest->decimals.size()), true},
                          parts.minus ? -size : size,
                          parts.whole.empty(),
                          false};
  if (number_text(number.style, number.position, number.bare) != text) return std::nullopt;
  return number;
}

/// 0.5 as .5, -0.5 as -.5.
void drop_zero(std::string& text) {
  const std::size_t first = text.front() == '-' ? 1 : 0;
  if (text.compare(first, 2, "0.") == 0) text.erase(first, 1);
}

}  // namespace

int style_distance(const NumberStyle& style, const NumberStyle& replacement) {
  const int more = replacement.decimals - style.decimals;
  return (style.single == replacement.single ? 0 : 100) + (more >= 0 ? 2 * more : 1 - 2 * more);
}

std::optional<std::int64_t> rescaled(std::int64_t position, int decimals, int wanted) {
  if (wanted >= decimals) {
    const std::int64_t factor = power_of_ten(wanted - decimals);
    if (std::abs(position) >= NumberText::kMostPosition / factor) return std::nullopt;
    return position * factor;
  }
  const std::int64_t divisor = power_of_ten(decimals - wanted);
  const std::int64_t size = (std::abs(position) + divisor / 2) / divisor;
  return position < 0 ? -size : size;
}

std::int64_t power_of_ten(int decimals) {
  std::int64_t power = 1;
  for (int i = 0; i < decimals; ++i) power *= 10;
  return power;
}

std::optional<NumberText> parse_number_text(std::string_view text) {
  const std::optional<Parts> parts = parts_of(text);
  if (!parts) return std::nullopt;
  const std::optional<NumberText> single = single_number(text, *parts);
  return single ? single : plain_number(*parts);
}

std::string number_text(const NumberStyle& style, std::int64_t position, bool bare) {
  std::string text;
  if (style.single) {
    const double value =
        static_cast<double>(position) / static_cast<double>(power_of_ten(style.decimals));
    std::array<char, 40> buffer;
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                       static_cast<double>(static_cast<float>(value)),
                                       std::chars_format::general, 17);
    text.assign(buffer.data(), written.ptr);
  }
  if (text.empty() || text.find('e') != std::string::npos) {
    text = std::to_string(std::abs(position));
    const auto decimals = static_cast<std::size_t>(style.decimals);
    if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
    if (decimals > 0) text.insert(text.size() - decimals, ".");
    if (position < 0) text.insert(0, "-");
  }
  if (bare && style.decimals > 0) drop_zero(text);
  return text;
}

}  // namespace semblance::trainer
