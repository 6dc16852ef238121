/// Puts the entries of a configuration into the settings of its sections.
#pragma once

#include <string>
#include <vector>

#include "base/settings.hpp"
#include "pipeline/config_entries.hpp"

namespace semblance::pipeline {

/// Settings of one section of a configuration.
struct ConfigSection {
  std::string name;            ///< "" for the top level
  base::SettingList settings;  ///< targets are members of a Config, which must outlive it
};

/// Sets what entries say, and gathers everything that is wrong with them, so that all of it can be
/// reported at once.
class EntryApplier {
 public:
  /// \param sections  all that a configuration may have; must outlive this object
  explicit EntryApplier(std::vector<ConfigSection>& sections);

  /// Applies the entries of the top level, or those of all sections, in order.
  void apply_top_level(const std::vector<ConfigEntry>& entries);
  /// The entries of all sections, in order; call it after the top level, which gives stages their
  /// defaults.
  void apply_sections(const std::vector<ConfigEntry>& entries);

  /// \throws Error{kData} with a line for each unknown name and each value of a wrong type, in the
  ///         order of the entries; nothing when all was well
  void throw_problems() const;

 private:
  ConfigSection* find(const std::string& name);
  void apply(const ConfigEntry& entry);
  void set(ConfigSection& section, const ConfigEntry& entry);
  void problem(const ConfigEntry& entry, const std::string& text);

  std::vector<ConfigSection>& sections_;
  std::vector<std::string> section_names_;
  std::size_t position_ = 0;  ///< of the entry being applied
  std::vector<std::pair<std::size_t, std::string>> problems_;
};

}  // namespace semblance::pipeline
