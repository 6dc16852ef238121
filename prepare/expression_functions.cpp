#include "prepare/expression_functions.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "prepare/calendar.hpp"
#include "prepare/date_text.hpp"

namespace semblance::prepare {
namespace {

using Values = std::span<const Value>;
using Context = EvaluationContext;

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

Value keep(Context& context, std::string_view text) {
  return Value::of_text(context.texts->keep(text));
}
Value boolean(bool value) { return Value::of_integer(value, CellKind::kBoolean); }
Value whole(double value) {
  SEMBLANCE_EXPECT(std::isfinite(value) && std::abs(value) < 9.2e18, kData,
                   "{} is too large for a whole number", value);
  return Value::of_integer(static_cast<std::int64_t>(value));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <int (*change)(int)>
Value change_case(Values v, Context& context) {
  std::string text(v[0].text);
  for (char& c : text) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return keep(context, text);
}

Value concat(Values v, Context& context) {
  std::string text;
  for (const Value& value : v) append_text(text, value);
  return keep(context, text);
}

Value substring(Values v, Context&) {
  const auto size = static_cast<std::int64_t>(v[0].text.size());
  const std::int64_t from = std::clamp<std::int64_t>(v[1].integer - 1, 0, size);
  const std::int64_t length =
      v.size() > 2 ? std::clamp<std::int64_t>(v[2].integer, 0, size - from) : size - from;
  return Value::of_text(
      v[0].text.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(length)));
}

Value replace(Values v, Context& context) {
  if (v[1].text.empty()) return v[0];
  std::string text(v[0].text);
  for (std::size_t at = 0; (at = text.find(v[1].text, at)) != std::string::npos;
       at += v[2].text.size()) {
    text.replace(at, v[1].text.size(), v[2].text);
  }
  return keep(context, text);
}

Value to_number(Values v, Context&) {
  if (v[0].kind != CellKind::kText) return Value::of_real(v[0].number());
  const std::string_view text = trimmed(v[0].text);
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = !text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size();
  return good ? Value::of_real(value) : Value{};
}

Value to_integer(Values v, Context& context) {
  const Value number = to_number(v, context);
  return number.missing() ? number : whole(std::trunc(number.real));
}

Value to_text(Values v, Context& context) {
  std::string text;
  append_text(text, v[0]);
  return keep(context, text);
}

Value round_even(Values v, Context&) {
  if (v.size() == 1) return whole(std::nearbyint(v[0].number()));
  const double scale = std::pow(10.0, v[1].number());
  return Value::of_real(std::nearbyint(v[0].number() * scale) / scale);
}

template <double (*function)(double)>
Value real_function(Values v, Context&) {
  const double result = function(v[0].number());
  return std::isfinite(result) ? Value::of_real(result) : Value{};
}

template <bool largest>
Value extreme(Values v, Context&) {
  Value best = v[0];
  bool real = false, datetime = false;
  for (const Value& value : v) {
    real |= value.kind == CellKind::kReal;
    datetime |= value.kind == CellKind::kDatetime;
    const int order = compare(value, best);
    if (largest ? order > 0 : order < 0) best = value;
  }
  if (datetime) return Value::of_integer(best.microseconds(), CellKind::kDatetime);
  return real ? convert_number(best, CellKind::kReal) : best;
}

Value absolute(Values v, Context&) {
  return v[0].kind == CellKind::kReal ? Value::of_real(std::abs(v[0].real))
                                      : Value::of_integer(std::abs(v[0].integer));
}

Value to_datetime(Values v, Context&) {
  if (v[0].kind != CellKind::kText)
    return Value::of_integer(v[0].microseconds(), CellKind::kDatetime);
  const DateReader reader(v.size() > 1 ? std::string(v[1].text) : std::string());
  const auto time = reader.read(v[0].text);
  SEMBLANCE_EXPECT(time, kData, "{}", reader.complaint(v[0].text));
  return Value::of_integer(*time, CellKind::kDatetime);
}

Value to_date(Values v, Context& context) {
  return Value::of_integer(to_datetime(v, context).days(), CellKind::kDate);
}

Value date_part(const Value& value, int part) {
  const auto date = civil_from_days(value.days());
  return Value::of_integer(part == 0 ? date.year : part == 1 ? date.month : date.day);
}

Value hour_of(Values v, Context&) {
  const std::int64_t time = v[0].microseconds() - v[0].days() * kMicrosecondsPerDay;
  return Value::of_integer(time / (3600 * kMicrosecondsPerSecond));
}

std::int64_t checked_days(double days) {
  SEMBLANCE_EXPECT(std::abs(days) < 4e6, kData, "{} days lead out of the calendar", days);
  return static_cast<std::int64_t>(days);
}

/// Keeps the kind of the date; fractions of a day need a datetime.
Value add_days(Values v, Context&) {
  if (v[0].kind == CellKind::kDate)
    return Value::of_integer(v[0].integer + checked_days(std::floor(v[1].number())),
                             CellKind::kDate);
  checked_days(v[1].number());
  return Value::of_integer(
      v[0].integer + static_cast<std::int64_t>(std::nearbyint(v[1].number() * kMicrosecondsPerDay)),
      CellKind::kDatetime);
}

Value add_seconds(Values v, Context&) {
  checked_days(v[1].number() / kSecondsPerDay);
  return Value::of_integer(v[0].microseconds() + static_cast<std::int64_t>(std::nearbyint(
                                                     v[1].number() * kMicrosecondsPerSecond)),
                           CellKind::kDatetime);
}

Value add_whole_years(Values v, Context&) {
  SEMBLANCE_EXPECT(std::abs(v[1].integer) < 8000, kData, "{} years lead out of the calendar",
                   v[1].integer);
  const std::int64_t days = add_years(v[0].days(), v[1].integer);
  if (v[0].kind == CellKind::kDate) return Value::of_integer(days, CellKind::kDate);
  return Value::of_integer(v[0].integer + (days - v[0].days()) * kMicrosecondsPerDay,
                           CellKind::kDatetime);
}

template <std::int64_t unit>
Value time_between(Values v, Context&) {
  const double microseconds = static_cast<double>(v[1].microseconds() - v[0].microseconds());
  return Value::of_real(microseconds / static_cast<double>(unit));
}

/// Number of 31 Decembers, at the first date's time of day, from the first date to the second.
Value year_ends_between(Values v, Context&) {
  const std::int64_t from = v[0].microseconds(), to = v[1].microseconds();
  const std::int64_t time = from - v[0].days() * kMicrosecondsPerDay;
  std::int64_t n = 0;
  for (std::int64_t year = civil_from_days(v[0].days()).year;; ++year) {
    if (days_from_civil(year, 12, 31) * kMicrosecondsPerDay + time > to) break;
    n += days_from_civil(year, 12, 31) * kMicrosecondsPerDay + time >= from;
  }
  return Value::of_integer(n);
}

Value random_between(Values v, Context& context) {
  SEMBLANCE_EXPECT(context.random != nullptr, kData,
                   "randrange() needs 'random:' in this table: which generator and seed");
  SEMBLANCE_EXPECT(v[0].integer < v[1].integer, kData, "randrange({}, {}) has nothing to draw from",
                   v[0].integer, v[1].integer);
  return Value::of_integer(context.random->between(v[0].integer, v[1].integer));
}

Value as_read_in_runs(Values v, Context& context) {
  SEMBLANCE_EXPECT(context.runs != nullptr, kData,
                   "as_read_in_runs() needs a source with 'number_runs'");
  return keep(context, context.runs->as_written(v[1].integer, v[0].text));
}

Value chapter(Values v, Context&) {
  const std::string_view name = icd9_chapter(v[0].text);
  return name.empty() ? Value{} : Value::of_text(name);
}

const ExpressionFunction kFunctions[] = {
    {"lower", "t", "t", change_case<std::tolower>},
    {"upper", "t", "t", change_case<std::toupper>},
    {"trim", "t", "t", [](Values v, Context&) { return Value::of_text(trimmed(v[0].text)); }},
    {"length", "t", "i",
     [](Values v, Context&) {
       return Value::of_integer(static_cast<std::int64_t>(v[0].text.size()));
     }},
    {"concat", "?+", "t", concat, true},
    {"substring", "ti|i", "t", substring},
    {"replace", "ttt", "t", replace},
    {"starts_with", "tt", "b",
     [](Values v, Context&) { return boolean(v[0].text.starts_with(v[1].text)); }},
    {"ends_with", "tt", "b",
     [](Values v, Context&) { return boolean(v[0].text.ends_with(v[1].text)); }},
    {"contains", "tt", "b",
     [](Values v, Context&) {
       return boolean(v[0].text.find(v[1].text) != std::string_view::npos);
     }},
    {"number", "?", "n", to_number},
    {"integer", "?", "i", to_integer},
    {"text", "?", "t", to_text},
    {"round", "n", "i", round_even},
    {"round_to", "ni", "n", round_even},
    {"floor", "n", "i", [](Values v, Context&) { return whole(std::floor(v[0].number())); }},
    {"ceil", "n", "i", [](Values v, Context&) { return whole(std::ceil(v[0].number())); }},
    {"abs", "n", "1", absolute},
    {"sqrt", "n", "n", real_function<std::sqrt>},
    {"log", "n", "n", real_function<std::log>},
    {"exp", "n", "n", real_function<std::exp>},
    {"least", "n+", "1", extreme<false>},
    {"greatest", "n+", "1", extreme<true>},
    {"earliest", "d+", "1", extreme<false>},
    {"latest", "d+", "1", extreme<true>},
    {"date", "?|t", "date", to_date},
    {"datetime", "?|t", "datetime", to_datetime},
    {"year", "d", "i", [](Values v, Context&) { return date_part(v[0], 0); }},
    {"month", "d", "i", [](Values v, Context&) { return date_part(v[0], 1); }},
    {"day", "d", "i", [](Values v, Context&) { return date_part(v[0], 2); }},
    {"hour", "d", "i", hour_of},
    {"weekday", "d", "i",
     [](Values v, Context&) { return Value::of_integer(iso_weekday(v[0].days())); }},
    {"add_days", "dn", "1", add_days},
    {"add_seconds", "dn", "datetime", add_seconds},
    {"add_years", "di", "1", add_whole_years},
    {"days_between", "dd", "n", time_between<kMicrosecondsPerDay>},
    {"hours_between", "dd", "n", time_between<3600 * kMicrosecondsPerSecond>},
    {"seconds_between", "dd", "n", time_between<kMicrosecondsPerSecond>},
    {"years_between", "dd", "i",
     [](Values v, Context&) {
       return Value::of_integer(whole_years_between(v[0].days(), v[1].days()));
     }},
    {"year_ends_between", "dd", "i", year_ends_between},
    {"icd9_chapter", "t", "t", chapter},
    {"randrange", "ii", "i", random_between, false, true},
    {"as_read_in_runs", "ti", "t", as_read_in_runs, false, false, true},
};

bool fits(char letter, CellKind kind) {
  if (kind == CellKind::kMissing || letter == '?') return true;
  switch (letter) {
    case 'i':
      return kind == CellKind::kInteger;
    case 'n':
      return kind == CellKind::kInteger || kind == CellKind::kReal;
    case 't':
      return kind == CellKind::kText;
    case 'd':
      return kind == CellKind::kDate || kind == CellKind::kDatetime;
    default:
      return kind == CellKind::kBoolean;
  }
}

std::string_view letter_name(char letter) {
  switch (letter) {
    case 'i':
      return "a whole number";
    case 'n':
      return "a number";
    case 't':
      return "a text";
    case 'd':
      return "a date or datetime";
    default:
      return "a condition";
  }
}

}  // namespace

const ExpressionFunction* find_function(std::string_view name) {
  for (const ExpressionFunction& function : kFunctions) {
    if (same_name(function.name, name)) return &function;
  }
  return nullptr;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const ExpressionFunction& function : kFunctions) names.emplace_back(function.name);
  return names;
}

