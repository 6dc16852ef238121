#include "table/detail/identifiers.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "table/format_value.hpp"

namespace semblance::table::detail {
namespace {

constexpr std::int64_t kFewRows = 20;    // uniqueness among fewer rows proves nothing
constexpr std::int64_t kFewValues = 50;  // an "..._id" with fewer values is a code
constexpr double kMostly = 0.8;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool ends_with_any(const std::string& text, std::initializer_list<const char*> ends) {
  return std::any_of(ends.begin(), ends.end(),
                     [&](const char* end) { return text.ends_with(end); });
}

/// "SUBJECT_ID", "patientId", "row id", "patient_nbr": also where values repeat.
bool named_as_identifier(const std::string& name) {
  const std::string low = lower(name);
  return low == "id" || low == "mrn" ||
         ends_with_any(low, {"_id", " id", "-id", ".id", "_nbr", "uuid", "guid"}) ||
         (name.size() > 2 && name.ends_with("Id") && is_letter(name[name.size() - 3]));
}

/// "SUBJECT_ID", "patient id", "mrn": whose values must not come out, however few there are.
bool named_as_identifier_of_people(const std::string& name) {
  std::string letters;
  for (const char c : lower(name)) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) letters += c;
  }
  for (const char* one :
       {"subjectid", "patientid", "personid", "participantid", "patientnbr", "hadmid", "mrn"}) {
    if (letters == one) return true;
  }
  return false;
}

/// "record_number", "invoice_no": an identifier where no value repeats, else a count or a week.
bool named_as_number(const std::string& name) {
  return ends_with_any(lower(name), {"_no", "_num", "number", "_key", "nr"});
}

/// True when most levels pass the test; a thousand of them, spread over all, must do so first.
bool mostly(const Column& column, const std::function<bool(std::string_view)>& test) {
  constexpr std::size_t kSample = 1000;
  const std::vector<std::string>& levels = column.levels;
  const auto enough = [&](std::size_t step) {
    std::size_t passed = 0, looked_at = 0;
    for (std::size_t i = 0; i < levels.size(); i += step) passed += test(levels[i]), ++looked_at;
    return static_cast<double>(passed) >= kMostly * static_cast<double>(looked_at);
  };
  return !levels.empty() && enough(std::max<std::size_t>(1, levels.size() / kSample)) && enough(1);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0)
      return false;
  }
  return true;
}

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 &&
         text.find('.', at + 2) != std::string_view::npos &&
         text.find(' ') == std::string_view::npos &&
         text.find('@', at + 1) == std::string_view::npos;
}

/// Outward code (letter(s), digit, digit or letter), blank, digit and two letters.
bool is_postcode(std::string_view text) {
  if (text.size() < 5 || text.size() > 8) return false;
  const std::string_view inward = text.substr(text.size() - 3);
  if (!is_digit(inward[0]) || !is_letter(inward[1]) || !is_letter(inward[2])) return false;
  std::string_view outward = text.substr(0, text.size() - 3);
  while (!outward.empty() && outward.back() == ' ') outward.remove_suffix(1);
  if (outward.size() < 2 || outward.size() > 4 || !is_letter(outward[0])) return false;
  return std::any_of(outward.begin() + 1, outward.end(), is_digit) &&
         std::all_of(outward.begin(), outward.end(),
                     [](char c) { return is_digit(c) || is_letter(c); });
}

