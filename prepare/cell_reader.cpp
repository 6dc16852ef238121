#include "prepare/cell_reader.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "prepare/expression.hpp"

namespace semblance::prepare {

using base::ErrorKind;

CellReader::CellReader(CellKind kind, const std::string& date_format,
                       std::vector<std::string> missing)
    : kind_(kind), dates_(date_format), missing_(std::move(missing)) {}

bool CellReader::is_missing(std::string_view text) const {
  return text.empty() || std::find(missing_.begin(), missing_.end(), text) != missing_.end();
}

Value CellReader::read_date(std::string_view text) const {
  const auto time = dates_.read(text);
  SEMBLANCE_EXPECT(time, kData, "{}", dates_.complaint(text));
  const Value value = Value::of_integer(*time, CellKind::kDatetime);
  if (kind_ == CellKind::kDatetime) return value;
  SEMBLANCE_EXPECT(*time == value.days() * kMicrosecondsPerDay, kData,
                   "'{}' has a time of day: declare the column as datetime, and use date() where "
                   "the day is wanted",
                   text);
  return Value::of_integer(value.days(), CellKind::kDate);
}

Value CellReader::read(std::string_view text) const {
  if (is_missing(text)) return {};
  const char* const end = text.data() + text.size();
  switch (kind_) {
    case CellKind::kInteger: {
      std::int64_t value = 0;
      auto result = std::from_chars(text.data(), end, value);
      if (result.ec == std::errc() && result.ptr != end &&
          *result.ptr == '.') {  // 12.0, as pandas writes
        while (++result.ptr != end && *result.ptr == '0') {
        }
      }
      SEMBLANCE_EXPECT(result.ec == std::errc() && result.ptr == end, kData,
                       "'{}' is not a whole number", text);
      return Value::of_integer(value);
    }
    case CellKind::kReal: {
      double value = 0;
      const auto result = std::from_chars(text.data(), end, value);
      SEMBLANCE_EXPECT(result.ec == std::errc() && result.ptr == end, kData, "'{}' is not a number",
                       text);
      return Value::of_real(value);
    }
    case CellKind::kBoolean:
      for (const std::string_view yes : {"1", "true", "yes", "t", "y"}) {
        if (same_name(text, yes)) return Value::of_integer(1, CellKind::kBoolean);
      }
      for (const std::string_view no : {"0", "false", "no", "f", "n"}) {
        if (same_name(text, no)) return Value::of_integer(0, CellKind::kBoolean);
      }
      base::fail(ErrorKind::kData, "'{}' is not true or false (nor yes, no, 1, 0)", text);
    case CellKind::kDate:
    case CellKind::kDatetime:
      return read_date(text);
    default:
      return Value::of_text(text);
  }
}

}  // namespace semblance::prepare