std::string wrong_arguments(const ExpressionFunction& function,
                            const std::vector<CellKind>& kinds) {
  std::string letters(function.arguments);
  const std::size_t bar = letters.find('|');
  const std::size_t least = bar == std::string::npos ? letters.size() : bar;
  if (bar != std::string::npos) letters.erase(bar, 1);
  const bool many = !letters.empty() && letters.back() == '+';
  if (many) letters.pop_back();
  const std::size_t fewest = many ? letters.size() : std::min(least, letters.size());
  const std::size_t most = many ? kMostArguments : letters.size();
  if (kinds.size() < fewest || kinds.size() > most) {
    return fmt::format(
        "{}() takes {} argument{}, not {}", function.name,
        fewest == most ? fmt::format("{}", most) : fmt::format("{} to {}", fewest, most),
        most == 1 ? "" : "s", kinds.size());
  }
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const char letter = letters[std::min(i, letters.size() - 1)];
    if (!fits(letter, kinds[i])) {
      return fmt::format("argument {} of {}() must be {}, not a {}", i + 1, function.name,
                         letter_name(letter), cell_kind_name(kinds[i]));
    }
  }
  return "";
}

CellKind result_kind(const ExpressionFunction& function, const std::vector<CellKind>& kinds) {
  if (function.result == "date") return CellKind::kDate;
  if (function.result == "datetime") return CellKind::kDatetime;
  if (function.result == "1") {
    const bool real = std::find(kinds.begin(), kinds.end(), CellKind::kReal) != kinds.end();
    const bool datetime = std::find(kinds.begin(), kinds.end(), CellKind::kDatetime) != kinds.end();
    if (kinds[0] == CellKind::kInteger && real) return CellKind::kReal;
    if (kinds[0] == CellKind::kDate && datetime) return CellKind::kDatetime;
    return kinds[0];
  }
  switch (function.result[0]) {
    case 'i':
      return CellKind::kInteger;
    case 'n':
      return CellKind::kReal;
    case 't':
      return CellKind::kText;
    default:
      return CellKind::kBoolean;
  }
}

