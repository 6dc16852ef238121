#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "evaluator/blocks.hpp"
#include "evaluator/intervals.hpp"
#include "evaluator/privacy/copies.hpp"
#include "evaluator/privacy/quasi_identifiers.hpp"
#include "evaluator/privacy/sections.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

constexpr std::int64_t kListedRows = 50;
constexpr std::uint64_t kEvenRows = 0xC0B1E501;  // stream of the draw

double share_found(const std::vector<std::int64_t>& matches) {
  const auto n =
      std::count_if(matches.begin(), matches.end(), [](std::int64_t row) { return row >= 0; });
  return matches.empty() ? 0 : static_cast<double>(n) / static_cast<double>(matches.size());
}

Json copied_rows_table(const Comparison& data, const std::vector<std::int64_t>& matches) {
  std::vector<std::string> headings = {"Synthetic row", "Real row"};
  for (const ColumnInfo& column : data.columns) headings.push_back(column.name());
  Json rows = Json::array();
  for (std::size_t i = 0;
       i < matches.size() && static_cast<std::int64_t>(rows.size()) < kListedRows; ++i) {
    if (matches[i] < 0) continue;
    Json row = {static_cast<std::int64_t>(i) + 1, matches[i] + 1};
    for (std::size_t j = 0; j < data.columns.size(); ++j) {
      row.push_back(
          cell_text(data.columns[j], data.synthetic.features[j], static_cast<std::int64_t>(i)));
    }
    rows.push_back(std::move(row));
  }
  return table_block("Synthetic rows that equal a real row (first " + std::to_string(rows.size()) +
                         "; row 1 is the first after the header)",
                     std::move(headings), std::move(rows));
}

Check whole_row_check(const Context& context, const std::vector<std::int64_t>& matches) {
  const Comparison& data = context.data;
  const double n = static_cast<double>(matches.size());
  Check check{
      .id = "privacy.exact_copies",
      .title = "Synthetic rows that equal a real row",
      .definition =
          "Share of synthetic rows whose values are the same as those of some real row in every "
          "compared "
          "column; missing equals missing. Found by hashing, each match verified cell by cell. The "
          "reference is the same share for holdout rows: real people repeat each other's values "
          "too.",
      .unit = "share",
      .value = share_found(matches)};
  check.interval = wilson_interval(*check.value * n, n);
  check.note = std::to_string(static_cast<std::int64_t>(*check.value * n + 0.5)) + " of " +
               std::to_string(matches.size()) + " rows.";
  if (data.has_holdout()) {
    check.reference = share_found(equal_rows(data.holdout, data.real, {}, context.options.threads));
  }
  check.legacy = static_cast<double>(legacy_collisions(data.real, data.synthetic));
  check.legacy_definition =
      "Number of pairs of equal rows, first column left out, missing as 0 (collision_analysis).";
  if (*check.value > 0) check.blocks.push_back(copied_rows_table(data, matches));
  return check;
}

/// Real people who are alone with their combination of known values, and whose combination is
/// alone in the synthetic table too: synthpop's repU.
double replicated_uniques(const Rows& real, const Rows& other, const std::vector<int>& keys,
                          int threads) {
  const std::vector<bool> alone = unique_rows(real, keys, threads),
                          other_alone = unique_rows(other, keys, threads);
  const std::vector<std::int64_t> matches = equal_rows(other, real, keys, threads);
  std::int64_t found = 0;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    found += other_alone[i] && matches[i] >= 0 && alone[static_cast<std::size_t>(matches[i])];
  }
  return static_cast<double>(found) / static_cast<double>(real.n_rows);
}

/// Of the synthetic rows whose quasi-identifiers point at exactly one real row: how many also agree
/// with it in every other column.
Check quasi_check(const Context& context) {
  const Comparison& data = context.data;
  Check check{
      .id = "privacy.replicated_uniques",
      .title = "Unique people who are unique in the synthetic table too",
      .definition =
          "Share of real rows that are alone with their combination of quasi-identifiers and whose "
          "combination occurs exactly once in the synthetic table (synthpop's repU). Rows are "
          "synthetic, but somebody who looks for a person would find exactly one candidate. With a "
          "holdout, of as many synthetic rows as it has, to compare with.",
      .unit = "share"};
  const QuasiIdentifiers keys = quasi_identifiers(context);
  if (keys.columns.empty()) {
    check.why_not = keys.why_not;
    return check;
  }
  // More rows meet more people by chance: both numbers are of equally many.
  const std::int64_t even = data.has_holdout()
                                ? std::min(data.synthetic.n_rows, data.holdout.n_rows)
                                : data.synthetic.n_rows;
  const auto share = [&](const Rows& other, std::int64_t n) {
    const int threads = context.options.threads;
    if (n == other.n_rows) return replicated_uniques(data.real, other, keys.columns, threads);
    const auto some = sample_rows(other.n_rows, n, context.options.seed, kEvenRows);
    return replicated_uniques(data.real, take(other, some), keys.columns, threads);
  };
  check.value = share(data.synthetic, even);
  check.interval = wilson_interval(*check.value * static_cast<double>(data.real.n_rows),
                                   static_cast<double>(data.real.n_rows));
  check.note = "Quasi-identifiers: " + keys.text + ".";
  if (!data.has_holdout()) return check;
  check.reference = share(data.holdout, even);
  check.note += fmt::format(
      " On {} rows, synthetic and of the holdout (the reference), because more rows meet more "
      "people by chance; all {} synthetic rows: {:.2f} %.",
      even, data.synthetic.n_rows, 100 * share(data.synthetic, data.synthetic.n_rows));
  return check;
}

}  // namespace

Section copies_section(const Context& context) {
  const std::vector<std::int64_t> matches =
      equal_rows(context.data.synthetic, context.data.real, {}, context.options.threads);
  Section section{
      .text = "Is a synthetic row the same as a real one, whole or in what an attacker may know?"};
  section.checks = {whole_row_check(context, matches), quasi_check(context)};
  return section;
}

}  // namespace semblance::evaluator
