/// Named settings of a stage: one list serves the command line, the configuration file and --set.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace semblance::base {

/// One setting: its name as written in a configuration (`batch_size`; the flag is `--batch-size`),
/// where its value lives, and what it means.
struct Setting {
  /// Where the value lives; its type decides which texts are valid.
  using Target = std::variant<bool*, int*, std::int64_t*, std::uint64_t*, double*, std::string*,
                              std::vector<std::string>*>;
  std::string name;  ///< unique in its list
  Target target;     ///< not owned; must outlive the list
  std::string help;  ///< one line for --help, without the default

  /// What a value must be, for messages: "true or false", "a whole number" (", not negative"),
  /// "a number", "text" or "a list of texts".
  std::string wanted() const;
  /// The present value as text, for --help and for content hashes.
  std::string text() const;
};

/// Settings in the order of --help. A stage fills it from its options struct by add_settings().
class SettingList {
 public:
  /// Adds a setting; `target` must outlive the list and holds the default value.
  void add(std::string name, Setting::Target target, std::string help) {
    settings_.push_back({std::move(name), target, std::move(help)});
  }
  /// Sets `name` from text (a list takes comma-separated items; commas between brackets or double
  /// quotes do not count).
  /// \throws Error{kData} for an unknown name (naming the nearest one) or a value of another type
  void set(std::string_view name, std::string_view value);
  /// True for a list of texts.
  bool is_list(std::string_view name) const;
  /// In the order in which they were added.
  const std::vector<Setting>& all() const { return settings_; }
  std::vector<std::string> names() const;  ///< for "did you mean"

 private:
  std::vector<Setting> settings_;
};

}  // namespace semblance::base
