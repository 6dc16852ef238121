#include <cmath>

#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/quality/date_rhythm.hpp"
#include "evaluator/quality/sections.hpp"

namespace semblance::evaluator {
namespace {

const std::vector<std::string> kWeekdays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                            "Friday", "Saturday", "Sunday"};

std::vector<double> shares(const std::vector<std::int64_t>& counts) {
  double n = 0;
  for (const std::int64_t c : counts) n += static_cast<double>(c);
  std::vector<double> out;
  for (const std::int64_t c : counts) out.push_back(n > 0 ? static_cast<double>(c) / n : 0);
  return out;
}

/// Mean total variation distance over the date columns; NaN when there is none.
struct Distances3 {
  std::vector<double> weekday, month, hour;
  void add(const Rhythm& a, const Rhythm& b, bool with_time) {
    weekday.push_back(total_variation(a.weekday, b.weekday));
    month.push_back(total_variation(a.month, b.month));
    if (with_time) hour.push_back(total_variation(a.hour, b.hour));
  }
};

/// Resamples of the mean distance of one part of the dates, for example their weekdays.
std::vector<double> rhythm_draws(const Context& context,
                                 std::vector<std::int32_t> RhythmCodes::*part, int n_codes) {
  const Comparison& data = context.data;
  const Resamples real(data.real.n_rows, context.options.seed, kRealRows),
      synthetic(data.synthetic.n_rows, context.options.seed, kSyntheticRows);
  std::vector<std::vector<double>> each;
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const ColumnInfo& info = data.columns[j];
    if (!info.is_date()) continue;
    if (part == &RhythmCodes::hour && info.spec.kind != table::Kind::kDatetime) continue;
    const RhythmCodes a = rhythm_codes(data.real.features[j].numbers, info.spec.kind),
                      b = rhythm_codes(data.synthetic.features[j].numbers, info.spec.kind);
    each.push_back(resampled_counts(real, a.*part, synthetic, b.*part, n_codes, total_variation));
  }
  return mean_of_draws(each);
}

Check rhythm_check(Check check, const std::vector<double>& value,
                   const std::vector<double>& reference, const std::vector<double>& draws,
                   const char* what) {
  check.unit = "share";
  const double mean = mean_present(value);
  if (std::isnan(mean)) {
    check.why_not = std::string("there is no ") + what + " column with values in both tables";
    return check;
  }
  check.value = mean;
  check.interval = centred_interval(mean, draws, 0, 1);
  if (const double floor = mean_present(reference); !std::isnan(floor)) check.reference = floor;
  return check;
}

}  // namespace

Section date_rhythm_section(const Context& context) {
  const Comparison& data = context.data;
  Section section{.text = "Do dates keep the rhythm of week, year and day?"};
  Distances3 synthetic, holdout;
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const ColumnInfo& info = data.columns[j];
    if (!info.is_date()) continue;
    const bool with_time = info.spec.kind == table::Kind::kDatetime;
    const Rhythm real = rhythm_of(data.real.features[j].numbers, info.spec.kind);
    const Rhythm mock = rhythm_of(data.synthetic.features[j].numbers, info.spec.kind);
    synthetic.add(real, mock, with_time);
    std::vector<std::pair<std::string, std::vector<double>>> series = {
        {"Real", shares(real.weekday)}, {"Synthetic", shares(mock.weekday)}};
    if (data.has_holdout()) {
      const Rhythm held = rhythm_of(data.holdout.features[j].numbers, info.spec.kind);
      holdout.add(real, held, with_time);
      series.emplace_back("Holdout", shares(held.weekday));
    }
    section.blocks.push_back(
        bars_block(info.name() + " by weekday", "share of dates", kWeekdays, series));
  }
  section.checks = {
      rhythm_check({.id = "quality.weekday_error",
                    .title = "Weekdays: mean difference",
                    .definition = "Total variation distance between the shares of the seven "
                                  "weekdays, mean over date columns."},
                   synthetic.weekday, holdout.weekday,
                   rhythm_draws(context, &RhythmCodes::weekday, 7), "date"),
      rhythm_check({.id = "quality.month_error",
                    .title = "Months: mean difference",
                    .definition = "Total variation distance between the shares of the twelve "
                                  "months, mean over date columns."},
                   synthetic.month, holdout.month, rhythm_draws(context, &RhythmCodes::month, 12),
                   "date"),
      rhythm_check({.id = "quality.hour_error",
                    .title = "Hours of the day: mean difference",
                    .definition = "Total variation distance between the shares of the 24 hours, "
                                  "mean over columns with a time of day."},
                   synthetic.hour, holdout.hour, rhythm_draws(context, &RhythmCodes::hour, 24),
                   "datetime")};
  return section;
}

}  // namespace semblance::evaluator
