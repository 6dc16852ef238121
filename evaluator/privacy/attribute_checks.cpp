#include "evaluator/privacy/attribute_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/coding.hpp"
#include "evaluator/means.hpp"
#include "evaluator/privacy/attribute_disclosure.hpp"
#include "evaluator/privacy/generalised_cap.hpp"
#include "evaluator/privacy/quasi_identifiers.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

constexpr std::size_t kMostSecrets = 20;
constexpr std::int64_t kPeople = 2000;  ///< real rows whose nearest keys are looked for
enum Stream : std::uint64_t { kPeopleRows = 0xCA900001, kOtherRows, kPeopleDraws };

Check cap_check() {
  return {.id = "privacy.attribute_disclosure",
          .title = "Attribute disclosure (CAP)",
          .definition =
              "Who knows a person's quasi-identifiers looks up the synthetic rows that agree: the "
              "share of them with the person's true secret, mean over people who are found "
              "(CategoricalCAP), then over secrets. Numbers in ten bins. The reference looks the "
              "people up in the holdout instead: what follows from the population alone.",
          .unit = "share"};
}

Check generalised_check() {
  return {
      .id = "privacy.generalised_cap",
      .title = "Attribute disclosure (GeneralizedCAP)",
      .definition =
          "The same for everybody: who is not found is looked up by the keys that differ in the "
          "fewest quasi-identifiers (CategoricalGeneralizedCAP). Higher is worse.",
      .unit = "share"};
}

/// Codes of some columns.
struct Coded {
  std::vector<CodedColumn> columns;
  std::vector<std::span<const std::int32_t>> side(
      std::vector<std::int32_t> CodedColumn::*which) const {
    std::vector<std::span<const std::int32_t>> out;
    for (const CodedColumn& c : columns) out.emplace_back(c.*which);
    return out;
  }
};

Coded coded(const Comparison& data, const std::vector<int>& columns) {
  Coded out;
  for (const int j : columns) out.columns.push_back(accuracy_codes(data, j));
  return out;
}

/// The columns an attacker wants: those of the options, or the first that are no keys.
std::vector<int> secrets_of(const Context& context, const std::vector<int>& keys) {
  std::vector<int> out;
  for (const std::string& name : context.options.sensitive) out.push_back(context.data.find(name));
  for (int j = 0; j < context.data.n_columns() && context.options.sensitive.empty() &&
                  out.size() < kMostSecrets + keys.size();
       ++j)
    out.push_back(j);
  std::erase_if(out, [&](int j) { return std::find(keys.begin(), keys.end(), j) != keys.end(); });
  if (context.options.sensitive.empty() && out.size() > kMostSecrets) out.resize(kMostSecrets);
  return out;
}

/// What the tables of one kind (synthetic, holdout) tell about every secret.
struct Told {
  std::vector<AttributeDisclosure> exact;
  std::vector<std::vector<double>> generalised;  ///< [secrets][people]
};

Told ask(const Context& context, const Coded& keys, const Coded& secrets,
         std::vector<std::int32_t> CodedColumn::*which) {
  Told out;
  const auto real = keys.side(&CodedColumn::real), other = keys.side(which);
  for (const CodedColumn& secret : secrets.columns)
    out.exact.push_back(attribute_disclosure(real, secret.real, other, secret.*which));

  const std::uint64_t seed = context.options.seed;
  const auto thinned = [](const std::vector<std::span<const std::int32_t>>& columns,
                          const std::vector<std::int64_t>& rows) {
    std::vector<std::vector<std::int32_t>> parts;
    for (const auto& column : columns) {
      parts.emplace_back();
      for (const std::int64_t i : rows) parts.back().push_back(column[static_cast<std::size_t>(i)]);
    }
    return parts;
  };
  const auto spans = [](const std::vector<std::vector<std::int32_t>>& parts) {
    return std::vector<std::span<const std::int32_t>>(parts.begin(), parts.end());
  };
  const auto people = sample_rows(context.data.real.n_rows, kPeople, seed, kPeopleRows);
  std::int64_t most = std::min(context.options.sample, context.data.synthetic.n_rows);
  if (context.data.has_holdout()) most = std::min(most, context.data.holdout.n_rows);
  const auto rows = sample_rows(static_cast<std::int64_t>(other[0].size()), most, seed, kOtherRows);
  const auto real_parts = thinned(real, people), other_parts = thinned(other, rows);
  const NearestKeys nearest(spans(real_parts), spans(other_parts), context.options.threads);
  for (const CodedColumn& secret : secrets.columns) {
    const auto mine = thinned({secret.real}, people), theirs = thinned({secret.*which}, rows);
    out.generalised.push_back(nearest.shares(mine[0], theirs[0], secret.n_codes));
  }
  return out;
}

