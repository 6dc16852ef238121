#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/quality/entity_consistency.hpp"
#include "evaluator/quality/sections.hpp"

namespace semblance::evaluator {
namespace {

using Entities = std::vector<std::vector<std::int64_t>>;

/// One table's rows by entity, in the order of their dates where there is a time column.
struct Side {
  const Rows& rows;
  Entities entities;

  Side(const Comparison& data, const Rows& side)
      : rows(side), entities(entity_rows(side.entity, time(data, side))) {}
  static const Feature* time(const Comparison& data, const Rows& side) {
    return data.entity_time < 0 ? nullptr
                                : &side.features[static_cast<std::size_t>(data.entity_time)];
  }
};

Check rows_check(const Side& real, const Side& synthetic, const Side* holdout) {
  Check check{.id = "quality.entity_rows_ks",
              .title = "Rows a person",
              .definition = "Kolmogorov-Smirnov distance between the numbers of rows a person.",
              .unit = "share"};
  const std::vector<double> a = rows_per_entity(real.entities),
                            b = rows_per_entity(synthetic.entities);
  check.value = ks_distance(a, b);
  if (holdout != nullptr) check.reference = ks_distance(a, rows_per_entity(holdout->entities));
  constexpr double kMostShown = 30;
  const double high = std::min(kMostShown, std::max(a.back(), b.back()));
  const int bins = std::max(1, static_cast<int>(high));
  check.blocks.push_back(
      histogram_block("Rows a person", "rows", bin_edges(0.5, 0.5 + bins, bins),
                      {{"real", histogram_shares(a, 0.5, 0.5 + bins, bins)},
                       {"synthetic", histogram_shares(b, 0.5, 0.5 + bins, bins)}}));
  return check;
}

/// What is constant in the real table within every person must be so in the synthetic one.
Check constants_check(const Comparison& data, const Side& real, const Side& synthetic,
                      std::vector<char>& is_constant) {
  Check check{.id = "quality.entity_constants",
              .title = "What belongs to the person stays the same",
              .definition =
                  "Columns that are constant within every real person: the least share, "
                  "over these columns, of synthetic persons with two rows or more within "
                  "whom the column is constant too.",
              .unit = "share"};
  std::string names;
  for (int j = 0; j < data.n_columns(); ++j) {
    const auto column = static_cast<std::size_t>(j);
    is_constant.push_back(constant_share(real.entities, real.rows.features[column]) == 1);
    if (is_constant.back() == 0) continue;
    const double share = constant_share(synthetic.entities, synthetic.rows.features[column]);
    if (std::isnan(share)) continue;
    check.value = std::min(check.value.value_or(1.0), share);
    names += (names.empty() ? "" : ", ") + data.columns[column].name();
  }
  if (!check.value)
    check.why_not = "no column is constant within every person, or nobody has two rows";
  check.note = names.empty() ? "" : "Columns: " + names;
  return check;
}

/// A figure of each column that varies within persons: how far synthetic and fresh real rows are
/// from the real ones.
class ColumnErrors {
 public:
  /// \param of  the figure of a side; NaN: the column does not count
  template <class Figure>
  void add(const Side& real, const Side& synthetic, const Side* holdout, const Figure& of) {
    const double a = of(real), b = of(synthetic);
    if (std::isnan(a) || std::isnan(b)) return;
    errors_.push_back(std::abs(a - b));
    if (holdout != nullptr) floor_.push_back(std::abs(a - of(*holdout)));
  }
  /// Makes the means the check's; false, and a reason in the check, when no column counts.
  bool conclude(Check& check) const {
    if (errors_.empty()) {
      check.why_not = "no column varies within persons who have enough rows";
      return false;
    }
    check.value = mean_present(errors_);
    if (const double reference = mean_present(floor_); std::isfinite(reference))
      check.reference = reference;
    return true;
  }

