/// Chooses the parts of a date column: as few as keep its rhythm.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "trainer/codec_date.hpp"

namespace semblance::trainer {
namespace {

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
      add(DatePartKind::kDuration, DatePartWhen::kBasePresent);
      if (alone_rows() > 0) {
        add_days(DatePartWhen::kBaseMissing);
        if (column_.spec.kind == table::Kind::kDatetime) add_time(DatePartWhen::kBaseMissing);
      }
    } else {
      if (base_ != nullptr) add_intervals();
      if (base_ == nullptr || alone_rows() > 0)
        add_days(base_ == nullptr ? DatePartWhen::kAlways : DatePartWhen::kBaseMissing);
      if (column_.spec.kind == table::Kind::kDatetime) add_time(DatePartWhen::kAlways);
    }
    return std::make_unique<DateColumn>(std::move(coder_));
  }

 private:
  NumberSummary summary(DatePartKind kind, DatePartWhen when) const {
    return summarise_numbers(
        date_part_values(kind, when, column_, base_, coder_.unit, 0, column_.size()),
        communicator_);
  }
  void add(DatePartKind kind, DatePartWhen when, const NumberSummary& summary) {
    coder_.parts.push_back(
        {kind, when,
         NumberCoder(summary, {1, 1}, interval_options(options_), options_.digit_base)});
  }
  void add(DatePartKind kind, DatePartWhen when) { add(kind, when, summary(kind, when)); }
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
    const NumberSummary days = summary(DatePartKind::kDay, DatePartWhen::kAlways);
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
      if (read_date_row(column_, base_, row, coder_.unit, time, base_time, has_base))
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

  void add_days(DatePartWhen when) {
    const NumberSummary days = summary(DatePartKind::kDay, when);
    if (few(days)) return add(DatePartKind::kDay, when, days);
    add(DatePartKind::kWeek, when);
    if (!has(DatePartKind::kWeekday))
      add(DatePartKind::kWeekday, base_ == nullptr ? when : DatePartWhen::kAlways);
  }
  void add_intervals() {
    const NumberSummary days = summary(DatePartKind::kInterval, DatePartWhen::kBasePresent);
    if (few(days)) return add(DatePartKind::kInterval, DatePartWhen::kBasePresent, days);
    add(DatePartKind::kIntervalWeek, DatePartWhen::kBasePresent);
    add(DatePartKind::kWeekday, DatePartWhen::kAlways);
  }
  bool has(DatePartKind kind) const {
    return std::any_of(coder_.parts.begin(), coder_.parts.end(),
                       [&](const DatePart& part) { return part.kind == kind; });
  }

  void add_time(DatePartWhen when) {
    if (coder_.unit >= kMicrosDay) return;
    const NumberSummary times = summary(DatePartKind::kTime, when);
    if (few(times)) return add(DatePartKind::kTime, when, times);
    add(DatePartKind::kHour, when);
    if (coder_.unit >= kMicrosHour) return;
    const NumberSummary minutes = summary(DatePartKind::kMinute, when);
    const NumberSummary rests = summary(DatePartKind::kRest, when);
    const bool even_rest = even(rests, kMicrosMinute);
    if (even_rest && even(minutes, kMicrosHour)) return;
    add(DatePartKind::kMinute, when, minutes);
    if (coder_.unit < kMicrosMinute && !even_rest) add(DatePartKind::kRest, when, rests);
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

}  // namespace semblance::trainer
