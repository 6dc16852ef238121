#include "pipeline/config_entries.hpp"

#include <yaml-cpp/yaml.h>

#include <set>

#include "base/error.hpp"
#include "base/file.hpp"

namespace semblance::pipeline {
namespace {

using base::ErrorKind;

class EntryReader {
 public:
  explicit EntryReader(std::string file) : file_(std::move(file)) {}

  std::vector<ConfigEntry> read(const YAML::Node& root) {
    if (root.IsNull()) return {};
    SEMBLANCE_EXPECT(root.IsMap(), kData, "{}: must hold lines of the form 'name: value'",
                     where(root));
    read_map(root, "");
    return std::move(entries_);
  }

 private:
  std::string where(const YAML::Node& node) const {
    return node.Mark().line < 0 ? file_ : fmt::format("{}:{}", file_, node.Mark().line + 1);
  }

  std::string key_text(const YAML::Node& key) const {
    SEMBLANCE_EXPECT(key.IsScalar(), kData, "{}: a setting's name must be a plain word",
                     where(key));
    return key.Scalar();
  }

  std::string value_text(const YAML::Node& value, const std::string& name) const {
    if (value.IsNull()) return "";
    if (value.IsScalar()) return value.Scalar();
    std::string text;
    for (const YAML::Node& item : value) {
      SEMBLANCE_EXPECT(item.IsScalar(), kData, "{}: '{}' must be a list of plain values",
                       where(item), name);
      text += (text.empty() ? "" : ",") + item.Scalar();
    }
    return text;
  }

  void read_map(const YAML::Node& map, const std::string& section) {
    std::set<std::string> seen;
    for (const auto& pair : map) {
      const std::string key = key_text(pair.first);
      const std::string name = section.empty() ? key : section + "." + key;
      SEMBLANCE_EXPECT(seen.insert(key).second, kData, "{}: '{}' is given twice", where(pair.first),
                       name);
      const bool group = pair.second.IsMap();
      SEMBLANCE_EXPECT(!group || section.empty(), kData,
                       "{}: '{}' must be a value, not a group of settings", where(pair.first),
                       name);
      entries_.push_back({section, key, group ? "" : value_text(pair.second, name),
                          where(pair.first), pair.second.IsNull(), group});
      if (group) read_map(pair.second, key);
    }
  }

  std::string file_;
  std::vector<ConfigEntry> entries_;
};

}  // namespace

std::vector<ConfigEntry> read_config_entries(const std::filesystem::path& file) {
  const std::string text = base::read_text_file(file);
  try {
    return EntryReader(file.string()).read(YAML::Load(text));
  } catch (const YAML::Exception& e) {
    base::fail(ErrorKind::kData, "{}:{}: is not valid YAML: {}", file.string(), e.mark.line + 1,
               e.msg);
  }
}

ConfigEntry entry_from_set(const std::string& text) {
  const std::size_t equals = text.find('=');
  SEMBLANCE_EXPECT(
      equals != std::string::npos && equals > 0, kUsage,
      "--set {}: must have the form NAME=VALUE or SECTION.NAME=VALUE, for example train.epochs=5",
      text);
  ConfigEntry entry;
  entry.where = "--set " + text;
  entry.is_set_flag = true;
  entry.value = text.substr(equals + 1);
  const std::string name = text.substr(0, equals);
  const std::size_t dot = name.find('.');
  entry.key = dot == std::string::npos ? name : name.substr(dot + 1);
  if (dot != std::string::npos) entry.section = name.substr(0, dot);
  return entry;
}

}  // namespace semblance::pipeline
