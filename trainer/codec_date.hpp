/// Dates: day codes or week bins with the weekday apart, the time of day in parts, so that weekly
/// and daily rhythm survive; intervals to an earlier date where the column is relative to one.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "trainer/codec_column.hpp"
#include "trainer/codec_date_parts.hpp"

namespace semblance::trainer {

/// The coder of one date or datetime column. Fitting sets its parts (fit_date_column).
class DateColumn : public ColumnCoder {
 public:
  std::vector<DatePart> parts;               ///< in the order of the token columns
  std::int64_t unit = kMicrosDay;            ///< all times of day are multiples of it
  std::int64_t first_day = 0, last_day = 0;  ///< of absolute days, extremes clipped
  bool relative = false;                     ///< to another date: intervals where that is present
  bool has_missing = true;                   ///< some cells were missing, or it is not known

  int n_tokens() const override {
    int n = 0;
    for (const DatePart& part : parts) n += part.coder.n_tokens();
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
    std::string name = kDatePartNames[static_cast<std::size_t>(part->kind)];
    if (part->when == DatePartWhen::kBaseMissing) name += "-alone";
    if (part->coder.n_tokens() == 2) name += digit == 0 ? "-coarse" : "-fine";
    return name;
  }

  void encode(const table::Column& column, const table::Column* base,
              EncodeTarget& target) const override;
  void decode(const DecodeSource& source, const table::Column* base,
              table::Column& column) const override;
  void save(hid_t group) const override;
  /// \throws Error{kData} for a damaged model file
  static std::unique_ptr<ColumnCoder> load(hid_t group);
  std::vector<PartMask> restrict(const table::AllowedValues& allowed,
                                 table::Kind kind) const override;
  std::string choices(table::Kind kind) const override;
  std::vector<PartMask> presence(bool has_base) const override;

 private:
  PartMask weekday_mask(const table::AllowedValues& days, const DatePart& week, int week_at,
                        const DatePart& weekday, int weekday_at) const;
  std::pair<const DatePart*, int> locate(int t) const {
    for (const DatePart& part : parts) {
      if (t < part.coder.n_tokens()) return {&part, t};
      t -= part.coder.n_tokens();
    }
    base::assertion_failed("token column of a date", __FILE__, __LINE__);
  }
  bool fits_in(DatePartKind kind) const {
    return std::any_of(parts.begin(), parts.end(),
                       [&](const DatePart& part) { return part.kind == kind; });
  }
  std::int64_t in_range(std::int64_t day) const;
  std::int64_t micros_of(const DateRowParts& row, double uniform) const;
  bool place(const DateRowParts& row, const DayTime* base, double uniform, DayTime& time) const;
};

}  // namespace semblance::trainer
