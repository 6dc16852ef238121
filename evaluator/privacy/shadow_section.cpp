#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "base/error.hpp"
#include "base/file.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/json.hpp"
#include "evaluator/privacy/sections.hpp"
#include "evaluator/privacy/shadow_attack.hpp"

namespace semblance::evaluator {
namespace {

struct Target {
  const char* id;  ///< of the statistic in attack.json
  const char* who;
};
constexpr std::array kTargets = {Target{"rows", "synthetic rows alone"},
                                 Target{"model", "the model at hand"}};

constexpr const char* kLira =
    "Generators are trained with the same settings on random halves of training and holdout rows; "
    "what their scores of a person look like with and without that person tells how to read the "
    "score under attack (LiRA, Carlini et al. 2022). Each generator is attacked in turn.";

Check auc_check(const Target& target) {
  return {.id = fmt::format("privacy.lira_{}_auc", target.id),
          .title = fmt::format("Shadow-model attack with {}: AUC", target.who),
          .definition = std::string(kLira) +
                        " AUC: the chance that somebody who was in scores above somebody who was "
                        "not; ½ is guessing.",
          .unit = "auc"};
}

Check tpr_check(const Target& target) {
  return {
      .id = fmt::format("privacy.lira_{}_tpr1", target.id),
      .title = fmt::format("Shadow-model attack with {}: found at 1 % false alarms", target.who),
      .definition =
          std::string(kLira) +
          " Share of those who were in that the attack finds when it accuses 1 % of those who were "
          "not; 1 % is guessing. An average can hide that a few people are found for certain: this "
          "does not.",
      .unit = "share"};
}

Check epsilon_check() {
  return {.id = "privacy.epsilon_lower",
          .title = "Lower bound on ε from one training",
          .definition =
              "Every person was in one training or not by the toss of a coin; the attack guesses "
              "the coins of "
              "those it is surest of. No training that is (ε, δ)-private with a smaller ε lets so "
              "many guesses be "
              "right, with 95 % confidence (Steinke, Nasr and Jagielski 2023). 0: nothing was "
              "learned of anybody. "
              "The reference is the accounted ε of the model, if it was trained privately: a bound "
              "above it would "
              "show that the promise is broken."};
}

Interval interval_of(const Json& json) {
  return {json.at("low").get<double>(), json.at("high").get<double>(),
          json.at("method").get<std::string>()};
}

/// What a person's row count makes of it: sums over a person's rows, where persons are known.
const Json& headline(const Json& attack) {
  return attack.contains("people") ? attack["people"] : attack.at("rows");
}

std::string rate_text(const Json& rate) {
  return fmt::format("{:.2f} % ({:.2f} to {:.2f})", 100 * rate.at("value").get<double>(),
                     100 * rate.at("interval").at("low").get<double>(),
                     100 * rate.at("interval").at("high").get<double>());
}

Json table_row(const std::string& name, const Json& guesses) {
  Json row = {name, guesses.at("auc")};
  for (const Json& rate : guesses.at("tpr")) row.push_back(rate_text(rate));
  return row;
}

class Builder {
 public:
  explicit Builder(const Json& file) : file_(file) {}

  Section section() {
    section_.text = fmt::format(
        "An attacker who can train generators of the same kind: {} were trained, each on a random "
        "half of {} real "
        "rows. {}",
        file_.at("models").get<int>(), file_.at("rows").get<std::int64_t>(), person_text());
    for (const Target& target : kTargets) add(target);
    add_epsilon();
    section_.blocks.push_back(lines_block("ROC of shadow-model attacks", "false positive rate",
                                          "true positive rate", curves_, true));
    section_.blocks.push_back(
        table_block("True positive rates at fixed false positive rates (95 % interval)",
                    {"Attack", "AUC", "at 0.1 %", "at 1 %", "at 10 %"}, std::move(rows_)));
    section_.blocks.push_back(table_block(
        "The most exposed: mean log likelihood ratio of the truth over all trainings",
        {"Attack", person_column().empty() ? "Row" : "Person", "Log ratio"}, std::move(exposed_)));
    return std::move(section_);
  }

 private:
  std::string person_column() const { return file_.at("person_column").get<std::string>(); }
  std::string person_text() const {
    if (person_column().empty()) return "Every row counts as a person.";
    return fmt::format(
        "All rows with the same '{}' are one person: in or out together, and judged by the sum "
        "over the rows.",
        person_column());
  }

