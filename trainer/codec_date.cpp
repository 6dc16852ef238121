#include "trainer/codec_date.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/hdf5.hpp"
#include "base/parallel.hpp"
#include "table/civil_date.hpp"

namespace semblance::trainer {
namespace {

constexpr std::int64_t kBlockRows = 65'536;

}  // namespace

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
    for (const DatePart& part : parts) {
      const std::vector<double> values =
          date_part_values(part.kind, part.when, column, base, unit, first, last);
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
std::int64_t DateColumn::micros_of(const DateRowParts& row, double uniform) const {
  if (fits_in(DatePartKind::kTime)) return row.whole(DatePartKind::kTime) * unit;
  if (!fits_in(DatePartKind::kHour)) return 0;
  const auto open = [&](std::int64_t span) {
    return unit < span
               ? static_cast<std::int64_t>(uniform * static_cast<double>(span / unit)) * unit
               : 0;
  };
  std::int64_t micros = row.whole(DatePartKind::kHour) * kMicrosHour;
  if (!fits_in(DatePartKind::kMinute)) return micros + open(kMicrosHour);
  micros += row.whole(DatePartKind::kMinute) * kMicrosMinute;
  return micros + (fits_in(DatePartKind::kRest) ? row.whole(DatePartKind::kRest) * unit
                                                : open(kMicrosMinute));
}

/// A day within the learned range, moved by whole weeks so that its weekday stays.
std::int64_t DateColumn::in_range(std::int64_t day) const {
  if (day < first_day) day += (first_day - day + 6) / 7 * 7;
  if (day > last_day) day -= (day - last_day + 6) / 7 * 7;
  return std::max(day, first_day);
}

/// The point in time that a row's parts mean; false when it is missing.
bool DateColumn::place(const DateRowParts& row, const DayTime* base, double uniform,
                       DayTime& time) const {
  if (base != nullptr && row.has(DatePartKind::kDuration)) {
    time = DayTime::from_total(
        base->total() + std::max<std::int64_t>(0, row.whole(DatePartKind::kDuration)) * unit);
    return true;
  }
  time.micros = micros_of(row, uniform);
  if (base != nullptr && row.has(DatePartKind::kInterval)) {
    time.day = base->day + row.whole(DatePartKind::kInterval);
  } else if (base != nullptr && row.has(DatePartKind::kIntervalWeek)) {
    time.day = (base->week() + row.whole(DatePartKind::kIntervalWeek)) * 7 +
               row.whole(DatePartKind::kWeekday) - 3;
  } else if (row.has(DatePartKind::kDay)) {
    time.day = std::clamp(row.whole(DatePartKind::kDay), first_day, last_day);
  } else if (row.has(DatePartKind::kWeek)) {
    time.day = in_range(row.whole(DatePartKind::kWeek) * 7 + row.whole(DatePartKind::kWeekday) - 3);
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
  std::vector<DateRowParts> rows(n);
  std::vector<double> values(n);
  std::size_t t = 0;
  for (const DatePart& part : parts) {
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
    SEMBLANCE_EXPECT(kind >= 0 && kind < static_cast<std::int64_t>(kDatePartNames.size()) &&
                         when >= 0 && when <= 2,
                     kData, "the model's codec is damaged: part {} of a date column is of kind {}",
                     i, kind);
    coder->parts.push_back({static_cast<DatePartKind>(kind), static_cast<DatePartWhen>(when),
                            NumberCoder::load(part.get())});
  }
  return coder;
}

std::unique_ptr<ColumnCoder> load_date_column(hid_t group) { return DateColumn::load(group); }

}  // namespace semblance::trainer