bool is_phone(std::string_view text) {
  if (!text.starts_with("0") && !text.starts_with("+") && !text.starts_with("(0")) return false;
  std::size_t digits = 0;
  for (const char c : text) {
    if (is_digit(c)) {
      ++digits;
    } else if (std::string_view(" +-()").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return digits >= 10 && digits <= 13;
}

bool named_as_person(const std::string& name) {
  const std::string low = lower(name);
  for (const char* word :
       {"surname", "forename", "firstname", "first_name", "first name", "lastname", "last_name",
        "last name", "patient_name", "patient name", "fullname", "full_name", "middle_name"}) {
    if (low.find(word) != std::string::npos) return true;
  }
  return low == "name";
}

/// "P######" when every text has the same letters and only digits vary; "" otherwise.
std::string common_pattern(const Column& column) {
  if (column.levels.empty() || column.levels.front().size() > 40) return "";
  std::string pattern;
  bool any_digit = false;
  for (const char c : column.levels.front())
    any_digit |= is_digit(c), pattern += is_digit(c) ? '#' : c;
  for (const std::string& level : column.levels) {
    if (level.size() != pattern.size()) return "";
    for (std::size_t i = 0; i < level.size(); ++i) {
      if (pattern[i] == '#' ? !is_digit(level[i]) : level[i] != pattern[i]) return "";
    }
  }
  return any_digit ? pattern : "";
}

/// The distinct present values, in ascending order.
std::vector<std::int64_t> distinct_values(const std::vector<std::int64_t>& values) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max(),
               most = std::numeric_limits<std::int64_t>::min();
  for (const std::int64_t v : values) {
    if (v != kMissingInt) least = std::min(least, v), most = std::max(most, v);
  }
  std::vector<std::int64_t> out;
  if (least > most) return out;
  const std::uint64_t range = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
  if (range <= 8 * values.size()) {  // a table of marks is faster than sorting
    std::vector<char> seen(range + 1, 0);
    for (const std::int64_t v : values) {
      if (v != kMissingInt) seen[static_cast<std::size_t>(v - least)] = 1;
    }
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i]) out.push_back(least + static_cast<std::int64_t>(i));
    }
    return out;
  }
  out.reserve(values.size());
  std::copy_if(values.begin(), values.end(), std::back_inserter(out),
               [](std::int64_t v) { return v != kMissingInt; });
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

/// Distinct integers as texts, in ascending order, and codes for the rows.
void levels_from_integers(Column& column) {
  const std::vector<std::int64_t> values = distinct_values(column.ints);
  column.levels.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    append_integer(column.levels[i], values[i], column.spec.min_decimals);
  // Runs of equal or ascending values are common: the place before is tried first.
  std::size_t place = 0;
  column.codes.reserve(column.ints.size());
  for (const std::int64_t value : column.ints) {
    if (value == kMissingInt) {
      column.codes.push_back(kMissingCode);
      continue;
    }
    if (values[place] != value && place + 1 < values.size() && values[place + 1] == value) ++place;
    if (values[place] != value) {
      place = static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), value) -
                                       values.begin());
    }
    column.codes.push_back(static_cast<std::int32_t>(place));
  }
  column.ints = {};
  column.spec.min_decimals = 0;
}

void turn_into_identifier(Column& column) {
  if (column.spec.kind == Kind::kInteger) levels_from_integers(column);
  column.spec.kind = Kind::kId;
  column.spec.id_pattern = mostly(column, is_uuid)         ? "uuid"
                           : mostly(column, is_nhs_number) ? "nhs-number"
                                                           : common_pattern(column);
  if (column.spec.id_pattern.empty()) column.spec.id_pattern = "sequence";
}

std::size_t mean_length(const Column& column) {
  std::size_t total = 0;
  for (const std::string& level : column.levels) total += level.size();
  return column.levels.empty() ? 0 : total / column.levels.size();
}

}  // namespace

bool is_nhs_number(std::string_view text) {
  int digits[10], n = 0;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    if (!is_digit(c) || n == 10) return false;
    digits[n++] = c - '0';
  }
  if (n != 10) return false;
  int sum = 0;
  for (int i = 0; i < 9; ++i) sum += digits[i] * (10 - i);
  const int check = (11 - sum % 11) % 11;
  return check != 10 && check == digits[9];
}