  const Json* find(const char* id) const {
    for (const Json& attack : file_.at("attacks")) {
      if (attack.at("id") == id) return &attack;
    }
    return nullptr;
  }

  void add(const Target& target) {
    Check area = auc_check(target), rate = tpr_check(target);
    const Json* attack = find(target.id);
    if (attack == nullptr) {
      area.why_not = rate.why_not = "the attack file holds no such attack";
    } else {
      fill(*attack, area, rate);
    }
    section_.checks.push_back(std::move(area));
    section_.checks.push_back(std::move(rate));
  }

  void fill(const Json& attack, Check& area, Check& rate) {
    const Json& guesses = headline(attack);
    area.definition = attack.at("definition").get<std::string>() + " " + area.definition;
    area.value = guesses.at("auc").get<double>();
    area.reference = 0.5;
    area.interval = interval_of(guesses.at("auc_interval"));
    area.note = fmt::format("{} guesses on people who were in, {} on people who were not.",
                            guesses.at("members").get<std::int64_t>(),
                            guesses.at("strangers").get<std::int64_t>());
    const Json& one_percent = guesses.at("tpr").at(1);
    rate.value = one_percent.at("value").get<double>();
    rate.reference = 0.01;
    rate.interval = interval_of(one_percent.at("interval"));
    const std::string name = attack.at("name").get<std::string>();
    if (attack.contains("people")) rows_.push_back(table_row(name + ", by person", guesses));
    rows_.push_back(table_row(name + ", by row", attack.at("rows")));
    if (attack.contains("released"))
      rows_.push_back(table_row(name + ", the released model, by row", attack["released"]));
    curves_.push_back({name, guesses.at("roc").at("fpr").get<std::vector<double>>(),
                       guesses.at("roc").at("tpr").get<std::vector<double>>()});
    for (const Json& who : attack.at("exposed"))
      exposed_.push_back({name, who.at("name"), who.at("log_ratio")});
  }

  void add_epsilon() {
    Check check = epsilon_check();
    const Json* best = nullptr;
    for (const Json& attack : file_.at("attacks")) {
      const Json& run = attack.at("one_run");
      if (best == nullptr || run.at("epsilon") > best->at("epsilon")) best = &run;
    }
    SEMBLANCE_EXPECT(best != nullptr, kData, "it holds no attack");
    check.value = best->at("epsilon").get<double>();
    check.note = fmt::format(
        "At δ = {:g}: {} of {} guesses right, {} people.", best->at("delta").get<double>(),
        best->at("correct").get<std::int64_t>(), best->at("guesses").get<std::int64_t>(),
        best->at("examples").get<std::int64_t>());
    const Json& accounted = file_.at("accounted_epsilon");
    if (accounted.is_number()) {
      check.reference = accounted.get<double>();
      check.verdict = *check.value > *check.reference ? Verdict::kFail : Verdict::kPass;
      check.rule = fmt::format("fails above the accounted ε of {:.4g}", *check.reference);
    } else {
      check.note +=
          " The model was not trained with differential privacy, so there is no accounted ε beside "
          "it.";
    }
    section_.checks.push_back(std::move(check));
  }

  const Json& file_;
  Section section_;
  Json rows_ = Json::array(), exposed_ = Json::array();
  std::vector<Cloud> curves_;
};

}  // namespace

Section shadow_section(const Context& context) {
  const std::string& path = context.options.attack_file;
  SEMBLANCE_EXPECT(
      !path.empty(), kData,
      "no attack with shadow models was made: it trains generators itself, with 'semblance attack' "
      "or an "
      "'attack' section of 'semblance run', and its attack.json is given with --attack-file");
  const Json file = Json::parse(base::read_text_file(path), nullptr, false);
  SEMBLANCE_EXPECT(file.is_object() && file.value("schema", "") == kAttackSchema, kData,
                   "{}: is not an attack file of schema {}; 'semblance attack' makes one", path,
                   kAttackSchema);
  try {
    return Builder(file).section();
  } catch (const Json::exception& error) {
    base::fail(base::ErrorKind::kData, "{}: is a damaged attack file: {}", path, error.what());
  }
}

}  // namespace semblance::evaluator
