#include "evaluator/build_section.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>
#include <vector>

#include "base/device.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "evaluator/check_settings.hpp"
#include "evaluator/json.hpp"

namespace semblance::evaluator {
namespace {

using base::ErrorKind;

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

/// How long a section takes beside the others, in seconds for a table of 50 columns and 2000 rows.
double relative_cost(const std::string& id) {
  static const std::map<std::string, double> kCosts = {{"global", 28},     {"detection", 15},
                                                       {"membership", 12}, {"target", 5},
                                                       {"attacks", 2},     {"tables", 2}};
  const auto found = kCosts.find(id);
  return found == kCosts.end() ? 0.3 : found->second;
}

/// These wait for passes that all ranks share.
bool needs_ranks(const std::string& id) { return id == "closest" || id == "fidelity"; }

/// The rank of each section; -1 for those that need all ranks.
std::vector<int> ranks_of_sections(int n_ranks) {
  const std::vector<SectionSpec>& specs = all_sections();
  std::vector<std::size_t> order(specs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return relative_cost(specs[a].id) > relative_cost(specs[b].id);
  });
  std::vector<double> load(static_cast<std::size_t>(n_ranks));
  std::vector<int> ranks(specs.size(), -1);
  for (const std::size_t k : order) {
    if (needs_ranks(specs[k].id)) continue;
    const auto least = std::min_element(load.begin(), load.end());
    *least += relative_cost(specs[k].id);
    ranks[k] = static_cast<int>(least - load.begin());
  }
  return ranks;
}

Json optional_json(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}
std::optional<double> optional_number(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional<double>(json.get<double>());
}

/// Everything in a check but its gate, which judge() sets later.
Json packed(const Check& c) {
  Json out = {c.id,
              c.title,
              c.definition,
              c.unit,
              optional_json(c.value),
              optional_json(c.reference),
              optional_json(c.legacy),
              c.legacy_definition,
              nullptr,
              c.no_interval,
              c.why_not,
              c.note,
              static_cast<int>(c.verdict),
              c.rule,
              c.blocks};
  if (c.interval) out[8] = Json::array({c.interval->low, c.interval->high, c.interval->method});
  return out;
}

Check unpacked(const Json& j) {
  Check c;
  c.id = j[0], c.title = j[1], c.definition = j[2], c.unit = j[3];
  c.value = optional_number(j[4]), c.reference = optional_number(j[5]),
  c.legacy = optional_number(j[6]);
  c.legacy_definition = j[7];
  if (!j[8].is_null()) c.interval = Interval{j[8][0], j[8][1], j[8][2]};
  c.no_interval = j[9], c.why_not = j[10], c.note = j[11];
  c.verdict = static_cast<Verdict>(j[12].get<int>());
  c.rule = j[13];
  c.blocks = j[14];
  return c;
}

Json packed(const Section& section) {
  Json checks = Json::array();
  for (const Check& check : section.checks) checks.push_back(packed(check));
  return Json::array({section.id, section.title, section.text, section.blocks, checks});
}

Section unpacked_section(const Json& j) {
  Section section{.id = j[0], .title = j[1], .text = j[2]};
  section.blocks = j[3];
  for (const Json& check : j[4]) section.checks.push_back(unpacked(check));
  return section;
}

}  // namespace

void check_options(const Comparison& data, const EvaluateOptions& options) {
  check_settings(options);
  expect_columns(data, options);
}

Section build_section(const SectionSpec& spec, const Context& context) {
  const auto start = std::chrono::steady_clock::now();
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
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  base::log_event("evaluate_section",
                  {{"section", std::string(spec.id)}, {"seconds", took.count()}});
  return section;
}

std::map<std::string, Section> shared_sections(const Comparison& data,
                                               const EvaluateOptions& options,
                                               base::Communicator& communicator) {
  std::map<std::string, Section> all;
  if (communicator.size() == 1) return all;
  check_options(data, options);
  Distances distances(data, options.device, options.threads, options.seed);
  const Context context{data, options, distances};
  const std::vector<SectionSpec>& specs = all_sections();
  const std::vector<int> ranks = ranks_of_sections(communicator.size());
  Json own = Json::array();
  for (std::size_t k = 0; k < specs.size(); ++k) {
    if (ranks[k] == communicator.rank()) own.push_back(packed(build_section(specs[k], context)));
  }
  // CBOR keeps every bit of a number.
  const std::vector<std::uint8_t> bytes = Json::to_cbor(own);
  for (const auto& part : communicator.all_gather(std::as_bytes(std::span(bytes)))) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(part.data());
    for (const Json& json : Json::from_cbor(first, first + part.size())) {
      Section section = unpacked_section(json);
      all.emplace(section.id, std::move(section));
    }
  }
  return all;
}

}  // namespace semblance::evaluator
