/// Dates: day codes or week bins with the weekday apart, the time of day in parts, so that weekly
/// and daily rhythm survive; intervals to an earlier date where the column is relative to one.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/error.hpp"
#include "base/hdf5.hpp"
#include "base/parallel.hpp"
#include "table/civil_date.hpp"
#include "trainer/codec_calendar.hpp"
#include "trainer/codec_column.hpp"
#include "trainer/codec_number.hpp"

namespace semblance::trainer {
namespace {

constexpr std::int64_t kBlockRows = 65'536;
constexpr std::int64_t kLatestDay =
    100'000'000;  // about 270,000 years: keeps microseconds in an int64

/// What a token column of a date tells. The numbers are kept in model files.
enum class PartKind : std::int32_t {
  kDay = 0,           ///< days since 1970
  kWeek = 1,          ///< weeks since 1970
  kWeekday = 2,       ///< 0 Monday .. 6 Sunday
  kInterval = 3,      ///< days after the base date
  kIntervalWeek = 4,  ///< weeks after the base date's week
  kDuration = 5,      ///< units after the base date and time
  kTime = 6,          ///< units since midnight
  kHour = 7,
  kMinute = 8,
  kRest = 9,  ///< units since the full minute
};
constexpr std::array<const char*, 10> kPartNames = {
    "day",      "week", "weekday", "interval", "interval-week",
    "duration", "time", "hour",    "minute",   "second"};

/// When a part says something; otherwise it is missing.
enum class When : std::int32_t { kAlways = 0, kBasePresent = 1, kBaseMissing = 2 };

bool applies(When when, bool has_base) {
  return when == When::kAlways || (when == When::kBasePresent) == has_base;
}

double part_value(PartKind kind, const DayTime& time, const DayTime& base, std::int64_t unit) {
  switch (kind) {
    case PartKind::kDay:
      return static_cast<double>(time.day);
    case PartKind::kWeek:
      return static_cast<double>(time.week());
    case PartKind::kWeekday:
      return static_cast<double>(time.weekday());
    case PartKind::kInterval:
      return static_cast<double>(time.day - base.day);
    case PartKind::kIntervalWeek:
      return static_cast<double>(time.week() - base.week());
    case PartKind::kDuration:
      return static_cast<double>(floor_div(time.total() - base.total(), unit));
    case PartKind::kTime:
      return static_cast<double>(time.micros / unit);
    case PartKind::kHour:
      return static_cast<double>(time.micros / kMicrosHour);
    case PartKind::kMinute:
      return static_cast<double>(time.micros % kMicrosHour / kMicrosMinute);
    case PartKind::kRest:
      break;
  }
  return static_cast<double>(time.micros % kMicrosMinute / unit);
}

struct Part {
  PartKind kind = PartKind::kDay;
  When when = When::kAlways;
  NumberCoder coder;
};

/// Values of the parts of one row, as far as they are there.
struct RowParts {
  std::array<double, kPartNames.size()> value;
  RowParts() { value.fill(std::nan("")); }
  double operator[](PartKind kind) const { return value[static_cast<std::size_t>(kind)]; }
  double& operator[](PartKind kind) { return value[static_cast<std::size_t>(kind)]; }
  bool has(PartKind kind) const { return !std::isnan((*this)[kind]); }
  std::int64_t whole(PartKind kind) const { return has(kind) ? std::llround((*this)[kind]) : 0; }
};

class DateColumn : public ColumnCoder {
 public:
  std::vector<Part> parts;
  std::int64_t unit = kMicrosDay;            ///< all times of day are multiples of it
  std::int64_t first_day = 0, last_day = 0;  ///< of absolute days, extremes clipped
  bool relative = false;
  bool has_missing = true;  ///< some cells were missing, or it is not known

  int n_tokens() const override {
    int n = 0;
    for (const Part& part : parts) n += part.coder.n_tokens();
    return n;
  }
  int cardinality(int t) const override {
    const auto [part, digit] = locate(t);
    return part->coder.cardinality(digit);
  }
  int ordered(int t) const override {
    const auto [part, digit] = locate(t);
    return part->coder.ordered(digit);
  }
  std::string part_name(int t) const override {
    if (n_tokens() == 1) return "";
    const auto [part, digit] = locate(t);
    std::string name = kPartNames[static_cast<std::size_t>(part->kind)];
    if (part->when == When::kBaseMissing) name += "-alone";
    if (part->coder.n_tokens() == 2) name += digit == 0 ? "-coarse" : "-fine";
    return name;
  }

