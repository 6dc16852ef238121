#include "pipeline/apply_entries.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.hpp"

namespace semblance::pipeline {

EntryApplier::EntryApplier(std::vector<ConfigSection>& sections) : sections_(sections) {
  for (const ConfigSection& section : sections) {
    if (!section.name.empty()) section_names_.push_back(section.name);
  }
}

void EntryApplier::apply_top_level(const std::vector<ConfigEntry>& entries) {
  for (position_ = 0; position_ < entries.size(); ++position_) {
    if (entries[position_].section.empty()) apply(entries[position_]);
  }
}

void EntryApplier::apply_sections(const std::vector<ConfigEntry>& entries) {
  for (position_ = 0; position_ < entries.size(); ++position_) {
    if (!entries[position_].section.empty()) apply(entries[position_]);
  }
}

void EntryApplier::apply(const ConfigEntry& entry) {
  ConfigSection* section = find(entry.section);
  if (section == nullptr) {
    // In a file the line of the section itself is reported, not each line below it.
    if (entry.is_set_flag) {
      problem(entry, fmt::format("there is no section '{}'{}", entry.section,
                                 base::did_you_mean(entry.section, section_names_)));
    }
    return;
  }
  if (entry.section.empty() && find(entry.key) != nullptr) {
    if (!entry.is_group && !entry.is_empty) {
      problem(entry, fmt::format("'{}' must be a group of settings, not a value", entry.key));
    }
    return;
  }
  set(*section, entry);
}

void EntryApplier::set(ConfigSection& section, const ConfigEntry& entry) {
  std::vector<std::string> names = section.settings.names();
  const std::vector<std::string> own = names;
  if (section.name.empty()) names.insert(names.end(), section_names_.begin(), section_names_.end());
  if (std::find(own.begin(), own.end(), entry.key) == own.end()) {
    const std::string of = section.name.empty() ? "" : fmt::format(" in '{}'", section.name);
    std::string hint = base::did_you_mean(entry.key, names);
    if (hint.empty()) hint = fmt::format("; valid are {}", fmt::join(names, ", "));
    problem(entry, fmt::format("there is no setting '{}'{}{}", entry.key, of, hint));
    return;
  }
  if (entry.is_group) {
    problem(entry, fmt::format("'{}' must be a value, not a group of settings", entry.key));
    return;
  }
  if (entry.is_empty) return;
  try {
    section.settings.set(entry.key, entry.value);
  } catch (const base::Error& e) {
    problem(entry, e.what());
  }
}

void EntryApplier::problem(const ConfigEntry& entry, const std::string& text) {
  problems_.emplace_back(position_, fmt::format("{}: {}", entry.where, text));
}

ConfigSection* EntryApplier::find(const std::string& name) {
  for (ConfigSection& section : sections_) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

void EntryApplier::throw_problems() const {
  if (problems_.empty()) return;
  auto sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (const auto& [position, line] : sorted) text += (text.empty() ? "" : "\n") + line;
  throw base::Error(base::ErrorKind::kData, text);
}

}  // namespace semblance::pipeline
