#include "cli/command.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/file.hpp"

namespace semblance::cli {
namespace {

std::string flag_name(std::string setting) {
  std::replace(setting.begin(), setting.end(), '_', '-');
  return "--" + setting;
}

std::string yaml_text(const YAML::Node& node) {
  if (!node.IsSequence()) return node.IsNull() ? "" : node.as<std::string>();
  std::string text;
  for (const YAML::Node& item : node) text += (text.empty() ? "" : ",") + item.as<std::string>();
  return text;
}

void apply_section(const YAML::Node& root, const std::string& config, const std::string& section,
                   base::SettingList& list) {
  if (!root.IsMap() || !root[section] || root[section].IsNull()) return;
  SEMBLANCE_EXPECT(root[section].IsMap(), kData, "{}:{}: '{}' must be a group of settings", config,
                   root[section].Mark().line + 1, section);
  for (const auto& entry : root[section]) {
    try {
      list.set(entry.first.as<std::string>(), yaml_text(entry.second));
    } catch (const base::Error& e) {
      base::fail(e.kind(), "{}:{}: {}", config, entry.first.Mark().line + 1, e.what());
    }
  }
}

}  // namespace

void SettingFlags::add_flags(CLI::App& app) {
  for (const base::Setting& setting : list_.all()) {
    const bool yes_or_no = std::holds_alternative<bool*>(setting.target);
    const auto give = [this, yes_or_no, name = setting.name](const std::string& value) {
      given_.emplace_back(name, yes_or_no && value.empty() ? "true" : value);
    };
    CLI::Option* option = nullptr;
    if (list_.is_list(setting.name)) {
      option = app.add_option_function<std::vector<std::string>>(
          flag_name(setting.name),
          [give](const std::vector<std::string>& values) {
            std::for_each(values.begin(), values.end(), give);
          },
          setting.help);
      option->allow_extra_args(false);  // one value a flag, but several flags
    } else {
      option = app.add_option_function<std::string>(flag_name(setting.name), give, setting.help);
    }
    option->type_name("");
    // A yes-or-no flag means yes when it stands alone, where CLI11 would hand over the default
    // text.
    if (yes_or_no) {
      option->expected(0, 1);
    } else {
      option->default_str(setting.text());
    }
  }
}

void SettingFlags::apply(const std::string& config, const std::string& section) {
  if (!config.empty()) {
    try {
      apply_section(YAML::Load(base::read_text_file(config)), config, section, list_);
    } catch (const YAML::Exception& e) {
      base::fail(base::ErrorKind::kData, "{}:{}: {}", config, e.mark.line + 1, e.msg);
    }
  }
  // A list may be given in several flags.
  std::map<std::string, std::string> lists;
  for (const auto& [name, value] : given_) {
    SEMBLANCE_EXPECT(!value.empty() || !list_.is_list(name), kUsage, "{}: its value is empty",
                     flag_name(name));
    try {
      std::string& so_far = lists[name];
      so_far += (so_far.empty() ? "" : ",") + value;
      list_.set(name, list_.is_list(name) ? so_far : value);
    } catch (const base::Error& e) {
      base::fail(base::ErrorKind::kUsage, "{}", e.what());
    }
  }
}

}  // namespace semblance::cli
