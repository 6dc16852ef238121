#include "evaluator/build_report.hpp"

#include <chrono>
#include <ctime>
#include <filesystem>
#include <utility>

#include "base/device.hpp"
#include "base/error.hpp"
#include "base/progress.hpp"
#include "evaluator/build_section.hpp"
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

}  // namespace

Report build_report(const Comparison& data, const EvaluateOptions& options, SharedNearest* ranks,
                    const std::map<std::string, Section>& done) {
  check_options(data, options);
  const Thresholds thresholds = load_thresholds(options.thresholds);
  base::resolve_device(options.device);  // a wrong one ends the run, not just a section
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
    const auto built = done.find(spec.id);
    Section section = built != done.end() ? built->second : build_section(spec, context);
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
