#include "base/settings.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/error.hpp"

namespace semblance::base {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

template <class Number>
bool parse_number(std::string_view text, Number& out) {
  Number value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return false;
  out = value;
  return true;
}

bool parse_bool(std::string_view text, bool& out) {
  if (text == "true" || text == "yes" || text == "on" || text == "1") return out = true;
  if (text == "false" || text == "no" || text == "off" || text == "0") return !(out = false);
  return false;
}

/// Where the item at the beginning of a list ends. Brackets and quotes that are not closed are
/// letters like others.
std::size_t item_end(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && text[at] != ',') {
    const char closing = text[at] == '(' ? ')' : text[at] == '"' ? '"' : '\0';
    const std::size_t end = closing == '\0' ? at : text.find(closing, at + 1);
    at = (end == std::string_view::npos ? at : end) + 1;
  }
  return std::min(at, text.size());
}

bool parse_list(std::string_view text, std::vector<std::string>& out) {
  out.clear();
  while (!text.empty()) {
    const std::size_t comma = item_end(text);
    out.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return true;
}

}  // namespace

std::string Setting::wanted() const {
  return std::visit(
      Overloaded{[](bool*) { return "true or false"; }, [](int*) { return "a whole number"; },
                 [](std::int64_t*) { return "a whole number"; },
                 [](std::uint64_t*) { return "a whole number, not negative"; },
                 [](double*) { return "a number"; }, [](std::string*) { return "text"; },
                 [](std::vector<std::string>*) { return "a list of texts"; }},
      target);
}

std::string Setting::text() const {
  return std::visit(Overloaded{[](const bool* v) { return std::string(*v ? "true" : "false"); },
                               [](const std::string* v) { return *v; },
                               [](const std::vector<std::string>* v) {
                                 return fmt::format("{}", fmt::join(*v, ","));
                               },
                               [](const auto* v) { return fmt::format("{}", *v); }},
                    target);
}

void SettingList::set(std::string_view name, std::string_view value) {
  for (const Setting& setting : settings_) {
    if (setting.name != name) continue;
    const bool good = std::visit(
        Overloaded{[&](bool* out) { return parse_bool(value, *out); },
                   [&](std::string* out) { return out->assign(value), true; },
                   [&](std::vector<std::string>* out) { return parse_list(value, *out); },
                   [&](auto* out) { return parse_number(value, *out); }},
        setting.target);
    SEMBLANCE_EXPECT(good, kData, "setting '{}' is '{}', but must be {}", name, value,
                     setting.wanted());
    return;
  }
  fail(ErrorKind::kData, "there is no setting '{}'{}", name, did_you_mean(name, names()));
}

bool SettingList::is_list(std::string_view name) const {
  return std::any_of(settings_.begin(), settings_.end(), [&](const Setting& setting) {
    return setting.name == name &&
           std::holds_alternative<std::vector<std::string>*>(setting.target);
  });
}

std::vector<std::string> SettingList::names() const {
  std::vector<std::string> out;
  for (const Setting& setting : settings_) out.push_back(setting.name);
  return out;
}

}  // namespace semblance::base
