#include "prepare/calendar.hpp"

#include <fmt/format.h>

namespace semblance::prepare {
namespace {

void append_two(std::string& out, int value) {
  out.push_back(static_cast<char>('0' + value / 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

}  // namespace

void append_date(std::string& out, std::int64_t days) {
  const table::CivilDay date = civil_from_days(days);
  if (date.year >= 1000 && date.year <= 9999) {
    append_two(out, static_cast<int>(date.year / 100));
    append_two(out, static_cast<int>(date.year % 100));
  } else {
    fmt::format_to(std::back_inserter(out), "{:04}", date.year);
  }
  out.push_back('-');
  append_two(out, date.month);
  out.push_back('-');
  append_two(out, date.day);
}

void append_datetime(std::string& out, std::int64_t seconds) {
  const std::int64_t days = floor_div(seconds, kSecondsPerDay);
  const int time = static_cast<int>(seconds - days * kSecondsPerDay);
  append_date(out, days);
  out.push_back(' ');
  append_two(out, time / 3600);
  out.push_back(':');
  append_two(out, time / 60 % 60);
  out.push_back(':');
  append_two(out, time % 60);
}

}  // namespace semblance::prepare