 private:
  std::vector<double> errors_, floor_;
};

/// How often a value stays, in one step and over all of a person's rows.
Check unchanged_check(const Comparison& data, const Side& real, const Side& synthetic,
                      const Side* holdout, const std::vector<char>& is_constant) {
  Check check{.id = "quality.entity_unchanged",
              .title = "How often a value stays",
              .definition =
                  "Share of the pairs of successive rows of a person that have one value in a "
                  "column: mean over the columns that vary within persons of |real − synthetic|.",
              .unit = "share"};
  ColumnErrors errors;
  Json lines = Json::array();
  for (int j = 0; j < data.n_columns(); ++j) {
    const auto column = static_cast<std::size_t>(j);
    const auto of = [&](const Side& side) {
      return unchanged_share(side.entities, side.rows.features[column]);
    };
    const double a = of(real), b = of(synthetic);
    if (std::isnan(a) || std::isnan(b)) continue;
    lines.push_back({data.columns[column].name(), rounded(a), rounded(b),
                     rounded(constant_share(real.entities, real.rows.features[column])),
                     rounded(constant_share(synthetic.entities, synthetic.rows.features[column]))});
    if (is_constant[column] == 0) errors.add(real, synthetic, holdout, of);
  }
  if (!errors.conclude(check)) return check;
  check.blocks.push_back(table_block(
      "How often a value stays: from row to row, and in all rows of a person",
      {"column", "real, next row", "synthetic, next row", "real, all rows", "synthetic, all rows"},
      lines));
  return check;
}

/// The time between a person's rows.
Check gaps_check(const Comparison& data, const Side& real, const Side& synthetic,
                 const Side* holdout) {
  Check check{.id = "quality.entity_gaps_ks",
              .title = "Time between rows",
              .definition =
                  "Kolmogorov-Smirnov distance between the times from one row of a person to the "
                  "next.",
              .unit = "share"};
  if (data.entity_time < 0) {
    check.why_not = "no date varies within persons";
    return check;
  }
  const auto column = static_cast<std::size_t>(data.entity_time);
  constexpr double kMicrosDay = 86'400e6;
  const double unit = data.columns[column].spec.kind == table::Kind::kDate ? 1 : kMicrosDay;
  const auto gaps = [&](const Side& side) {
    std::vector<double> days = date_gaps(side.entities, side.rows.features[column]);
    for (double& day : days) day /= unit;
    return days;
  };
  const std::vector<double> a = gaps(real), b = gaps(synthetic);
  if (a.empty() || b.empty()) {
    check.why_not = "nobody has two rows with dates";
    return check;
  }
  check.value = ks_distance(a, b);
  if (holdout != nullptr) {
    const double reference = ks_distance(a, gaps(*holdout));
    if (std::isfinite(reference)) check.reference = reference;
  }
  constexpr int kBins = 30;
  const double high = std::max(1.0, a[static_cast<std::size_t>(0.99 * double(a.size() - 1))]);
  check.blocks.push_back(histogram_block("Time between rows", "days", bin_edges(0, high, kBins),
                                         {{"real", histogram_shares(a, 0, high, kBins)},
                                          {"synthetic", histogram_shares(b, 0, high, kBins)}}));
  return check;
}

Check lag_check(const Comparison& data, const Side& real, const Side& synthetic,
                const Side* holdout, const std::vector<char>& is_constant) {
  Check check{.id = "quality.entity_lag_error",
              .title = "From one row to the next",
              .definition =
                  "How a value hangs on the same person's value before (numbers: Pearson's "
                  "correlation, categories: Cramér's V): mean over the columns that vary within "
                  "persons of |real − synthetic|; 0 where the synthetic column has one value.",
              .unit = ""};
  ColumnErrors errors;
  Json lines = Json::array();
  for (int j = 0; j < data.n_columns(); ++j) {
    const auto column = static_cast<std::size_t>(j);
    if (is_constant[column] != 0) continue;
    const auto of = [&](const Side& side) {
      return lag_association(side.entities, side.rows.features[column],
                             data.columns[column].n_levels());
    };
    const double a = of(real);
    if (std::isnan(a)) continue;
    // What has one value in another table hangs on nothing there.
    const auto of_any = [&](const Side& side) {
      const double association = of(side);
      return std::isnan(association) && has_lag_pairs(side.entities, side.rows.features[column])
                 ? 0
                 : association;
    };
    const double b = of_any(synthetic);
    if (std::isnan(b)) continue;
    errors.add(real, synthetic, holdout, of_any);
    lines.push_back(
        {data.columns[column].name(), rounded(a), rounded(b), rounded(std::abs(a - b))});
  }
  if (!errors.conclude(check)) return check;
  check.blocks.push_back(table_block("From one row to the next",
                                     {"column", "real", "synthetic", "difference"}, lines));
  return check;
}

Check order_check(const Comparison& data, const Side& real, const Side& synthetic) {
  Check check{.id = "quality.entity_order",
              .title = "Rows out of order",
              .definition =
                  "Share of the pairs of successive rows of a synthetic person, as they "
                  "stand in the table, whose dates run backwards.",
              .unit = "share"};
  if (data.entity_time < 0) {
    check.why_not = "no date varies within persons";
    return check;
  }
  const auto violations = [&](const Side& side) {
    return order_violations(entity_rows(side.rows.entity, nullptr),
                            side.rows.features[static_cast<std::size_t>(data.entity_time)]);
  };
  const double value = violations(synthetic);
  if (std::isnan(value)) {
    check.why_not = "no synthetic person has two rows";
  } else {
    check.value = value;
  }
  if (const double reference = violations(real); std::isfinite(reference))
    check.note = fmt::format("In the real table, which need not be in order: {:.3f}", reference);
  return check;
}

}  // namespace

Section entity_section(const Context& context) {
  const Comparison& data = context.data;
  Section section;
  section.text =
      "Several rows of one person: how many there are, what stays the same, and how one "
      "row follows another.";
  SEMBLANCE_EXPECT(!data.real.entity.empty(), kData,
                   "the metadata name no entity (a column that tells whose row it is)");
  SEMBLANCE_EXPECT(!data.synthetic.entity.empty(), kData,
                   "the synthetic table has no column that tells whose row it is");
  const Side real(data, data.real), synthetic(data, data.synthetic);
  std::optional<Side> holdout;
  if (data.has_holdout() && !data.holdout.entity.empty()) holdout.emplace(data, data.holdout);
  const Side* third = holdout ? &*holdout : nullptr;
  std::vector<char> is_constant;
  section.checks.push_back(rows_check(real, synthetic, third));
  section.checks.push_back(constants_check(data, real, synthetic, is_constant));
  section.checks.push_back(unchanged_check(data, real, synthetic, third, is_constant));
  section.checks.push_back(gaps_check(data, real, synthetic, third));
  section.checks.push_back(lag_check(data, real, synthetic, third, is_constant));
  section.checks.push_back(order_check(data, real, synthetic));
  return section;
}

}  // namespace semblance::evaluator
