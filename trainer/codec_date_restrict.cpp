/// Which tokens of a date may come out under a condition.
#include <algorithm>
#include <cmath>

#include "table/civil_date.hpp"
#include "trainer/codec_date.hpp"

namespace semblance::trainer {
namespace {

/// The allowed points in time as whole days; `one_day` when they all lie within one.
table::AllowedValues whole_days(const table::AllowedValues& allowed, table::Kind kind,
                                bool& one_day) {
  table::AllowedValues days = allowed;
  if (kind == table::Kind::kDatetime) {
    for (table::AllowedValues::Range& range : days.ranges) {
      range.low = std::floor(range.low / static_cast<double>(kMicrosDay));
      range.high = std::floor(range.high / static_cast<double>(kMicrosDay));
    }
  }
  one_day = !days.ranges.empty() && days.ranges.front().low == days.ranges.back().high;
  return days;
}

/// Masks of a part without shares: a token that may become an allowed value is allowed as a whole.
void add_part(const NumberCoder& coder, const table::AllowedValues& allowed, int at,
              std::vector<PartMask>& masks) {
  for (PartMask& mask : coder.restrict(allowed, true)) {
    mask.part += at;
    if (mask.given >= 0) mask.given += at;
    for (float& weight : mask.weights) weight = weight > 0 ? 1.0f : 0.0f;
    masks.push_back(std::move(mask));
  }
}

/// The allowed points in time within one day, as values of a part that counts `step` microseconds.
table::AllowedValues times_of_day(const table::AllowedValues& allowed, double day,
                                  std::int64_t step) {
  table::AllowedValues times = allowed;
  times.missing = true;  // where the date is missing, so is its time
  for (table::AllowedValues::Range& range : times.ranges) {
    const double start = day * static_cast<double>(kMicrosDay);
    range.low = std::floor((range.low - start) / static_cast<double>(step));
    range.high = std::floor((range.high - start) / static_cast<double>(step));
  }
  return times;
}

}  // namespace

/// Weekdays that, with a week of the given token, make an allowed day.
PartMask DateColumn::weekday_mask(const table::AllowedValues& days, const DatePart& week,
                                  int week_at, const DatePart& weekday, int weekday_at) const {
  const int n_weeks = week.coder.cardinality(0), n_days = weekday.coder.cardinality(0);
  PartMask mask{weekday_at, week_at,
                std::vector<float>(static_cast<std::size_t>(n_weeks * n_days), 1.0f)};
  for (int w = 0; w < n_weeks; ++w) {
    const std::int32_t interval = week.coder.interval_of(static_cast<std::uint16_t>(w), 0);
    if (interval >= week.coder.intervals().size()) continue;
    const table::AllowedValues::Range weeks = week.coder.span(interval);
    for (int d = 0; d < n_days; ++d) {
      const std::int32_t which = weekday.coder.interval_of(static_cast<std::uint16_t>(d), 0);
      const double number =
          which < weekday.coder.intervals().size() ? std::floor(weekday.coder.span(which).low) : 0;
      bool any = false;
      for (double at = weeks.low; at <= weeks.high && !any; ++at) {
        any = days.allows(static_cast<double>(
            in_range(std::llround(at) * 7 + static_cast<std::int64_t>(number) - 3)));
      }
      mask.weights[static_cast<std::size_t>(w * n_days + d)] = any ? 1.0f : 0.0f;
    }
  }
  return mask;
}

/// Day, or week and weekday, of a date by itself; times of day only where all that is allowed lies
/// within one day. Intervals and what remains is for the check of the rows.
std::vector<PartMask> DateColumn::restrict(const table::AllowedValues& allowed,
                                           table::Kind kind) const {
  std::vector<PartMask> masks;
  if (relative) return masks;
  bool one_day = false;
  const table::AllowedValues days = whole_days(allowed, kind, one_day);
  const DatePart* week = nullptr;
  int at = 0, week_at = 0;
  for (const DatePart& part : parts) {
    if (part.kind == DatePartKind::kDay) add_part(part.coder, days, at, masks);
    if (part.kind == DatePartKind::kWeek) {
      week = &part, week_at = at;
      table::AllowedValues weeks = days;
      for (table::AllowedValues::Range& range : weeks.ranges) {
        // A day out of the learned range moves by weeks: the ends are taken widely.
        range.low = std::floor((range.low + 3) / 7) - 1;
        range.high = std::floor((range.high + 3) / 7) + 1;
      }
      add_part(part.coder, weeks, at, masks);
    }
    if (part.kind == DatePartKind::kWeekday && week != nullptr && week->coder.n_tokens() == 1 &&
        part.coder.n_tokens() == 1 && allowed.present) {
      masks.push_back(weekday_mask(days, *week, week_at, part, at));
    }
    if (one_day && allowed.present && kind == table::Kind::kDatetime &&
        (part.kind == DatePartKind::kTime || part.kind == DatePartKind::kHour)) {
      const std::int64_t step = part.kind == DatePartKind::kTime ? unit : kMicrosHour;
      add_part(part.coder, times_of_day(allowed, days.ranges.front().low, step), at, masks);
    }
    at += part.coder.n_tokens();
  }
  return masks;
}

/// Parts that apply are there, the others missing.
std::vector<PartMask> DateColumn::presence(bool has_base) const {
  std::vector<PartMask> masks;
  if (has_missing) return masks;
  int at = 0;
  for (const DatePart& part : parts) {
    const bool there = applies(part.when, has_base);
    PartMask mask{at, -1, {}};
    for (int f = 0; f < part.coder.cardinality(0); ++f) {
      const bool missing =
          part.coder.interval_of(static_cast<std::uint16_t>(f), 0) >= part.coder.intervals().size();
      mask.weights.push_back(missing != there ? 1.0f : 0.0f);
    }
    // A part that is never missing in the training table has no token for it.
    if (std::find(mask.weights.begin(), mask.weights.end(), 1.0f) != mask.weights.end())
      masks.push_back(std::move(mask));
    at += part.coder.n_tokens();
  }
  return masks;
}

std::string DateColumn::choices(table::Kind) const {
  std::string text = "dates from ";
  const table::DatePattern iso("%Y-%m-%d");
  iso.append(text, first_day * kMicrosDay);
  text += " to ";
  iso.append(text, last_day * kMicrosDay);
  const bool missing = std::any_of(parts.begin(), parts.end(),
                                   [](const DatePart& part) { return part.coder.has_missing(); });
  return text + (missing ? " and missing values" : ", and no missing value");
}

}  // namespace semblance::trainer
