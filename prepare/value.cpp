#include "prepare/value.hpp"

#include <fmt/format.h>

#include <charconv>

#include "prepare/calendar.hpp"

namespace semblance::prepare {

std::string_view cell_kind_name(CellKind kind) {
  switch (kind) {
    case CellKind::kMissing:
      return "missing";
    case CellKind::kText:
      return "text";
    case CellKind::kInteger:
      return "integer";
    case CellKind::kReal:
      return "float";
    case CellKind::kBoolean:
      return "boolean";
    case CellKind::kDate:
      return "date";
    case CellKind::kDatetime:
      return "datetime";
  }
  return "";
}

table::Kind table_kind(CellKind kind) {
  switch (kind) {
    case CellKind::kInteger:
      return table::Kind::kInteger;
    case CellKind::kReal:
      return table::Kind::kFloat;
    case CellKind::kBoolean:
      return table::Kind::kBoolean;
    case CellKind::kDate:
      return table::Kind::kDate;
    case CellKind::kDatetime:
      return table::Kind::kDatetime;
    default:
      return table::Kind::kCategory;
  }
}

std::int64_t Value::microseconds() const {
  return kind == CellKind::kDate ? integer * kMicrosecondsPerDay : integer;
}

std::int64_t Value::days() const {
  return kind == CellKind::kDate ? integer : floor_div(integer, kMicrosecondsPerDay);
}

Value Value::of_text(std::string_view text) {
  Value value;
  value.kind = CellKind::kText;
  value.text = text;
  return value;
}

Value Value::of_integer(std::int64_t number, CellKind kind) {
  Value value;
  value.kind = kind;
  value.integer = number;
  return value;
}

Value Value::of_real(double number) {
  Value value;
  value.kind = CellKind::kReal;
  value.real = number;
  return value;
}

int compare(const Value& a, const Value& b) {
  const auto order = [](auto x, auto y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.kind == CellKind::kText) return order(a.text, b.text);
  if (a.kind == CellKind::kReal || b.kind == CellKind::kReal) return order(a.number(), b.number());
  if (a.kind != b.kind) return order(a.microseconds(), b.microseconds());
  return order(a.integer, b.integer);
}

void append_text(std::string& out, const Value& value) {
  switch (value.kind) {
    case CellKind::kMissing:
      break;
    case CellKind::kText:
      out += value.text;
      break;
    case CellKind::kInteger:
      fmt::format_to(std::back_inserter(out), "{}", value.integer);
      break;
    case CellKind::kReal:
      fmt::format_to(std::back_inserter(out), "{}", value.real);
      break;
    case CellKind::kBoolean:
      out += value.integer != 0 ? "true" : "false";
      break;
    case CellKind::kDate:
      append_date(out, value.integer);
      break;
    case CellKind::kDatetime: {
      const std::int64_t second = floor_div(value.integer, 1'000'000);
      append_datetime(out, second);
      if (const std::int64_t rest = value.integer - second * 1'000'000; rest != 0) {
        fmt::format_to(std::back_inserter(out), ".{:06}", rest);
      }
      break;
    }
  }
}

}  // namespace semblance::prepare