/// Mean over secrets of every row's share; NaN where no secret has one.
std::vector<double> mean_of_rows(const std::vector<std::vector<double>>& each) {
  std::vector<double> out(each[0].size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::vector<double> values;
    for (const auto& shares : each) values.push_back(shares[i]);
    out[i] = mean_present(values);
  }
  return out;
}

/// Value and interval of one check from the shares of rows.
void fill(Check& check, const std::vector<std::vector<double>>& shares, std::uint64_t seed,
          std::uint64_t stream) {
  const std::vector<double> rows = mean_of_rows(shares);
  check.value = mean_present(rows);
  const Resamples resamples(static_cast<std::int64_t>(rows.size()), seed, stream);
  check.interval = centred_interval(*check.value, resamples.means(rows), 0, 1);
}

std::vector<std::vector<double>> row_shares(const Told& told) {
  std::vector<std::vector<double>> out;
  for (const AttributeDisclosure& d : told.exact) out.push_back(d.row_shares);
  return out;
}

Json secrets_table(const Context& context, const std::vector<int>& secrets, const Told& synthetic,
                   const std::optional<Told>& holdout) {
  Json rows = Json::array();
  for (std::size_t k = 0; k < secrets.size(); ++k) {
    const AttributeDisclosure& s = synthetic.exact[k];
    rows.push_back(
        {context.data.columns[static_cast<std::size_t>(secrets[k])].name(), rounded(s.matched),
         rounded(s.cap), holdout ? rounded(holdout->exact[k].cap) : Json(nullptr),
         rounded(s.zero_cap), rounded(mean_present(synthetic.generalised[k])),
         holdout ? rounded(mean_present(holdout->generalised[k])) : Json(nullptr),
         rounded(s.disclosed), holdout ? rounded(holdout->exact[k].disclosed) : Json(nullptr)});
  }
  return table_block(
      "Attribute disclosure, secret by secret",
      {"Secret", "People found", "CAP", "CAP, reference", "ZeroCAP", "GeneralizedCAP",
       "GeneralizedCAP, reference", "Disclosed and right", "Disclosed, reference"},
      std::move(rows));
}

}  // namespace

std::vector<Check> attribute_checks(const Context& context, Json& blocks) {
  Check cap = cap_check(), generalised = generalised_check();
  const QuasiIdentifiers keys = quasi_identifiers(context);
  const std::vector<int> secrets = secrets_of(context, keys.columns);
  std::string why = keys.why_not;
  if (why.empty() && secrets.empty())
    why = "every column is a quasi-identifier; name the secrets with --sensitive";
  if (!why.empty()) {
    cap.why_not = generalised.why_not = why;
    return {cap, generalised};
  }
  const Coded key_codes = coded(context.data, keys.columns),
              secret_codes = coded(context.data, secrets);
  const Told synthetic = ask(context, key_codes, secret_codes, &CodedColumn::synthetic);
  std::optional<Told> holdout;
  if (context.data.has_holdout())
    holdout = ask(context, key_codes, secret_codes, &CodedColumn::holdout);
  const std::uint64_t seed = context.options.seed;
  fill(generalised, synthetic.generalised, seed, kPeopleDraws);
  generalised.note =
      fmt::format("{} people, quasi-identifiers: {}.", synthetic.generalised[0].size(), keys.text);
  if (holdout) generalised.reference = mean_present(mean_of_rows(holdout->generalised));
  fill(cap, row_shares(synthetic), seed, kRealRows);
  if (std::isnan(*cap.value)) {
    cap.value.reset();
    cap.interval.reset();
    cap.why_not = "no real person's quasi-identifiers occur in the synthetic table";
  } else {
    cap.note = "Quasi-identifiers: " + keys.text + ".";
    if (holdout) {
      const double floor = mean_present(mean_of_rows(row_shares(*holdout)));
      if (!std::isnan(floor)) cap.reference = floor;
    }
  }
  blocks.push_back(secrets_table(context, secrets, synthetic, holdout));
  return {cap, generalised};
}

}  // namespace semblance::evaluator
