#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluator/blocks.hpp"
#include "evaluator/coding.hpp"
#include "evaluator/means.hpp"
#include "evaluator/privacy/attribute_disclosure.hpp"
#include "evaluator/privacy/neighbours.hpp"
#include "evaluator/privacy/quasi_identifiers.hpp"
#include "evaluator/privacy/sections.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kRealPart = 0xD15C0001, kOtherPart };
constexpr std::size_t kMostSecrets = 20;

/// Equal numbers of rows, so that synthetic table and holdout can be compared: the smallest
/// table's.
std::int64_t even_rows(const Comparison& data) {
  const std::int64_t n = std::min(data.real.n_rows, data.synthetic.n_rows);
  return data.has_holdout() ? std::min(n, data.holdout.n_rows) : n;
}

Rows part(const Context& context, const Rows& rows, std::uint64_t stream) {
  return take(rows,
              sample_rows(rows.n_rows, even_rows(context.data), context.options.seed, stream));
}

std::vector<Check> neighbour_checks(const Context& context) {
  const Comparison& data = context.data;
  const Rows real = part(context, data.real, kRealPart),
             synthetic = part(context, data.synthetic, kOtherPart);
  Check identify{.id = "privacy.identifiability",
                 .title = "Identifiability",
                 .definition =
                     "Share of real rows with a synthetic row nearer than the nearest other real "
                     "row (ADS-GAN's "
                     "identifiability, unweighted, Gower distance). About ½ for two samples of one "
                     "population.",
                 .unit = "share"};
  if (real.n_rows < 2) {
    identify.why_not = "a table has a single row";
  } else {
    identify.value = identifiability(data, real, synthetic, context.distances.options());
  }
  Check hit{.id = "privacy.hitting_rate",
            .title = "Hitting rate",
            .definition =
                "Share of real rows that some synthetic row hits: equal in all categories, within "
                "a thirtieth of the real "
                "range in all numbers.",
            .unit = "share",
            .value = hitting_rate(data, real, synthetic, context.options.threads)};
  if (data.has_holdout()) {
    const Rows holdout = part(context, data.holdout, kOtherPart);
    if (identify.value)
      identify.reference = identifiability(data, real, holdout, context.distances.options());
    hit.reference = hitting_rate(data, real, holdout, context.options.threads);
  }
  hit.note =
      fmt::format("On {} rows of each table, as both numbers grow with rows.", even_rows(data));
  identify.note = hit.note;
  return {identify, hit};
}

Check disclosure_check(const Context& context, Json& blocks) {
  const Comparison& data = context.data;
  Check check{.id = "privacy.attribute_disclosure",
              .title = "Attribute disclosure (CAP)",
              .definition =
                  "Who knows a person's quasi-identifiers looks up the synthetic rows that agree: "
                  "the share of them with "
                  "the person's true secret, mean over people who are found (CategoricalCAP), then "
                  "over secrets. Numbers "
                  "in ten bins. The reference looks the people up in the holdout instead: what "
                  "follows from the "
                  "population alone.",
              .unit = "share"};
  const QuasiIdentifiers keys = quasi_identifiers(context);
  if (keys.columns.empty()) {
    check.why_not = keys.why_not;
    return check;
  }
  std::vector<int> secrets;
  for (const std::string& name : context.options.sensitive) secrets.push_back(data.find(name));
  for (int j = 0;
       j < data.n_columns() && context.options.sensitive.empty() && secrets.size() < kMostSecrets;
       ++j)
    secrets.push_back(j);
  std::erase_if(secrets, [&](int j) {
    return std::find(keys.columns.begin(), keys.columns.end(), j) != keys.columns.end();
  });
  if (secrets.empty()) {
    check.why_not = "every column is a quasi-identifier; name the secrets with --sensitive";
    return check;
  }
  std::vector<CodedColumn> key_codes;
  for (const int j : keys.columns) key_codes.push_back(accuracy_codes(data, j));
  std::vector<std::span<const std::int32_t>> real, synthetic, holdout;
  for (const CodedColumn& c : key_codes) {
    real.emplace_back(c.real);
    synthetic.emplace_back(c.synthetic);
    holdout.emplace_back(c.holdout);
  }
  std::vector<double> values, references;
  Json rows = Json::array();
  for (const int secret : secrets) {
    const CodedColumn codes = accuracy_codes(data, secret);
    const AttributeDisclosure s =
        attribute_disclosure(real, codes.real, synthetic, codes.synthetic);
    values.push_back(s.cap);
    Json row = {data.columns[static_cast<std::size_t>(secret)].name(),
                rounded(s.matched),
                rounded(s.cap),
                nullptr,
                rounded(s.zero_cap),
                rounded(s.disclosed),
                nullptr};
    if (data.has_holdout()) {
      const AttributeDisclosure h = attribute_disclosure(real, codes.real, holdout, codes.holdout);
      references.push_back(h.cap);
      row[3] = rounded(h.cap);
      row[6] = rounded(h.disclosed);
    }
    rows.push_back(std::move(row));
  }
  const double value = mean_present(values);
  if (std::isnan(value)) {
    check.why_not = "no real person's quasi-identifiers occur in the synthetic table";
    return check;
  }
  check.value = value;
  if (!references.empty() && !std::isnan(mean_present(references)))
    check.reference = mean_present(references);
  check.note = "Quasi-identifiers: " + keys.text + ".";
  blocks.push_back(table_block("Attribute disclosure, secret by secret",
                               {"Secret", "People found", "CAP", "CAP, reference", "ZeroCAP",
                                "Disclosed and right", "Disclosed, reference"},
                               std::move(rows)));
  return check;
}

}  // namespace

Section disclosure_section(const Context& context) {
  Section section{.text =
                      "How much nearer does the synthetic table come to a person, and what does it "
                      "tell about them?"};
  section.checks = neighbour_checks(context);
  section.checks.push_back(disclosure_check(context, section.blocks));
  return section;
}

}  // namespace semblance::evaluator
