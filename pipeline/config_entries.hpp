/// A configuration as a flat list: every key with its value and where it was written.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace semblance::pipeline {

/// One key with its value, as written or as given by --set.
struct ConfigEntry {
  std::string section;       ///< "" for the top level
  std::string key;           ///< not checked here: EntryApplier knows which are valid
  std::string value;         ///< a list is joined by commas
  std::string where;         ///< "demo.run.yaml:12" or "--set train.epochs=5"
  bool is_empty = false;     ///< "key:" with nothing behind it: leaves the default
  bool is_group = false;     ///< "key:" with a group of settings behind it; they follow as entries
  bool is_set_flag = false;  ///< from --set
};

/// Entries of a YAML file of the form `key: value` and `section: {key: value}`.
/// \throws Error{kIo} when unreadable; Error{kData} naming file and line when it is not such a YAML
///         file or holds a key twice
std::vector<ConfigEntry> read_config_entries(const std::filesystem::path& file);

/// The entry of `--set section.key=value` or `--set key=value`.
/// \throws Error{kUsage} for any other form
ConfigEntry entry_from_set(const std::string& text);

}  // namespace semblance::pipeline
