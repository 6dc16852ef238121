#include "evaluator/thresholds.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "evaluator/context.hpp"
#include "evaluator/report/embedded_files.hpp"

namespace semblance::evaluator {
namespace {

using base::ErrorKind;

[[noreturn]] void bad(const std::string& path, const YAML::Node& node, const std::string& message) {
  base::fail(ErrorKind::kData, "{}:{}: {}", path, node.Mark().line + 1, message);
}

double number(const std::string& path, const YAML::Node& node) {
  try {
    return node.as<double>();
  } catch (const YAML::Exception&) {
    bad(path, node,
        fmt::format("'{}' is not a number", node.IsScalar() ? node.Scalar() : "(a list or map)"));
  }
}

/// One of a few words, as its index.
std::size_t word(const std::string& path, const YAML::Node& node,
                 const std::vector<std::string>& valid) {
  const std::string text = node.IsScalar() ? node.Scalar() : "";
  const auto found = std::find(valid.begin(), valid.end(), text);
  if (found == valid.end())
    bad(path, node, fmt::format("'{}' should be one of {}", text, fmt::join(valid, ", ")));
  return static_cast<std::size_t>(found - valid.begin());
}

Threshold parse_rule(const std::string& path, const YAML::Node& node) {
  static const std::vector<std::string> kKeys = {"better",           "pass",  "warn",
                                                 "reference_factor", "judge", "gate"};
  if (!node.IsMap())
    bad(path, node, "a rule is a map such as {better: lower, pass: 0.02, warn: 0.05}");
  Threshold rule;
  for (const auto& entry : node) {
    const auto key = entry.first.as<std::string>();
    if (key == "better") {
      rule.lower_is_better = word(path, entry.second, {"lower", "higher"}) == 0;
    } else if (key == "pass") {
      rule.pass = number(path, entry.second);
    } else if (key == "warn") {
      rule.warn = number(path, entry.second);
    } else if (key == "reference_factor") {
      rule.reference_factor = number(path, entry.second);
    } else if (key == "judge") {
      rule.judge =
          static_cast<Threshold::Judge>(word(path, entry.second, {"value", "low", "high"}));
    } else if (key == "gate") {
      rule.gate = word(path, entry.second, {"false", "true"}) == 1;
    } else {
      bad(path, entry.first,
          fmt::format("unknown key '{}'{}", key, base::did_you_mean(key, kKeys)));
    }
  }
  if (rule.pass && rule.warn &&
      (rule.lower_is_better ? *rule.warn < *rule.pass : *rule.warn > *rule.pass)) {
    bad(path, node, "the warn limit is stricter than the pass limit");
  }
  return rule;
}

/// A limit, relaxed by the reference where there is one.
double relaxed(double limit, const Check& check, const Threshold& rule) {
  if (!rule.reference_factor || !check.reference) return limit;
  return rule.lower_is_better ? std::max(limit, *check.reference * *rule.reference_factor)
                              : std::min(limit, *check.reference / *rule.reference_factor);
}

double judged_number(const Check& check, Threshold::Judge judge) {
  if (check.interval && judge == Threshold::Judge::kLow) return check.interval->low;
  if (check.interval && judge == Threshold::Judge::kHigh) return check.interval->high;
  return *check.value;
}

std::string rule_text(const Check& check, const Threshold& rule, double pass, double warn) {
  const char* what = !check.interval || rule.judge == Threshold::Judge::kValue ? "value"
                     : rule.judge == Threshold::Judge::kLow ? "lower end of the interval"
                                                            : "upper end of the interval";
  const char* sign = rule.lower_is_better ? "≤" : "≥";
  std::string text =
      fmt::format("{} {} {:.4g} passes, {} {:.4g} warns, else fails", what, sign, pass, sign, warn);
  if (rule.reference_factor && check.reference) {
    text += fmt::format(" (limits relaxed to {:g} times the reference)",
                        rule.lower_is_better ? *rule.reference_factor : 1 / *rule.reference_factor);
  }
  return text;
}

}  // namespace

Thresholds parse_thresholds(std::string_view yaml, const std::string& path,
                            const std::vector<std::string>& known) {
  YAML::Node root;
  try {
    root = YAML::Load(std::string(yaml));
  } catch (const YAML::Exception& e) {
    base::fail(ErrorKind::kData, "{}:{}: {}", path, e.mark.line + 1, e.msg);
  }
  Thresholds out;
  if (!root.IsMap() || root.size() != 1 || !root["checks"] || !root["checks"].IsMap()) {
    base::fail(ErrorKind::kData,
               "{}: a thresholds file holds one map 'checks' of check names to rules", path);
  }
  for (const auto& entry : root["checks"]) {
    const auto id = entry.first.as<std::string>();
    if (!known.empty() && std::find(known.begin(), known.end(), id) == known.end()) {
      bad(path, entry.first,
          fmt::format("there is no check '{}'{}", id, base::did_you_mean(id, known)));
    }
    out[id] = parse_rule(path, entry.second);
    // The bound on ε has a verdict without a limit: it fails above the accounted ε.
    if (out[id].gate && !out[id].pass && id != "privacy.epsilon_lower")
      bad(path, entry.first, fmt::format("'{}' is a gate and needs a 'pass' limit", id));
  }
  return out;
}

Thresholds load_thresholds(const std::string& path) {
  const std::vector<std::string> known = all_check_ids();
  Thresholds out = parse_thresholds(default_thresholds(), "the built-in thresholds", known);
  if (path.empty()) return out;
  for (const auto& [id, rule] : parse_thresholds(base::read_text_file(path), path, known))
    out[id] = rule;
  return out;
}

void judge(Check& check, const Thresholds& thresholds) {
  const auto found = thresholds.find(check.id);
  if (found == thresholds.end()) return;
  const Threshold& rule = found->second;
  check.gate = rule.gate;
  if (!check.value || !rule.pass) return;
  const double pass = relaxed(*rule.pass, check, rule);
  const double warn = rule.warn ? relaxed(*rule.warn, check, rule) : pass;
  const double x = judged_number(check, rule.judge);
  const auto within = [&](double limit) { return rule.lower_is_better ? x <= limit : x >= limit; };
  check.verdict = within(pass) ? Verdict::kPass : within(warn) ? Verdict::kWarn : Verdict::kFail;
  check.rule = rule_text(check, rule, pass, warn);
}

}  // namespace semblance::evaluator
