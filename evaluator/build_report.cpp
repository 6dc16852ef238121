#include "evaluator/build_report.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <utility>

#include "base/device.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/progress.hpp"
#include "evaluator/context.hpp"
#include "evaluator/profile.hpp"
#include "evaluator/thresholds.hpp"

namespace semblance::evaluator {
namespace {

using base::ErrorKind;

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

Json subject_json(const Comparison& data, const EvaluateOptions& options) {
  // The name alone: a report travels, and folders tell of the machine and its people.
  const auto table_json = [](const std::string& path, const Rows& rows) -> Json {
    return {{"file", std::filesystem::path(path).filename().string()}, {"rows", rows.n_rows}};
  };
  Json out = {{"created", utc_now()},
              {"program", "semblance " SEMBLANCE_VERSION},
              {"columns", data.n_columns()}};
  out["tables"] = {{"real", table_json(options.real, data.real)},
                   {"synthetic", table_json(options.synthetic, data.synthetic)}};
  out["tables"]["holdout"] =
      data.has_holdout() ? table_json(options.holdout, data.holdout) : Json(nullptr);
  out["seed"] = options.seed;
  out["model"] = options.model;
  out["target"] = options.target;
  out["thresholds"] = options.thresholds.empty() ? "built-in" : options.thresholds;
  return out;
}

std::vector<Group> empty_groups() {
  return {{.id = "quality", .title = "Quality", .question = "Does it look like the real data?"},
          {.id = "utility",
           .title = "Utility",
           .question = "Would an analysis come to the same result?"},
          {.id = "privacy", .title = "Privacy", .question = "Could anybody be found in it?"}};
}

/// Adds the checks that a section promises and does not hold; a value without an interval says so.
void complete(Section& section, const SectionSpec& spec, const std::string& why) {
  for (const CheckName& name : spec.checks) {
    const bool there = std::any_of(section.checks.begin(), section.checks.end(),
                                   [&](const Check& check) { return check.id == name.id; });
    if (!there) section.checks.push_back(not_computed(name.id, name.title, "", why));
  }
  for (Check& check : section.checks) {
    if (check.value && !check.interval && check.no_interval.empty())
      check.no_interval = "no interval is computed for this number";
  }
}

/// A section; when it could not be built, its checks say why.
Section build_section(const SectionSpec& spec, const Context& context) {
  Section section;
  std::string why = "it needs another check of this section, which could not be computed";
  try {
    section = spec.build(context);
  } catch (const base::Error& error) {
    if (error.kind() != ErrorKind::kData && error.kind() != ErrorKind::kUsage) throw;
    why = error.what();
    if (spec.checks.empty()) {
      section.checks.push_back(
          not_computed(std::string(spec.group) + "." + spec.id, spec.title, "", why));
    }
  }
  complete(section, spec, why);
  section.id = spec.id;
  section.title = spec.title;
  return section;
}

/// Column names of the options are checked before anything is computed.
void expect_columns(const Comparison& data, const EvaluateOptions& options) {
  std::vector<std::string> names;
  for (const ColumnInfo& column : data.columns) names.push_back(column.name());
  const auto expect = [&](const std::string& setting, const std::string& name) {
    SEMBLANCE_EXPECT(name.empty() || data.find(name) >= 0, kData,
                     "{}: there is no compared column '{}'{}", setting, name,
                     base::did_you_mean(name, names));
  };
  expect("target", options.target);
  expect("protected_column", options.protected_column);
  for (const std::string& name : options.quasi_identifiers) expect("quasi_identifiers", name);
  for (const std::string& name : options.sensitive) expect("sensitive", name);
}

}  // namespace

std::vector<std::string> failed_gates(const Report& report) {
  std::vector<std::string> out;
  for (const Group& group : report.groups) {
    for (const Section& section : group.sections) {
      for (const Check& check : section.checks) {
        if (check.gate && check.verdict == Verdict::kFail) out.push_back(check.id);
      }
    }
  }
  return out;
}

Report build_report(const Comparison& data, const EvaluateOptions& options, SharedNearest* ranks) {
  SEMBLANCE_EXPECT(options.sample >= 100, kData, "sample: {} is too few rows; give at least 100",
                   options.sample);
  SEMBLANCE_EXPECT(options.attacks >= 10, kData, "attacks: {} is too few; give at least 10",
                   options.attacks);
  expect_columns(data, options);
  const Thresholds thresholds = load_thresholds(options.thresholds);
  Distances distances(data, options.device, options.threads, options.seed, ranks);
  const Context context{data, options, distances};

  Report report{.title = options.title.empty() ? "Synthetic data report" : options.title};
  report.subject = subject_json(data, options);
  report.groups = empty_groups();
  report.notes = data.notes;
  if (!data.has_holdout()) {
    report.notes.emplace_back(
        "No holdout was given. Without real rows that the model never saw there is no reference "
        "value, and copying "
        "cannot be told from likeness: keep some real rows back and pass them with --holdout.");
  }
  base::Progress progress("evaluate", static_cast<std::int64_t>(all_sections().size()) + 1,
                          "sections");
  report.columns = profile_columns(data, options.threads);
  progress.advance(1, "profile");
  for (const SectionSpec& spec : all_sections()) {
    const auto start = std::chrono::steady_clock::now();
    Section section = build_section(spec, context);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    base::log_event("evaluate_section", {{"section", std::string(spec.id)}, {"seconds", took.count()}});
    for (Group& group : report.groups) {
      if (group.id != spec.group) continue;
      for (Check& check : section.checks) {
        judge(check, thresholds);
        group.verdict = graver(group.verdict, check.verdict);
      }
      group.sections.push_back(std::move(section));
      break;
    }
    progress.advance(1, spec.title);
  }
  return report;
}

}  // namespace semblance::evaluator
