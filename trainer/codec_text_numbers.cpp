#include "trainer/codec_text_numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "base/error.hpp"
#include "base/hdf5.hpp"

namespace semblance::trainer {
namespace {

constexpr std::array kNearby = {0, 1, -1, 2, -2};

NumberRank rank_of(const NumberStyle& style, std::int64_t position) {
  return {style.single, style.decimals,
          static_cast<double>(position) / static_cast<double>(power_of_ten(style.decimals))};
}

/// True when token i is interval i, and there are no others.
bool one_token_an_interval(const NumberCoder& coder) {
  const std::int32_t n = coder.intervals().size();
  if (n == 0 || coder.n_tokens() != 1 || coder.has_missing() || coder.cardinality(0) != n)
    return false;
  for (std::int32_t i = 0; i < n; ++i)
    if (coder.interval_of(static_cast<std::uint16_t>(i), 0) != i) return false;
  return true;
}

}  // namespace

std::optional<NumberRank> number_rank(std::string_view text) {
  const std::optional<NumberText> number = parse_number_text(text);
  return number ? std::optional(rank_of(number->style, number->position)) : std::nullopt;
}

/// The multiple of the step nearest to a position, less the taken ones below it.
std::int64_t TextNumbers::Group::place_of(std::int64_t position) const {
  const std::int64_t half = position < 0 ? -(step / 2) : step / 2;
  const std::int64_t multiple = (position + half) / step;
  return multiple - (std::lower_bound(taken.begin(), taken.end(), multiple) - taken.begin());
}

/// The inverse of place_of: taken[j] - j never falls, so the number of taken multiples below is
/// found by bisection.
std::int64_t TextNumbers::Group::position_at(std::int64_t place) const {
  std::size_t low = 0, high = taken.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (taken[middle] - static_cast<std::int64_t>(middle) <= place) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return (place + static_cast<std::int64_t>(low)) * step;
}

void TextNumbers::number_bins() {
  size_ = 0;
  for (Group& group : groups_) {
    group.first = size_;
    size_ += group.coder.intervals().size();
  }
}

const TextNumbers::Group& TextNumbers::nearest_group(const NumberStyle& style) const {
  return *std::min_element(groups_.begin(), groups_.end(), [&](const Group& a, const Group& b) {
    return style_distance(style, a.style) < style_distance(style, b.style);
  });
}

const TextNumbers::Group& TextNumbers::group_of(std::int32_t bin) const {
  std::size_t g = groups_.size() - 1;
  while (bin < groups_[g].first) --g;
  return groups_[g];
}

std::int32_t TextNumbers::bin_of(std::string_view text) const {
  const std::optional<NumberText> number = parse_number_text(text);
  if (!number) return -1;
  const Group& group = nearest_group(number->style);
  const std::optional<std::int64_t> position =
      rescaled(number->position, number->style.decimals, group.style.decimals);
  if (!position) return -1;
  const auto place = static_cast<double>(group.place_of(*position));
  const IntervalTable& intervals = group.coder.intervals();
  return group.first + kernels::find_interval(place, intervals.edges.data(), intervals.size());
}

bool TextNumbers::own(const Group& group, std::int64_t position) const {
  if (trimmed_ && !group.style.single && group.style.decimals > 0 && position % 10 == 0)
    return false;
  const auto number = parse_number_text(number_text(group.style, position, bare_));
  return number && number->style == group.style && number->position == position;
}

std::string TextNumbers::text_near(const Group& group, std::int32_t interval,
                                   std::int64_t place) const {
  const table::AllowedValues::Range span = group.coder.span(interval);
  for (const int step : kNearby) {
    const auto other = static_cast<double>(place + step);
    if (step != 0 && (other < span.low || other > span.high)) continue;
    const std::int64_t position = group.position_at(place + step);
    if (own(group, position)) return number_text(group.style, position, bare_);
  }
  return number_text(group.style, group.position_at(place), bare_);
}

std::string TextNumbers::text(std::int32_t bin, std::uint32_t word) const {
  const Group& group = group_of(bin);
  const std::int32_t interval = bin - group.first;
  return text_near(group, interval, std::llround(group.coder.value_at(interval, word, true)));
}

NumberRank TextNumbers::rank(std::int32_t bin) const {
  const Group& group = group_of(bin);
  const double least = group.coder.value_at(bin - group.first, 0, true);
  return rank_of(group.style, group.position_at(std::llround(least)));
}

table::AllowedValues TextNumbers::places(const Group& group,
                                         const table::AllowedValues& allowed) const {
  std::vector<double> named;
  for (const std::string& level : allowed.listed ? allowed.levels : allowed.excluded) {
    const auto number = parse_number_text(level);
    const bool here =
        number && number->style == group.style && !number->cut &&
        number->position % group.step == 0 && own(group, number->position) &&
        number_text(group.style, number->position, bare_) == level &&
        !std::binary_search(group.taken.begin(), group.taken.end(), number->position / group.step);
    if (here && allowed.listed && !allowed.allows_level(level)) continue;
    if (here) named.push_back(static_cast<double>(group.place_of(number->position)));
  }
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  table::AllowedValues out = allowed;
  out.ranges.clear();
  if (allowed.listed) {
    for (const double place : named) out.ranges.push_back({place, place});
    return out;
  }
  table::AllowedValues::Range rest;
  for (const double place : named) {
    rest.high = place - 0.5;
    out.ranges.push_back(rest);
    rest = {place + 0.5, INFINITY};
  }
  out.ranges.push_back(rest);
  return out;
}

std::vector<float> TextNumbers::shares(const table::AllowedValues& allowed) const {
  std::vector<float> out;
  for (const Group& group : groups_) {
    const std::vector<PartMask> masks = group.coder.restrict(places(group, allowed), true);
    for (std::int32_t i = 0; i < group.coder.intervals().size(); ++i)
      out.push_back(masks.front().weights[static_cast<std::size_t>(i)]);
  }
  return out;
}

std::optional<std::string> TextNumbers::narrowed(std::int32_t bin,
                                                 const table::AllowedValues& allowed,
                                                 std::uint32_t word) const {
  const Group& group = group_of(bin);
  const std::int32_t interval = bin - group.first;
  const double place = group.coder.narrowed(static_cast<std::uint16_t>(interval), 0,
                                            places(group, allowed), true, word);
  if (std::isnan(place)) return std::nullopt;
  return text_near(group, interval, std::llround(place));
}

std::string TextNumbers::choices() const {
  const auto value = [](const Group& group, double place) {
    return static_cast<double>(group.position_at(std::llround(place))) /
           static_cast<double>(power_of_ten(group.style.decimals));
  };
  const Group *least = nullptr, *most = nullptr;
  double low = 0, high = 0;
  for (const Group& group : groups_) {
    const double first = group.coder.span(0).low,
                 last = group.coder.span(group.coder.intervals().size() - 1).high;
    if (least == nullptr || value(group, first) < value(*least, low)) least = &group, low = first;
    if (most == nullptr || value(group, last) > value(*most, high)) most = &group, high = last;
  }
  return "numbers from " + number_text(least->style, least->position_at(std::llround(low)), bare_) +
         " to " + number_text(most->style, most->position_at(std::llround(high)), bare_);
}

void TextNumbers::save(hid_t group) const {
  base::h5_write_attribute(group, "styles", static_cast<std::int64_t>(groups_.size()));
  base::h5_write_attribute(group, "bare", std::int64_t{bare_});
  base::h5_write_attribute(group, "trimmed", std::int64_t{trimmed_});
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const base::H5Handle one = base::h5_create_group(group, "style-" + std::to_string(i));
    base::h5_write_attribute(one.get(), "decimals", std::int64_t{groups_[i].style.decimals});
    base::h5_write_attribute(one.get(), "single", std::int64_t{groups_[i].style.single});
    base::h5_write_attribute(one.get(), "step", groups_[i].step);
    base::h5_write(one.get(), "taken", groups_[i].taken);
    groups_[i].coder.save(one.get());
  }
}

