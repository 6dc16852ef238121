#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/learners/linear_models.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/quality/sections.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kFit = 0x9CA00001, kRealDots, kSyntheticDots, kHoldoutDots };
constexpr std::int64_t kDots = 1500;

struct Coordinates {
  std::vector<double> x, y;
};

Coordinates project(const PrincipalPlane& plane, const Design& design, const Rows& rows,
                    const std::vector<std::int64_t>& chosen) {
  SparseRows sparse;
  design.append(rows, chosen, sparse);
  Coordinates out;
  for (std::int64_t i = 0; i < sparse.n_rows(); ++i) {
    const auto [x, y] = plane.project(sparse, i);
    out.x.push_back(x);
    out.y.push_back(y);
  }
  return out;
}

double largest_ks(const Coordinates& a, const Coordinates& b) {
  return std::max(ks_distance(sorted_present(a.x), sorted_present(b.x)),
                  ks_distance(sorted_present(a.y), sorted_present(b.y)));
}

/// The largest gap when the rows are drawn again and the components stay.
std::vector<double> gap_draws(const Coordinates& a, const Coordinates& b, std::uint64_t seed) {
  const Resamples rows_a(static_cast<std::int64_t>(a.x.size()), seed, kRealRows),
      rows_b(static_cast<std::int64_t>(b.x.size()), seed, kSyntheticRows);
  const auto draws = [&](const std::vector<double>& u, const std::vector<double>& v) {
    const Bins bins = bins_of(sorted_present(u));
    return resampled_counts(rows_a, bins.code(u), rows_b, bins.code(v), bins.n_bins(), binned_ks);
  };
  std::vector<double> x = draws(a.x, b.x);
  const std::vector<double> y = draws(a.y, b.y);
  for (std::size_t k = 0; k < x.size(); ++k) x[k] = std::max(x[k], y[k]);
  return x;
}

/// Each table on components of its own, as the old pipeline drew it: the axes of the two clouds are
/// not the same.
Json legacy_picture(const Context& context) {
  const Comparison& data = context.data;
  const std::uint64_t seed = context.options.seed;
  const Rows* tables[] = {&data.real, &data.synthetic};
  const Design design(data, tables, {.most_features = 300, .most_levels = 30, .drop_first = false});
  std::vector<Cloud> clouds;
  const auto add = [&](const char* name, const Rows& rows, std::uint64_t stream) {
    SparseRows fit;
    design.append(rows, sample_rows(rows.n_rows, context.options.sample, seed, kFit), fit);
    Coordinates dots =
        project(principal_plane(fit), design, rows, sample_rows(rows.n_rows, kDots, seed, stream));
    clouds.push_back({name, std::move(dots.x), std::move(dots.y)});
  };
  add("Real", data.real, kRealDots);
  add("Synthetic", data.synthetic, kSyntheticDots);
  return scatter_block("Legacy: each table on its own components, axes not comparable",
                       "own component 1", "own component 2", clouds);
}

}  // namespace

Section plane_section(const Context& context) {
  const Comparison& data = context.data;
  const std::uint64_t seed = context.options.seed;
  const Rows* tables[] = {&data.real};
  const Design design(data, tables, {.most_features = 300, .most_levels = 30, .drop_first = false});
  const auto used = [&](const Rows& rows) {
    return sample_rows(rows.n_rows, context.options.sample, seed, kFit);
  };
  SparseRows fit;
  design.append(data.real, used(data.real), fit);
  const PrincipalPlane plane = principal_plane(fit);

  Check check{.id = "quality.pca_gap",
              .title = "Principal components: largest gap",
              .definition =
                  "Both tables are projected on the first two principal components of the real one "
                  "(numbers "
                  "standardised, categories as indicators); the larger of the two "
                  "Kolmogorov–Smirnov distances. One "
                  "basis for both: the old pipeline fitted each table on its own, so its axes "
                  "could not be compared.",
              .unit = "share"};
  if (plane.first_share <= 0) {
    check.why_not = "no column of the real table varies";
    return {.text = "Both tables seen from the same side.", .checks = {check}};
  }
  const Coordinates real = project(plane, design, data.real, used(data.real));
  const Coordinates synthetic = project(plane, design, data.synthetic, used(data.synthetic));
  check.value = largest_ks(real, synthetic);
  check.interval = centred_interval(*check.value, gap_draws(real, synthetic, seed), 0, 1);
  if (data.has_holdout())
    check.reference = largest_ks(real, project(plane, design, data.holdout, used(data.holdout)));
  check.note =
      fmt::format("The two components hold {:.1f} % and {:.1f} % of the real table's variance.",
                  100 * plane.first_share, 100 * plane.second_share);

  std::vector<Cloud> clouds;
  const auto add = [&](const char* name, const Rows& rows, std::uint64_t stream) {
    Coordinates dots = project(plane, design, rows, sample_rows(rows.n_rows, kDots, seed, stream));
    clouds.push_back({name, std::move(dots.x), std::move(dots.y)});
  };
  add("Real", data.real, kRealDots);
  add("Synthetic", data.synthetic, kSyntheticDots);
  if (data.has_holdout()) add("Holdout", data.holdout, kHoldoutDots);
  Section section{
      .text = "Both tables seen from the same side: every dot is a row (a random sample of them)."};
  section.checks = {check};
  section.blocks.push_back(
      scatter_block("First two principal components of the real table",
                    fmt::format("component 1 ({:.0f} %)", 100 * plane.first_share),
                    fmt::format("component 2 ({:.0f} %)", 100 * plane.second_share), clouds));
  section.blocks.push_back(legacy_picture(context));
  return section;
}

}  // namespace semblance::evaluator
