#include "table/detail/evidence.hpp"

#include <cctype>

#include "base/error.hpp"

namespace semblance::table::detail {
namespace {

constexpr int kExactDigits = 15;  // decimal digits that every double keeps

std::vector<DatePattern> all_patterns() {
  // Day before month first: of two patterns that fit, the earlier one is taken.
  const std::vector<std::string> days = {"%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y",
                                         "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%d/%m/%y", "%m/%d/%y",
                                         "%d-%m-%y", "%m-%d-%y", "%d.%m.%y", "%Y%m%d",   "%d-%b-%Y",
                                         "%d-%b-%y", "%d %b %Y", "%d%b%Y"};
  const std::vector<std::string> times = {"%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p",
                                          "%I:%M:%S %p"};
  std::vector<DatePattern> patterns;
  for (const std::string& day : days) {
    patterns.emplace_back(day);
    for (const char* join : {" ", "T"}) {
      for (const std::string& time : times) {
        for (const char* zone : {"", "Z", "%z", " %z"})
          patterns.emplace_back(day + join + time + zone);
      }
    }
  }
  return patterns;
}

/// Every pattern that is looked for, compiled once.
const std::vector<DatePattern>& known_patterns() {
  static const std::vector<DatePattern> patterns = all_patterns();
  return patterns;
}

/// A pattern with a time that values may be without, and the two patterns that it unites.
struct MixedPattern {
  DatePattern pattern;
  std::string day, whole;
};

/// All of them, compiled once.
const std::vector<MixedPattern>& mixed_patterns() {
  static const std::vector<MixedPattern> patterns = [] {
    std::vector<MixedPattern> list;
    std::string day;
    for (const DatePattern& known : known_patterns()) {
      if (!known.has_time()) {
        day = known.text();  // the patterns with a time follow that of their day
      } else {
        const std::string time = known.text().substr(day.size());
        list.push_back({DatePattern(day + "[" + time + "]"), day, known.text()});
      }
    }
    return list;
  }();
  return patterns;
}

std::string exchanged(std::string pattern) {
  for (char& c : pattern) c = c == 'd' ? 'm' : c == 'm' ? 'd' : c;
  return pattern;
}

bool is_day_month(const std::string& pattern) {
  return pattern.starts_with("%d/%m") || pattern.starts_with("%d-%m") ||
         pattern.starts_with("%d.%m") || pattern.starts_with("%m/%d") ||
         pattern.starts_with("%m-%d");
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

bool is_truth_word(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* word : {"true", "false", "yes", "no", "y", "n", "t", "f"}) {
    if (lower == word) return true;
  }
  return false;
}

void NumberEvidence::merge(const NumberEvidence& other) {
  most_decimals = std::max(most_decimals, other.most_decimals);
  least_decimals = std::min(least_decimals, other.least_decimals);
  most_significant = std::max(most_significant, other.most_significant);
  any_exponent |= other.any_exponent;
}

void NumberEvidence::describe(ColumnSpec& spec) const {
  spec.min_decimals =
      any_exponent || least_decimals == 99 ? 0 : std::min(least_decimals, kExactDigits);
  if (spec.kind != Kind::kFloat) return;
  spec.decimals =
      any_exponent || most_significant > kExactDigits || least_decimals == 99 ? -1 : most_decimals;
}

void DateEvidence::merge(const DateEvidence& other) {
  most_fraction_digits = std::max(most_fraction_digits, other.most_fraction_digits);
  any_short_field |= other.any_short_field;
  any_micros |= other.any_micros;
  any_second |= other.any_second;
  any_minute |= other.any_minute;
  any_hour |= other.any_hour;
  any_day_over_12 |= other.any_day_over_12;
  several_zones |=
      other.several_zones || (any_zone && other.any_zone && zone_minutes != other.zone_minutes);
  if (other.any_zone) any_zone = true, zone_minutes = other.zone_minutes;
  first_year = std::min(first_year, other.first_year);
  last_year = std::max(last_year, other.last_year);
}

void DateEvidence::describe(ColumnSpec& spec, const std::string& pattern) const {
  spec.format = pattern;
  if (any_short_field) {
    for (const char* field : {"d", "m", "H", "I"})
      replace_all(spec.format, std::string("%") + field, std::string("%-") + field);
  }
  if (most_fraction_digits > 0 && most_fraction_digits <= 3) replace_all(spec.format, "%f", "%3f");
  if (spec.kind == Kind::kDate) {
    spec.unit = "day";
  } else {
    spec.unit = any_micros   ? "microsecond"
                : any_second ? "second"
                : any_minute ? "minute"
                : any_hour   ? "hour"
                             : "day";
  }
}

void TextProfile::add(std::string_view text) {
  ++count_;
  if (all_numbers_) {
    const NumberText number = parse_number(text);
    if (number.is_number) numbers_.add(number);
    all_numbers_ = number.is_number;
    all_whole_ &= number.is_whole;
  }
  if (all_truths_) all_truths_ = is_truth_word(text);
  if (count_ == 1 || !dates_.empty()) add_date(text);
}

void TextProfile::add_date(std::string_view text) {
  constexpr std::size_t kShortest = 6, kLongest = 40;
  if (count_ == 1 && text.size() >= kShortest && text.size() <= kLongest) {
    for (const DatePattern& pattern : known_patterns()) dates_.push_back({&pattern, {}});
  }
  CivilTime time;
  std::vector<DateCandidate> fitting;
  for (DateCandidate& candidate : dates_) {
    if (!candidate.pattern->parse(text, time)) continue;
    candidate.evidence.add(time);
    fitting.push_back(candidate);
  }
  if (fitting.empty()) fitting = mixed_dates(text);
  dates_ = std::move(fitting);
}

/// Where days came before a text with a time, or times before a lone day: the patterns for both.
std::vector<TextProfile::DateCandidate> TextProfile::mixed_dates(std::string_view text) const {
  std::vector<DateCandidate> found;
  if (count_ == 1) return found;
  CivilTime time;
  for (const MixedPattern& mixed : mixed_patterns()) {
    if (!mixed.pattern.parse(text, time)) continue;
    for (const DateCandidate& before : dates_) {
      const std::string& known = before.pattern->text();
      if (known != mixed.day && known != mixed.whole) continue;
      found.push_back({&mixed.pattern, before.evidence});
      found.back().evidence.add(time);
      break;
    }
  }
  return found;
}

const TextProfile::DateCandidate* TextProfile::best_date() const {
  for (const DateCandidate& candidate : dates_) {
    // Eight digits are dates only when there are several of them, all in likely years.
    const bool bare = candidate.pattern->text() == "%Y%m%d";
    if (bare &&
        (count_ < 3 || candidate.evidence.first_year < 1850 || candidate.evidence.last_year > 2250))
      continue;
    return &candidate;
  }
  return nullptr;
}

std::string TextProfile::date_pattern(const std::string& name,
                                      std::vector<std::string>& warnings) const {
  if (dates_.empty()) return "";
  const DateCandidate& best = best_date() != nullptr ? *best_date() : dates_.front();
  warn_of_date_choices(name, best.pattern->text(), best.evidence, warnings);
  return best.pattern->text();
}

void TextProfile::decide(ColumnSpec& spec, std::vector<std::string>& warnings) const {
  spec.kind = Kind::kCategory;
  if (count_ == 0) return;
  if (const DateCandidate* date = best_date()) {
    spec.kind = date->pattern->has_time() ? Kind::kDatetime : Kind::kDate;
    date->evidence.describe(spec, date->pattern->text());
    warn_of_date_choices(spec.name, date->pattern->text(), date->evidence, warnings);
  } else if (all_numbers_) {
    spec.kind = all_whole_ ? Kind::kInteger : Kind::kFloat;
    numbers_.describe(spec);
  } else if (all_truths_) {
    spec.kind = Kind::kBoolean;
  }
}

std::string commonest_date_pattern(const std::vector<std::string>& texts) {
  constexpr std::size_t kSample = 50;
  const std::size_t step = std::max<std::size_t>(1, texts.size() / kSample);
  std::string best;
  std::size_t most = 0;
  CivilTime time;
  for (const DatePattern& pattern : known_patterns()) {
    std::size_t fits = 0;
    for (std::size_t i = 0; i < texts.size(); i += step) fits += pattern.parse(texts[i], time);
    if (fits > most) most = fits, best = pattern.text();
  }
  return best;
}

void warn_of_date_choices(const std::string& name, const std::string& pattern,
                          const DateEvidence& evidence, std::vector<std::string>& warnings) {
  if (is_day_month(pattern) && !evidence.any_day_over_12 && pattern.starts_with("%d")) {
    warnings.push_back(
        fmt::format("column '{}': nothing tells day from month; read as day first ('{}'). If the "
                    "month comes first, set format: "
                    "\"{}\" in the metadata",
                    name, pattern, exchanged(pattern)));
  }
  if (pattern.ends_with(']')) {
    warnings.push_back(fmt::format(
        "column '{}': some values have a time of day and some have none; days without a time are "
        "read as midnight",
        name));
  }
  if (pattern.find("%y") != std::string::npos) {
    warnings.push_back(
        fmt::format("column '{}': years of two digits; 69 to 99 are read as 1969 to 1999, 00 to 68 "
                    "as 2000 to 2068",
                    name));
  }
  if (evidence.several_zones) {
    warnings.push_back(
        fmt::format("column '{}': times of several zones; all are turned into UTC", name));
  }
}

}  // namespace semblance::table::detail