TextNumbers TextNumbers::load(hid_t group) {
  constexpr std::int64_t kMost = NumberText::kMostPosition;
  TextNumbers out;
  out.bare_ = base::h5_read_int_attribute(group, "bare") != 0;
  out.trimmed_ = base::h5_read_int_attribute(group, "trimmed") != 0;
  const std::int64_t styles = base::h5_read_int_attribute(group, "styles");
  bool good = styles >= 1 && styles <= 2 * (NumberStyle::kMostDecimals + 1);
  for (std::int64_t i = 0; good && i < styles; ++i) {
    const base::H5Handle one = base::h5_open_group(group, "style-" + std::to_string(i));
    const std::int64_t decimals = base::h5_read_int_attribute(one.get(), "decimals");
    Group read;
    read.style = {static_cast<int>(decimals),
                  base::h5_read_int_attribute(one.get(), "single") != 0};
    read.step = base::h5_read_int_attribute(one.get(), "step");
    read.taken = base::h5_read<std::int64_t>(one.get(), "taken");
    read.coder = NumberCoder::load(one.get());
    good = decimals >= 0 && decimals <= NumberStyle::kMostDecimals && read.step >= 1 &&
           read.step < kMost && static_cast<std::int64_t>(read.taken.size()) < kMost / read.step &&
           one_token_an_interval(read.coder) && read.coder.intervals().grid.multiplier == 1 &&
           read.coder.intervals().grid.divisor == 1;
    for (std::size_t j = 0; good && j < read.taken.size(); ++j)
      good = std::abs(read.taken[j]) < kMost && (j == 0 || read.taken[j] > read.taken[j - 1]);
    for (const double knot : read.coder.intervals().knots)
      good = good &&
             std::abs(knot) * static_cast<double>(read.step) < 2.0 * static_cast<double>(kMost);
    out.groups_.push_back(std::move(read));
  }
  out.number_bins();
  SEMBLANCE_EXPECT(good && out.size_ <= 65'000, kData,
                   "the model's codec is damaged: the numbers among the texts of a category do not "
                   "fit together");
  return out;
}

}  // namespace semblance::trainer
