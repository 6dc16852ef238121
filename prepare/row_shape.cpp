#include "prepare/row_shape.hpp"

#include <algorithm>
#include <cctype>

#include "base/error.hpp"

namespace semblance::prepare {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& valid) {
  const auto lower = [](std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  };
  std::vector<std::string> lowered;
  for (const std::string& one : valid) lowered.push_back(lower(one));
  const std::string nearest = base::nearest_name(lower(std::string(name)), lowered);
  const auto found = std::find(lowered.begin(), lowered.end(), nearest);
  if (nearest.empty() || found == lowered.end()) return "";
  return fmt::format(" (did you mean '{}'?)",
                     valid[static_cast<std::size_t>(found - lowered.begin())]);
}

int RowShape::find(std::string_view name) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (same_name(columns[i].name, name)) return static_cast<int>(i);
  }
  return -1;
}

std::vector<std::string> RowShape::names() const {
  std::vector<std::string> list;
  for (const Column& column : columns) list.push_back(column.name);
  return list;
}

int RowShape::set(std::string_view name, CellKind kind) {
  const int slot = n_slots++;
  if (const int position = find(name); position >= 0) {
    columns[static_cast<std::size_t>(position)] = {columns[static_cast<std::size_t>(position)].name,
                                                   kind, slot};
  } else {
    columns.push_back({std::string(name), kind, slot});
  }
  return slot;
}

}  // namespace semblance::prepare
