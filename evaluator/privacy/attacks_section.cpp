#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluator/blocks.hpp"
#include "evaluator/intervals.hpp"
#include "evaluator/privacy/anonymeter_attacks.hpp"
#include "evaluator/privacy/sections.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

constexpr std::int64_t kMostSecrets = 30;
enum Stream : std::uint64_t { kSecrets = 0x5EC70001 };

const char* const kRisk =
    " Risk = (success on training rows − success on strangers) / (1 − success on strangers), "
    "Wilson intervals propagated "
    "(anonymeter). 0: the attack learns no more about people in the data than about anybody.";

Risk risk_of(const AttackCount& count) {
  return attack_risk(success_rate(count.successes, count.attacks),
                     success_rate(count.control_successes, count.control_attacks));
}

Check risk_check(Check check, const AttackCount& count) {
  check.unit = "share";
  check.definition += kRisk;
  if (count.attacks < 1) {
    check.why_not = "no guess could be made: nothing in the synthetic table is unique";
    return check;
  }
  const Risk risk = risk_of(count);
  check.value = risk.value;
  check.reference = 0;
  check.interval = Interval{risk.low, risk.high, "Wilson, propagated, 95 %"};
  check.note =
      fmt::format("{:.0f} of {:.0f} guesses right on training rows, {:.0f} of {:.0f} on strangers.",
                  count.successes, count.attacks, count.control_successes, count.control_attacks);
  return check;
}

Check single_univariate() {
  return {.id = "privacy.singling_out_univariate",
          .title = "Singling out by one value: risk",
          .definition =
              "A value that is unique, extreme or missing once in the synthetic table is guessed "
              "to belong to exactly one "
              "real person."};
}
Check single_multivariate() {
  return {.id = "privacy.singling_out_multivariate",
          .title = "Singling out by three values: risk",
          .definition =
              "Three values of a synthetic row (numbers as at least or at most) that no other "
              "synthetic row meets are "
              "guessed to point at exactly one real person."};
}
Check link() {
  return {.id = "privacy.linkability",
          .title = "Linkability: risk",
          .definition =
              "Two holders each know half of the columns of a person; they link their halves when "
              "the nearest synthetic "
              "row to both is the same. Five random splits of the columns."};
}
Check infer() {
  return {.id = "privacy.inference",
          .title = "Inference of an unknown value: risk",
          .definition =
              "All columns but one are known; the unknown value is guessed from the nearest "
              "synthetic row (numbers count "
              "within 5 %). All secrets together."};
}
Check infer_worst() {
  return {.id = "privacy.inference_worst",
          .title = "Inference of an unknown value: the most exposed column",
          .definition =
              "The largest of the risks of single columns; the largest of many noisy numbers lies "
              "above its own truth, so "
              "judge it by the lower end."};
}

}  // namespace

Section attacks_section(const Context& context) {
  const Comparison& data = context.data;
  Section section{.text =
                      "Three attacks that European data protection authorities ask about, tried on "
                      "people in the training data "
                      "and on strangers."};
  std::vector<Check> all = {single_univariate(), single_multivariate(), link(), infer(),
                            infer_worst()};
  if (!data.has_holdout() || data.n_columns() < 2) {
    for (Check& check : all) {
      check.definition += kRisk;
      check.why_not =
          data.has_holdout()
              ? "the attacks need two columns at least"
              : "there is no holdout: pass real rows that the model never saw with --holdout";
    }
    section.checks = std::move(all);
    return section;
  }
  const AttackOptions options{.attacks = context.options.attacks,
                              .seed = context.options.seed,
                              .distance = context.distances.options()};
  section.checks = {risk_check(single_univariate(), singling_out(data, false, options)),
                    risk_check(single_multivariate(), singling_out(data, true, options)),
                    risk_check(link(), linkability(data, options))};

  if (data.synthetic.n_rows > kMostSynthetic) {
    for (std::size_t k : {0, 1})
      section.checks[k].note +=
          fmt::format(" Guesses are unique among {} random synthetic rows.", kMostSynthetic);
  }

  std::vector<int> secrets;
  for (const std::string& name : context.options.sensitive) secrets.push_back(data.find(name));
  if (secrets.empty()) {
    for (const std::int64_t j :
         sample_rows(data.n_columns(), kMostSecrets, context.options.seed, kSecrets)) {
      secrets.push_back(static_cast<int>(j));
    }
  }
  AttackCount together, worst;
  std::string worst_name;
  std::vector<std::pair<double, Json>> rows;
  for (const int secret : secrets) {
    const AttackCount count = inference(data, secret, options);
    together += count;
    const Risk risk = risk_of(count);
    const std::string& name = data.columns[static_cast<std::size_t>(secret)].name();
    if (worst_name.empty() || risk.value > risk_of(worst).value) {
      worst = count;
      worst_name = name;
    }
    rows.emplace_back(risk.value, Json{name, rounded(count.successes / count.attacks),
                                       rounded(count.control_successes / count.control_attacks),
                                       rounded(risk.value), rounded(risk.low), rounded(risk.high)});
  }
  section.checks.push_back(risk_check(infer(), together));
  section.checks.push_back(risk_check(infer_worst(), worst));
  section.checks.back().note += " Column: " + worst_name + ".";
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  Json table = Json::array();
  for (auto& [risk, row] : rows) table.push_back(std::move(row));
  section.blocks.push_back(
      table_block("Inference, secret by secret",
                  {"Secret", "Right on training rows", "Right on strangers", "Risk", "Low", "High"},
                  std::move(table)));
  return section;
}

}  // namespace semblance::evaluator
