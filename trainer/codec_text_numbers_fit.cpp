#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <numeric>

#include "trainer/codec_text_numbers.hpp"

namespace semblance::trainer {
namespace {

constexpr std::int64_t kLeastBins = 2;    // k times this many rows make it worth while,
constexpr std::int64_t kLeastShare = 10;  // and 1 in so many of the rows that are not kept
constexpr std::int64_t kCodeZeros = 50;   // 1 in so many numbers with leading zeros: codes
constexpr int kFewBins = 32;              // a small group may have so many

/// A level that is a number.
struct Number {
  NumberText text;
  std::int64_t count = 0;
  bool kept = false;
};

/// Letters and digits without a blank, such as V57, E885.9 or 12A.
bool looks_like_code(const std::string& text) {
  bool letter = false, digit = false, other = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalpha(byte) != 0) {
      letter = true;
    } else if (std::isdigit(byte) != 0) {
      digit = true;
    } else if (c != '.' && c != '-') {
      other = true;
    }
  }
  return letter && digit && !other;
}

bool has_leading_zero(const std::string& text) {
  return text.size() > 1 && text.front() == '0' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
}

/// The numbers of a column of measurements; none when its numbers are codes or it has no texts.
std::vector<Number> numbers_of(const std::vector<LevelCount>& levels,
                               const std::vector<char>& kept) {
  std::vector<Number> numbers;
  std::int64_t texts = 0, codes = 0, zeros = 0;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (const auto number = parse_number_text(levels[i].text)) {
      numbers.push_back({*number, levels[i].count, kept[i] != 0});
    } else if (has_leading_zero(levels[i].text)) {
      ++zeros;
    } else {
      ++texts;
      codes += looks_like_code(levels[i].text);
    }
  }
  const auto n = static_cast<std::int64_t>(numbers.size());
  if (texts == 0 || 2 * codes >= texts || kCodeZeros * zeros > n + zeros) return {};
  return numbers;
}

std::vector<ValueCount> counted(const std::map<std::int64_t, std::int64_t>& counts) {
  std::vector<ValueCount> out;
  for (const auto& [position, count] : counts)
    out.push_back({static_cast<double>(position), count});
  return out;
}

/// Styles of enough rows; the commonest one when none has.
std::vector<NumberStyle> common_styles(const std::vector<Number>& numbers, std::int64_t least) {
  std::map<std::pair<bool, int>, std::int64_t> rows;
  for (const Number& number : numbers)
    if (!number.kept) rows[{number.text.style.single, number.text.style.decimals}] += number.count;
  std::vector<NumberStyle> styles;
  for (const auto& [key, count] : rows)
    if (count >= least) styles.push_back({key.second, key.first});
  if (styles.empty()) {
    const auto most = std::max_element(
        rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    styles.push_back({most->first.second, most->first.first});
  }
  return styles;
}

std::size_t nearest(const std::vector<NumberStyle>& styles, const NumberStyle& style) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < styles.size(); ++i)
    if (style_distance(style, styles[i]) < style_distance(style, styles[best])) best = i;
  return best;
}

}  // namespace

std::optional<TextNumbers> TextNumbers::fit(const std::vector<LevelCount>& levels,
                                            const std::vector<char>& kept,
                                            const TextNumberOptions& options) {
  const std::vector<Number> numbers = numbers_of(levels, kept);
  std::int64_t rare = 0, rare_numbers = 0, bare = 0, zero = 0;
  bool trimmed = true;
  for (std::size_t i = 0; i < levels.size(); ++i) rare += kept[i] != 0 ? 0 : levels[i].count;
  for (const Number& number : numbers) {
    const NumberText& text = number.text;
    rare_numbers += number.kept ? 0 : number.count;
    if (text.style.decimals == 0) continue;
    if (text.bare) bare += number.count;
    if (!text.bare && std::abs(text.position) < power_of_ten(text.style.decimals))
      zero += number.count;
    if (text.position % 10 == 0 && !text.cut && !text.style.single) trimmed = false;
  }
  if (rare_numbers < kLeastBins * options.least_rows || kLeastShare * rare_numbers < rare)
    return std::nullopt;

  TextNumbers out;
  out.bare_ = bare > zero;
  out.trimmed_ = trimmed;
  const std::vector<NumberStyle> styles = common_styles(numbers, kLeastBins * options.least_rows);
  std::vector<std::map<std::int64_t, std::int64_t>> counts(styles.size());
  std::vector<std::vector<std::int64_t>> taken(styles.size());
  for (const Number& number : numbers) {
    const std::size_t s = nearest(styles, number.text.style);
    const std::optional<std::int64_t> position =
        rescaled(number.text.position, number.text.style.decimals, styles[s].decimals);
    if (!position) continue;
    if (!number.kept) {
      counts[s][*position] += number.count;
    } else if (styles[s] == number.text.style) {
      taken[s].push_back(*position);
    }
  }
  for (std::size_t s = 0; s < styles.size(); ++s) {
    const std::vector<ValueCount> values = counted(counts[s]);
    std::int64_t rows = 0;
    for (const ValueCount& entry : values) rows += entry.count;
    if (rows < options.least_rows) continue;  // too large to be written in the nearest way
    const auto share = static_cast<int>(rows * options.bins / rare_numbers);
    out.fit_group(values, taken[s], styles[s],
                  {.bins = std::max({2, share, std::min(kFewBins, options.bins)}),
                   .rare_min_count = static_cast<int>(options.least_rows),
                   .less_when_few = false});
  }
  out.number_bins();
  if (out.size_ == 0 || out.size_ > options.most_tokens) return std::nullopt;
  return out;
}

void TextNumbers::fit_group(const std::vector<ValueCount>& positions,
                            const std::vector<std::int64_t>& kept_positions,
                            const NumberStyle& style, const IntervalOptions& options) {
  Group group;
  group.style = style;
  std::int64_t shared = 0;
  for (const ValueCount& entry : positions)
    shared = std::gcd(shared, static_cast<std::int64_t>(entry.value));
  group.step = std::max<std::int64_t>(1, shared);
  for (const std::int64_t position : kept_positions)
    if (position % group.step == 0) group.taken.push_back(position / group.step);
  std::sort(group.taken.begin(), group.taken.end());
  NumberSummary summary;
  for (const ValueCount& entry : positions) {
    const auto place = static_cast<double>(group.place_of(static_cast<std::int64_t>(entry.value)));
    // A number of another style may have come to lie on a taken place.
    if (!summary.values.empty() && summary.values.back().value == place) {
      summary.values.back().count += entry.count;
    } else {
      summary.values.push_back({place, entry.count});
    }
  }
  group.coder = NumberCoder(summary, Grid{1, 1}, options, 65'535);
  groups_.push_back(std::move(group));
}

}  // namespace semblance::trainer
