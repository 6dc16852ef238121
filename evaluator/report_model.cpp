#include "evaluator/report_model.hpp"

#include <cmath>
#include <utility>

#include "evaluator/gates.hpp"

namespace semblance::evaluator {
namespace {

Json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json check_json(const Check& check) {
  Json out = {{"id", check.id},
              {"title", check.title},
              {"definition", check.definition},
              {"unit", check.unit},
              {"value", number(check.value)},
              {"reference", number(check.reference)},
              {"legacy", number(check.legacy)},
              {"verdict", verdict_name(check.verdict)},
              {"gate", check.gate}};
  out["interval"] = nullptr;
  if (check.interval) {
    out["interval"] = {{"low", number(check.interval->low)},
                       {"high", number(check.interval->high)},
                       {"method", check.interval->method}};
  } else if (check.value && !check.no_interval.empty()) {
    out["why_no_interval"] = check.no_interval;
  }
  if (!check.legacy_definition.empty()) out["legacy_definition"] = check.legacy_definition;
  if (!check.rule.empty()) out["rule"] = check.rule;
  if (!check.note.empty()) out["note"] = check.note;
  if (!check.value || !std::isfinite(*check.value)) {
    out["why_not_computed"] =
        check.why_not.empty() ? "the result is not a finite number" : check.why_not;
  }
  if (!check.blocks.empty()) out["blocks"] = check.blocks;
  return out;
}

struct Tally {
  int pass = 0, warn = 0, fail = 0, info = 0, not_computed = 0;
  void add(const Check& check) {
    if (!check.value) ++not_computed;
    switch (check.verdict) {
      case Verdict::kPass:
        ++pass;
        break;
      case Verdict::kWarn:
        ++warn;
        break;
      case Verdict::kFail:
        ++fail;
        break;
      case Verdict::kNone:
        info += check.value.has_value();
        break;
    }
  }
  Json json() const {
    return {{"pass", pass},
            {"warn", warn},
            {"fail", fail},
            {"info", info},
            {"not_computed", not_computed}};
  }
};

}  // namespace

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kWarn:
      return "warn";
    case Verdict::kFail:
      return "fail";
    case Verdict::kNone:
      break;
  }
  return "info";
}

Verdict graver(Verdict a, Verdict b) { return static_cast<int>(a) >= static_cast<int>(b) ? a : b; }

Check not_computed(std::string id, std::string title, std::string definition, std::string why) {
  Check check{.id = std::move(id), .title = std::move(title), .definition = std::move(definition)};
  check.why_not = std::move(why);
  return check;
}

Json to_json(const Report& report) {
  Json out = {{"schema", kReportSchema}, {"title", report.title}, {"subject", report.subject}};
  Verdict overall = Verdict::kNone;
  Json groups = Json::array();
  for (const Group& group : report.groups) {
    Tally tally;
    Json sections = Json::array();
    for (const Section& section : group.sections) {
      Json checks = Json::array();
      for (const Check& check : section.checks) {
        tally.add(check);
        checks.push_back(check_json(check));
      }
      sections.push_back({{"id", section.id},
                          {"title", section.title},
                          {"text", section.text},
                          {"checks", std::move(checks)},
                          {"blocks", section.blocks}});
    }
    overall = graver(overall, group.verdict);
    groups.push_back({{"id", group.id},
                      {"title", group.title},
                      {"question", group.question},
                      {"verdict", verdict_name(group.verdict)},
                      {"counts", tally.json()},
                      {"sections", std::move(sections)}});
  }
  out["verdict"] = verdict_name(overall);
  out["failed_gates"] = failed_gates(report);
  out["unanswered_gates"] = unanswered_gates(report);
  out["groups"] = std::move(groups);
  out["columns"] = report.columns;
  out["notes"] = report.notes;
  return out;
}

}  // namespace semblance::evaluator