Value convert_number(const Value& value, CellKind kind) {
  const bool convert = kind == CellKind::kReal && value.kind == CellKind::kInteger;
  return convert ? Value::of_real(static_cast<double>(value.integer)) : value;
}

std::string_view icd9_chapter(std::string_view code) {
  if (code.empty()) return "";
  if (code[0] == 'E' || code[0] == 'e') return "external cause";
  if (code[0] == 'V' || code[0] == 'v') return "supplementary";
  int category = 0;
  const std::string_view digits = code.substr(0, 3);
  if (std::from_chars(digits.data(), digits.data() + digits.size(), category).ptr !=
          digits.data() + digits.size() ||
      digits.size() < 3)
    return "";
  struct Chapter {
    int last;
    std::string_view name;
  };
  // ICD-9-CM, volume 1: the seventeen chapters by their last three-digit category.
  constexpr Chapter kChapters[] = {
      {139, "infectious"},      {239, "neoplasms"},      {279, "endocrine"},   {289, "blood"},
      {319, "mental"},          {389, "nervous system"}, {459, "circulatory"}, {519, "respiratory"},
      {579, "digestive"},       {629, "genitourinary"},  {679, "pregnancy"},   {709, "skin"},
      {739, "musculoskeletal"}, {759, "congenital"},     {779, "perinatal"},   {799, "symptoms"},
      {999, "injury"}};
  for (const Chapter& chapter_range : kChapters) {
    if (category <= chapter_range.last) return chapter_range.name;
  }
  return "";
}

}  // namespace semblance::prepare