std::int64_t distinct_count(const Column& column) {
  if (!column.reals.empty()) {
    std::vector<std::int64_t> bits;
    for (const double value : column.reals) {
      std::int64_t b = kMissingInt;
      if (value == value) std::memcpy(&b, &value, sizeof b);
      bits.push_back(b);
    }
    return static_cast<std::int64_t>(distinct_values(bits).size());
  }
  if (!column.ints.empty()) return static_cast<std::int64_t>(distinct_values(column.ints).size());
  std::vector<char> seen(column.levels.size(), 0);
  for (const std::int32_t code : column.codes) {
    if (code >= 0) seen[static_cast<std::size_t>(code)] = 1;
  }
  return std::count(seen.begin(), seen.end(), 1);
}

namespace {

/// True unless the first present values rule it out.
bool may_be_nhs_numbers(const Column& column) {
  constexpr int kEnough = 20;
  int looked_at = 0, passed = 0;
  for (std::size_t i = 0; i < column.ints.size() && looked_at < kEnough; ++i) {
    if (column.ints[i] == kMissingInt) continue;
    ++looked_at;
    passed += is_nhs_number(fmt::to_string(column.ints[i]));
  }
  return 2 * passed >= looked_at;
}

}  // namespace

std::string personal_content(const Column& column) {
  const std::int64_t present = column.size() - column.missing_count();
  if (present == 0) return "";
  if (column.spec.kind == Kind::kInteger) {
    const auto is_valid = [](std::int64_t v) {
      return v != kMissingInt && v >= 1'000'000'000 && v <= 9'999'999'999 &&
             is_nhs_number(fmt::to_string(v));
    };
    const auto valid = std::count_if(column.ints.begin(), column.ints.end(), is_valid);
    return static_cast<double>(valid) >= kMostly * static_cast<double>(present) ? "NHS numbers"
                                                                                : "";
  }
  if (column.levels.empty()) return "";
  if (mostly(column, is_nhs_number)) return "NHS numbers";
  if (mostly(column, is_email)) return "e-mail addresses";
  if (mostly(column, is_postcode)) return "UK postcodes";
  if (mostly(column, is_phone)) return "telephone numbers";
  if (named_as_person(column.spec.name)) return "names";
  return "";
}

void recognise_identifier(Column& column, std::vector<std::string>& warnings) {
  const Kind kind = column.spec.kind;
  const std::string& name = column.spec.name;
  if (kind != Kind::kInteger && kind != Kind::kCategory) return;
  if (column.size() < kFewRows) return;
  // Counting is dear: only where the answer can matter.
  const bool of_people = named_as_identifier_of_people(name);
  const bool name_may = of_people || named_as_identifier(name) || named_as_number(name);
  if (kind == Kind::kInteger && !name_may && !may_be_nhs_numbers(column)) return;
  const std::int64_t present = column.size() - column.missing_count();
  if (present < kFewRows) return;
  const bool nhs = personal_content(column) == "NHS numbers";
  const std::int64_t distinct = distinct_count(column);
  const bool unique = distinct == present;
  const bool named = (named_as_identifier(name) && (unique || distinct > kFewValues)) ||
                     (of_people && distinct > 1) || (named_as_number(name) && unique);
  const bool unique_text = kind == Kind::kCategory &&
                           static_cast<double>(distinct) > 0.95 * static_cast<double>(present);
  if (!named && !nhs && !unique_text) return;
  const bool free_text = kind == Kind::kCategory && mean_length(column) > 40;
  turn_into_identifier(column);
  warnings.push_back(
      fmt::format("column '{}': taken as {} ({} distinct values in {} rows): not modelled, {}",
                  name, free_text ? "free text" : "an identifier", distinct, present,
                  unique ? "issued anew"
                         : "issued anew for every row, so repeats are lost; if it tells whose row "
                           "it is, name it as entity in the metadata, else set kind: category to "
                           "keep it"));
}

}  // namespace semblance::table::detail
