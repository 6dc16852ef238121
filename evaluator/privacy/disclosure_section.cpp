#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluator/intervals.hpp"
#include "evaluator/privacy/attribute_checks.hpp"
#include "evaluator/privacy/neighbours.hpp"
#include "evaluator/privacy/sections.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kRealPart = 0xD15C0001, kOtherPart };

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

Interval share_interval(double share, std::int64_t n) {
  return wilson_interval(share * static_cast<double>(n), static_cast<double>(n));
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
    identify.interval = share_interval(*identify.value, real.n_rows);
  }
  Check hit{.id = "privacy.hitting_rate",
            .title = "Hitting rate",
            .definition =
                "Share of real rows that some synthetic row hits: equal in all categories, within "
                "a thirtieth of the real "
                "range in all numbers.",
            .unit = "share",
            .value = hitting_rate(data, real, synthetic, context.options.threads)};
  hit.interval = share_interval(*hit.value, real.n_rows);
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

}  // namespace

Section disclosure_section(const Context& context) {
  Section section{.text =
                      "How much nearer does the synthetic table come to a person, and what does it "
                      "tell about them?"};
  section.checks = neighbour_checks(context);
  for (Check& check : attribute_checks(context, section.blocks))
    section.checks.push_back(std::move(check));
  return section;
}

}  // namespace semblance::evaluator