  void encode(const table::Column& column, const table::Column* base,
              EncodeTarget& target) const override;
  void decode(const DecodeSource& source, const table::Column* base,
              table::Column& column) const override;
  void save(hid_t group) const override;
  static std::unique_ptr<ColumnCoder> load(hid_t group);
  std::vector<PartMask> restrict(const table::AllowedValues& allowed,
                                 table::Kind kind) const override;
  std::string choices(table::Kind kind) const override;
  std::vector<PartMask> presence(bool has_base) const override;

 private:
  PartMask weekday_mask(const table::AllowedValues& days, const Part& week, int week_at,
                        const Part& weekday, int weekday_at) const;
  std::pair<const Part*, int> locate(int t) const {
    for (const Part& part : parts) {
      if (t < part.coder.n_tokens()) return {&part, t};
      t -= part.coder.n_tokens();
    }
    base::assertion_failed("token column of a date", __FILE__, __LINE__);
  }
  bool fits_in(PartKind kind) const {
    return std::any_of(parts.begin(), parts.end(),
                       [&](const Part& part) { return part.kind == kind; });
  }
  std::int64_t in_range(std::int64_t day) const;
  std::int64_t micros_of(const RowParts& row, double uniform) const;
  bool place(const RowParts& row, const DayTime* base, double uniform, DayTime& time) const;
};

/// True when the column, or one of a pair, can be used in this row. `time` is floored to the unit
/// and not before the base date.
bool read_row(const table::Column& column, const table::Column* base, std::int64_t row,
              std::int64_t unit, DayTime& time, DayTime& base_time, bool& has_base) {
  has_base = base != nullptr && !base->is_missing(row);
  if (column.is_missing(row)) return false;
  time = day_time(column, row);
  time.micros -= time.micros % unit;
  if (std::abs(time.day) > kLatestDay) return false;
  if (has_base) {
    base_time = day_time(*base, row);
    if (time.total() < base_time.total()) time = base_time;
  }
  return true;
}

/// Values of one part for rows [first, last); NaN where the part says nothing.
std::vector<double> part_values(PartKind kind, When when, const table::Column& column,
                                const table::Column* base, std::int64_t unit, std::int64_t first,
                                std::int64_t last) {
  std::vector<double> values(static_cast<std::size_t>(last - first), std::nan(""));
  for (std::int64_t row = first; row < last; ++row) {
    DayTime time, base_time;
    bool has_base;
    if (!read_row(column, base, row, unit, time, base_time, has_base) || !applies(when, has_base))
      continue;
    values[static_cast<std::size_t>(row - first)] = part_value(kind, time, base_time, unit);
  }
  return values;
}

void DateColumn::encode(const table::Column& column, const table::Column* base,
                        EncodeTarget& target) const {
  SEMBLANCE_EXPECT(
      column.spec.kind == table::Kind::kDate || column.spec.kind == table::Kind::kDatetime, kData,
      "column '{}' holds dates in the model but is of kind {} in this table", column.spec.name,
      table::kind_name(column.spec.kind));
  const std::int64_t n = column.size();
  std::vector<std::int64_t> unseen(static_cast<std::size_t>((n + kBlockRows - 1) / kBlockRows), 0);
  base::parallel_for((n + kBlockRows - 1) / kBlockRows, 0, [&](std::int64_t block) {
    const std::int64_t first = block * kBlockRows, last = std::min(first + kBlockRows, n);
    const auto rows = static_cast<std::size_t>(last - first);
    std::size_t t = 0;
    for (const Part& part : parts) {
      const std::vector<double> values =
          part_values(part.kind, part.when, column, base, unit, first, last);
      const std::span<std::uint16_t> digit(target.tokens[t] + first, rows);
      std::span<std::uint16_t> second;
      if (part.coder.n_tokens() == 2) second = {target.tokens[t + 1] + first, rows};
      const std::int64_t unknown = part.coder.encode(values, digit, second, 1);
      if (t == 0) unseen[static_cast<std::size_t>(block)] = unknown;
      t += static_cast<std::size_t>(part.coder.n_tokens());
    }
  });
  target.unseen += std::accumulate(unseen.begin(), unseen.end(), std::int64_t{0});
}

/// Microseconds since midnight; what the parts leave open is drawn evenly.
std::int64_t DateColumn::micros_of(const RowParts& row, double uniform) const {
  if (fits_in(PartKind::kTime)) return row.whole(PartKind::kTime) * unit;
  if (!fits_in(PartKind::kHour)) return 0;
  const auto open = [&](std::int64_t span) {
    return unit < span
               ? static_cast<std::int64_t>(uniform * static_cast<double>(span / unit)) * unit
               : 0;
  };
  std::int64_t micros = row.whole(PartKind::kHour) * kMicrosHour;
  if (!fits_in(PartKind::kMinute)) return micros + open(kMicrosHour);
  micros += row.whole(PartKind::kMinute) * kMicrosMinute;
  return micros +
         (fits_in(PartKind::kRest) ? row.whole(PartKind::kRest) * unit : open(kMicrosMinute));
}

/// A day within the learned range, moved by whole weeks so that its weekday stays.
std::int64_t DateColumn::in_range(std::int64_t day) const {
  if (day < first_day) day += (first_day - day + 6) / 7 * 7;
  if (day > last_day) day -= (day - last_day + 6) / 7 * 7;
  return std::max(day, first_day);
}

/// The point in time that a row's parts mean; false when it is missing.
bool DateColumn::place(const RowParts& row, const DayTime* base, double uniform,
                       DayTime& time) const {
  if (base != nullptr && row.has(PartKind::kDuration)) {
    time = DayTime::from_total(base->total() +
                               std::max<std::int64_t>(0, row.whole(PartKind::kDuration)) * unit);
    return true;
  }
  time.micros = micros_of(row, uniform);
  if (base != nullptr && row.has(PartKind::kInterval)) {
    time.day = base->day + row.whole(PartKind::kInterval);
  } else if (base != nullptr && row.has(PartKind::kIntervalWeek)) {
    time.day =
        (base->week() + row.whole(PartKind::kIntervalWeek)) * 7 + row.whole(PartKind::kWeekday) - 3;
  } else if (row.has(PartKind::kDay)) {
    time.day = std::clamp(row.whole(PartKind::kDay), first_day, last_day);
  } else if (row.has(PartKind::kWeek)) {
    time.day = in_range(row.whole(PartKind::kWeek) * 7 + row.whole(PartKind::kWeekday) - 3);
  } else {
    return false;
  }
  // By construction never before the base date: what would be is mirrored to after it.
  if (base != nullptr && time.total() < base->total())
    time = DayTime::from_total(2 * base->total() - time.total());
  return true;
}

void DateColumn::decode(const DecodeSource& source, const table::Column* base,
                        table::Column& column) const {
  const auto n = static_cast<std::size_t>(source.n_rows);
  std::vector<RowParts> rows(n);
  std::vector<double> values(n);
  std::size_t t = 0;
  for (const Part& part : parts) {
    const std::span<const std::uint16_t* const> tokens(
        source.tokens.data() + t, static_cast<std::size_t>(part.coder.n_tokens()));
    part.coder.decode(tokens, source.seed, source.first_row,
                      source.stream + static_cast<std::uint32_t>(t), values, 1);
    for (std::size_t i = 0; i < n; ++i) {
      // Of several parts of one kind (with and without a base) the one that says something counts.
      if (!std::isnan(values[i])) rows[i][part.kind] = values[i];
    }
    t += tokens.size();
  }
  const bool date_only = column.spec.kind == table::Kind::kDate;
  column.ints.assign(n, table::kMissingInt);
  std::int64_t last = -1;  // row of the entity's last date
  for (std::size_t i = 0; i < n; ++i) {
    DayTime time, base_time;
    if (source.begins != nullptr && source.begins[i] != 0) last = -1;
    const bool chained = source.begins != nullptr && last >= 0;
    const bool has_base =
        chained || (base != nullptr && !base->is_missing(static_cast<std::int64_t>(i)));
    if (chained) {
      base_time = day_time(column, last);
    } else if (has_base) {
      base_time = day_time(*base, static_cast<std::int64_t>(i));
    }
    if (has_base && date_only) base_time.micros = 0;
    const double uniform = kernels::cell_uniform(
        source.seed, static_cast<std::uint64_t>(source.first_row) + i, side_stream(source.stream));
    if (place(rows[i], has_base ? &base_time : nullptr, uniform, time)) {
      column.ints[i] = date_value(time, column.spec.kind);
      last = static_cast<std::int64_t>(i);
    }
  }
}

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
PartMask DateColumn::weekday_mask(const table::AllowedValues& days, const Part& week, int week_at,
                                  const Part& weekday, int weekday_at) const {
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
  const Part* week = nullptr;
  int at = 0, week_at = 0;
  for (const Part& part : parts) {
    if (part.kind == PartKind::kDay) add_part(part.coder, days, at, masks);
    if (part.kind == PartKind::kWeek) {
      week = &part, week_at = at;
      table::AllowedValues weeks = days;
      for (table::AllowedValues::Range& range : weeks.ranges) {
        // A day out of the learned range moves by weeks: the ends are taken widely.
        range.low = std::floor((range.low + 3) / 7) - 1;
        range.high = std::floor((range.high + 3) / 7) + 1;
      }
      add_part(part.coder, weeks, at, masks);
    }
    if (part.kind == PartKind::kWeekday && week != nullptr && week->coder.n_tokens() == 1 &&
        part.coder.n_tokens() == 1 && allowed.present) {
      masks.push_back(weekday_mask(days, *week, week_at, part, at));
    }
    if (one_day && allowed.present && kind == table::Kind::kDatetime &&
        (part.kind == PartKind::kTime || part.kind == PartKind::kHour)) {
      const std::int64_t step = part.kind == PartKind::kTime ? unit : kMicrosHour;
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
  for (const Part& part : parts) {
    const bool there = applies(part.when, has_base);
    PartMask mask{at, -1, {}};
    for (int f = 0; f < part.coder.cardinality(0); ++f) {
      const bool missing = part.coder.interval_of(static_cast<std::uint16_t>(f), 0) >=
                           part.coder.intervals().size();
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
                                   [](const Part& part) { return part.coder.has_missing(); });
  return text + (missing ? " and missing values" : ", and no missing value");
}

void DateColumn::save(hid_t group) const {
  base::h5_write_attribute(group, "unit_micros", unit);
  base::h5_write_attribute(group, "first_day", first_day);
  base::h5_write_attribute(group, "last_day", last_day);
  base::h5_write_attribute(group, "relative", std::int64_t{relative});
  base::h5_write_attribute(group, "has_missing", std::int64_t{has_missing});
  base::h5_write_attribute(group, "parts", static_cast<std::int64_t>(parts.size()));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const base::H5Handle part = base::h5_create_group(group, "part-" + std::to_string(i));
    base::h5_write_attribute(part.get(), "kind", static_cast<std::int64_t>(parts[i].kind));
    base::h5_write_attribute(part.get(), "when", static_cast<std::int64_t>(parts[i].when));
    parts[i].coder.save(part.get());
  }
}

std::unique_ptr<ColumnCoder> DateColumn::load(hid_t group) {
  auto coder = std::make_unique<DateColumn>();
  coder->unit = base::h5_read_int_attribute(group, "unit_micros");
  coder->first_day = base::h5_read_int_attribute(group, "first_day");
  coder->last_day = base::h5_read_int_attribute(group, "last_day");
  coder->relative = base::h5_read_int_attribute(group, "relative") != 0;
  if (base::h5_has_attribute(group, "has_missing"))  // not in older models
    coder->has_missing = base::h5_read_int_attribute(group, "has_missing") != 0;
  const std::int64_t n = base::h5_read_int_attribute(group, "parts");
  SEMBLANCE_EXPECT(
      coder->unit >= 1 && coder->unit <= kMicrosDay && coder->first_day <= coder->last_day &&
          std::abs(coder->first_day) <= kLatestDay && std::abs(coder->last_day) <= kLatestDay &&
          n >= 1 && n <= 16,
      kData, "the model's codec is damaged: a date column has {} parts and a unit of {} µs", n,
      coder->unit);
  for (std::int64_t i = 0; i < n; ++i) {
    const base::H5Handle part = base::h5_open_group(group, "part-" + std::to_string(i));
    const std::int64_t kind = base::h5_read_int_attribute(part.get(), "kind"),
                       when = base::h5_read_int_attribute(part.get(), "when");
    SEMBLANCE_EXPECT(
        kind >= 0 && kind < static_cast<std::int64_t>(kPartNames.size()) && when >= 0 && when <= 2,
        kData, "the model's codec is damaged: part {} of a date column is of kind {}", i, kind);
    coder->parts.push_back(
        {static_cast<PartKind>(kind), static_cast<When>(when), NumberCoder::load(part.get())});
  }
  return coder;
}

/// Learns the parts of one date column.
class DateFit {
 public:
  DateFit(const table::Column& column, const table::Column* base, const CodecOptions& options,
          base::Communicator& communicator)
      : column_(column), base_(base), options_(options), communicator_(communicator) {}

  std::unique_ptr<ColumnCoder> fit() {
    coder_.relative = base_ != nullptr;
    std::int64_t missing = column_.missing_count();
    communicator_.all_reduce_sum(std::span(&missing, 1));
    coder_.has_missing = missing > 0;
    coder_.unit = shared_unit();
    learn_range();
    if (base_ != nullptr && mostly_within_a_day()) {
      coder_.unit = std::gcd(coder_.unit, base_unit());
      add(PartKind::kDuration, When::kBasePresent);
      if (alone_rows() > 0) {
        add_days(When::kBaseMissing);
        if (column_.spec.kind == table::Kind::kDatetime) add_time(When::kBaseMissing);
      }
    } else {
      if (base_ != nullptr) add_intervals();
      if (base_ == nullptr || alone_rows() > 0)
        add_days(base_ == nullptr ? When::kAlways : When::kBaseMissing);
      if (column_.spec.kind == table::Kind::kDatetime) add_time(When::kAlways);
    }
    return std::make_unique<DateColumn>(std::move(coder_));
  }

 private:
  NumberSummary summary(PartKind kind, When when) const {
    return summarise_numbers(
        part_values(kind, when, column_, base_, coder_.unit, 0, column_.size()), communicator_);
  }
  void add(PartKind kind, When when, const NumberSummary& summary) {
    coder_.parts.push_back(
        {kind, when,
         NumberCoder(summary, {1, 1}, interval_options(options_), options_.digit_base)});
  }
  void add(PartKind kind, When when) { add(kind, when, summary(kind, when)); }
  bool few(const NumberSummary& summary) const {
    return static_cast<int>(summary.values.size()) <= options_.numeric_bins;
  }

  /// The largest unit of which every time of day of all ranks is a multiple, not finer than the
  /// metadata's unit.
  std::int64_t shared_unit() const { return unit_of(column_, asked_unit()); }
  std::int64_t base_unit() const { return unit_of(*base_, 1); }
  std::int64_t unit_of(const table::Column& column, std::int64_t floor) const {
    std::int64_t unit = kMicrosDay;
    for (std::int64_t row = 0; row < column.size() && unit > 1; ++row) {
      if (column.is_missing(row)) continue;
      const std::int64_t micros = day_time(column, row).micros;
      unit = std::gcd(unit, micros - micros % floor);
    }
    for (const auto& part : communicator_.all_gather(std::as_bytes(std::span(&unit, 1)))) {
      std::int64_t other;
      std::memcpy(&other, part.data(), sizeof other);
      unit = std::gcd(unit, other);
    }
    return unit;
  }
  std::int64_t asked_unit() const {
    const std::string& unit = column_.spec.unit;
    return unit == "day"      ? kMicrosDay
           : unit == "hour"   ? kMicrosHour
           : unit == "minute" ? kMicrosMinute
           : unit == "second" ? kMicrosSecond
                              : 1;
  }

  void learn_range() {
    const NumberSummary days = summary(PartKind::kDay, When::kAlways);
    if (days.values.empty()) return;
    const std::int64_t k = smallest_group(days.present(), interval_options(options_));
    std::int64_t below = 0, above = 0;
    for (auto day = days.values.begin(); day != days.values.end() && below < k; ++day) {
      below += day->count, coder_.first_day = static_cast<std::int64_t>(day->value);
    }
    for (auto day = days.values.rbegin(); day != days.values.rend() && above < k; ++day) {
      above += day->count, coder_.last_day = static_cast<std::int64_t>(day->value);
    }
    coder_.last_day = std::max(coder_.first_day, coder_.last_day);
  }

  std::int64_t count_rows(const auto& counts) const {
    std::int64_t count = 0;
    for (std::int64_t row = 0; row < column_.size(); ++row) {
      DayTime time, base_time;
      bool has_base;
      if (read_row(column_, base_, row, coder_.unit, time, base_time, has_base))
        count += counts(time, base_time, has_base);
    }
    communicator_.all_reduce_sum(std::span(&count, 1));
    return count;
  }
  bool mostly_within_a_day() const {
    if (column_.spec.kind != table::Kind::kDatetime || base_->spec.kind != table::Kind::kDatetime)
      return false;
    const std::int64_t pairs =
        count_rows([](const DayTime&, const DayTime&, bool has_base) { return has_base; });
    return 2 * count_rows([](const DayTime& time, const DayTime& base, bool has_base) {
             return has_base && time.total() - base.total() < kMicrosDay;
           }) >
           pairs;
  }
  std::int64_t alone_rows() const {
    return count_rows([](const DayTime&, const DayTime&, bool has_base) { return !has_base; });
  }

  void add_days(When when) {
    const NumberSummary days = summary(PartKind::kDay, when);
    if (few(days)) return add(PartKind::kDay, when, days);
    add(PartKind::kWeek, when);
    if (!has(PartKind::kWeekday)) add(PartKind::kWeekday, base_ == nullptr ? when : When::kAlways);
  }
  void add_intervals() {
    const NumberSummary days = summary(PartKind::kInterval, When::kBasePresent);
    if (few(days)) return add(PartKind::kInterval, When::kBasePresent, days);
    add(PartKind::kIntervalWeek, When::kBasePresent);
    add(PartKind::kWeekday, When::kAlways);
  }
  bool has(PartKind kind) const {
    return std::any_of(coder_.parts.begin(), coder_.parts.end(),
                       [&](const Part& part) { return part.kind == kind; });
  }

  void add_time(When when) {
    if (coder_.unit >= kMicrosDay) return;
    const NumberSummary times = summary(PartKind::kTime, when);
    if (few(times)) return add(PartKind::kTime, when, times);
    add(PartKind::kHour, when);
    if (coder_.unit >= kMicrosHour) return;
    const NumberSummary minutes = summary(PartKind::kMinute, when);
    const NumberSummary rests = summary(PartKind::kRest, when);
    const bool even_rest = even(rests, kMicrosMinute);
    if (even_rest && even(minutes, kMicrosHour)) return;
    add(PartKind::kMinute, when, minutes);
    if (coder_.unit < kMicrosMinute && !even_rest) add(PartKind::kRest, when, rests);
  }

  /// True when the values (units within `span`) show no rhythm: 16 slots of equal width hold what
  /// chance would put there (chi-square below its mean by four standard deviations).
  bool even(const NumberSummary& values, std::int64_t span) const {
    if (coder_.unit >= span) return true;
    if (span % coder_.unit != 0) return false;
    const bool minutes = span == kMicrosHour;
    const std::int64_t slots = minutes ? std::min<std::int64_t>(60, kMicrosHour / coder_.unit)
                                       : std::min<std::int64_t>(60, span / coder_.unit);
    const std::int64_t width = minutes ? 60 / slots : span / coder_.unit / slots;
    std::vector<double> counts(static_cast<std::size_t>(slots), 0);
    for (const ValueCount& entry : values.values) {
      const auto slot = static_cast<std::int64_t>(entry.value) / std::max<std::int64_t>(width, 1);
      counts[static_cast<std::size_t>(std::min(slot, slots - 1))] +=
          static_cast<double>(entry.count);
    }
    const double expected = static_cast<double>(values.present()) / static_cast<double>(slots);
    double chi_square = 0;
    for (const double count : counts)
      chi_square += (count - expected) * (count - expected) / std::max(expected, 1e-9);
    const auto freedom = static_cast<double>(slots - 1);
    return chi_square < freedom + 4 * std::sqrt(2 * freedom);
  }

  const table::Column& column_;
  const table::Column* base_;
  const CodecOptions& options_;
  base::Communicator& communicator_;
  DateColumn coder_;
};

}  // namespace

std::unique_ptr<ColumnCoder> fit_date_column(const table::Column& column, const table::Column* base,
                                             const CodecOptions& options,
                                             base::Communicator& communicator) {
  return DateFit(column, base, options, communicator).fit();
}

std::unique_ptr<ColumnCoder> load_date_column(hid_t group) { return DateColumn::load(group); }

}  // namespace semblance::trainer
