/// What the values of a column tell about its kind and about how they are written.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "table/civil_date.hpp"
#include "table/detail/number_text.hpp"
#include "table/schema.hpp"

namespace semblance::table::detail {

/// How numbers were written.
struct NumberEvidence {
  int most_decimals = 0, least_decimals = 99, most_significant = 0;
  bool any_exponent = false;

  void add(const NumberText& number) {
    most_decimals = std::max(most_decimals, number.decimals);
    least_decimals = std::min(least_decimals, number.decimals);
    most_significant = std::max(most_significant, number.significant);
    any_exponent |= number.has_exponent;
  }
  void merge(const NumberEvidence& other);
  /// Sets decimals and min_decimals of an integer or float column.
  void describe(ColumnSpec& spec) const;
};

/// How dates were written under one pattern.
struct DateEvidence {
  int most_fraction_digits = 0;
  bool any_short_field = false, any_micros = false, any_second = false, any_minute = false,
       any_hour = false;
  bool any_day_over_12 = false;  ///< then day and month cannot be exchanged
  bool several_zones = false, any_zone = false;
  int zone_minutes = 0;
  std::int64_t first_year = 9999, last_year = 0;

  void add(const CivilTime& time) {
    most_fraction_digits = std::max(most_fraction_digits, time.fraction_digits);
    any_short_field |= time.short_field;
    any_micros |= time.micros != 0;
    any_second |= time.second != 0;
    any_minute |= time.minute != 0;
    any_hour |= time.hour != 0;
    any_day_over_12 |= time.day.day > 12;
    several_zones |= any_zone && zone_minutes != time.offset_minutes;
    any_zone = true;
    zone_minutes = time.offset_minutes;
    first_year = std::min(first_year, time.day.year);
    last_year = std::max(last_year, time.day.year);
  }
  void merge(const DateEvidence& other);
  /// Sets format and unit of a date or datetime column.
  void describe(ColumnSpec& spec, const std::string& pattern) const;
};

/// Which kinds all texts of a column (so far) would allow.
class TextProfile {
 public:
  void add(std::string_view text);

  /// The kind of the column, with decimals or date pattern in `spec`; warnings for people are
  /// added. Without any text: a category.
  void decide(ColumnSpec& spec, std::vector<std::string>& warnings) const;
  /// The pattern of a column that must hold dates; "" when none fits all texts.
  std::string date_pattern(const std::string& name, std::vector<std::string>& warnings) const;
  std::int64_t count() const { return count_; }

 private:
  struct DateCandidate {
    const DatePattern* pattern;
    DateEvidence evidence;
  };
  void add_date(std::string_view text);
  std::vector<DateCandidate> mixed_dates(std::string_view text) const;
  const DateCandidate* best_date() const;

  std::int64_t count_ = 0;
  bool all_numbers_ = true, all_whole_ = true, all_truths_ = true;
  NumberEvidence numbers_;
  std::vector<DateCandidate> dates_;
};

/// Warnings about dates whose reading is a choice: day and month that could be exchanged, two-digit
/// years, several zones.
void warn_of_date_choices(const std::string& name, const std::string& pattern,
                          const DateEvidence& evidence, std::vector<std::string>& warnings);

/// The known pattern that fits most of the texts, "" when none fits one.
std::string commonest_date_pattern(const std::vector<std::string>& texts);

/// True for the words of a yes/no question, any case: true false yes no y n t f.
bool is_truth_word(std::string_view text);

}  // namespace semblance::table::detail
