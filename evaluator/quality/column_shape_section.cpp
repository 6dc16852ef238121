#include <cmath>
#include <limits>

#include "base/parallel.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/coding.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/quality/column_shape_bootstrap.hpp"
#include "evaluator/quality/sections.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// All measures of one column against the real one.
struct Shape {
  double distance = kNaN;     ///< KS or total variation
  double wasserstein = kNaN;  ///< in real standard deviations
  double jensen_shannon = kNaN;
  double coverage = kNaN, adherence = kNaN;
};

Shape numeric_shape(const std::vector<double>& real, const Feature& other) {
  const std::vector<double> sorted = sorted_present(other.numbers);
  Shape shape;
  shape.distance = ks_distance(real, sorted);
  const double deviation = standard_deviation(real);
  if (deviation > 0) shape.wasserstein = wasserstein_distance(real, sorted) / deviation;
  shape.coverage = range_coverage(real, sorted);
  shape.adherence = boundary_adherence(real, sorted);
  return shape;
}

Shape category_shape(const std::vector<std::int64_t>& real, const Feature& other) {
  const auto counts = code_counts(other.codes, static_cast<int>(real.size()));
  Shape shape;
  shape.distance = total_variation(real, counts);
  shape.coverage = category_coverage(real, counts);
  shape.adherence = category_adherence(real, counts);
  return shape;
}

std::vector<std::int64_t> counts_of(const std::vector<std::int32_t>& codes, int n_codes) {
  return code_counts(codes, n_codes);
}

struct Shapes {
  std::vector<Shape> synthetic, holdout;
};

Shapes all_shapes(const Context& context) {
  const Comparison& data = context.data;
  Shapes shapes{std::vector<Shape>(data.columns.size()), std::vector<Shape>(data.columns.size())};
  base::parallel_for(data.n_columns(), context.options.threads, [&](std::int64_t column) {
    const auto j = static_cast<std::size_t>(column);
    const ColumnInfo& info = data.columns[j];
    if (info.numeric) {
      const std::vector<double> real = sorted_present(data.real.features[j].numbers);
      shapes.synthetic[j] = numeric_shape(real, data.synthetic.features[j]);
      if (data.has_holdout()) shapes.holdout[j] = numeric_shape(real, data.holdout.features[j]);
    } else {
      const auto real = code_counts(data.real.features[j].codes, info.n_levels());
      shapes.synthetic[j] = category_shape(real, data.synthetic.features[j]);
      if (data.has_holdout()) shapes.holdout[j] = category_shape(real, data.holdout.features[j]);
    }
    const CodedColumn codes = accuracy_codes(data, static_cast<int>(column));
    const auto real = counts_of(codes.real, codes.n_codes);
    shapes.synthetic[j].jensen_shannon =
        jensen_shannon_distance(real, counts_of(codes.synthetic, codes.n_codes));
    if (data.has_holdout()) {
      shapes.holdout[j].jensen_shannon =
          jensen_shannon_distance(real, counts_of(codes.holdout, codes.n_codes));
    }
  });
  return shapes;
}

/// The mean over columns of one measure, as a check. \param draws  its resamples
Check mean_check(const Comparison& data, const Shapes& shapes, double Shape::*measure,
                 const std::vector<double>& draws, Check check) {
  const auto mean_of = [&](const std::vector<Shape>& all) {
    std::vector<double> values;
    for (const Shape& shape : all) values.push_back(shape.*measure);
    return mean_present(values);
  };
  const double value = mean_of(shapes.synthetic);
  if (std::isnan(value)) {
    check.why_not = "no column has values of this kind in both tables";
  } else {
    check.value = value;
    check.interval = centred_interval(value, draws, 0, check.unit == "share" ? 1 : 1e300);
  }
  if (data.has_holdout()) {
    if (const double reference = mean_of(shapes.holdout); !std::isnan(reference))
      check.reference = reference;
  }
  return check;
}

Json shape_table(const Comparison& data, const Shapes& shapes) {
  Json rows = Json::array();
  for (std::size_t j = 0; j < data.columns.size(); ++j) {
    const Shape& s = shapes.synthetic[j];
    rows.push_back({data.columns[j].name(),
                    std::string(table::kind_name(data.columns[j].spec.kind)), rounded(s.distance),
                    rounded(shapes.holdout[j].distance), rounded(s.wasserstein),
                    rounded(s.jensen_shannon), rounded(s.coverage), rounded(s.adherence)});
  }
  return table_block("Column by column",
                     {"Column", "Kind", "Distance (KS or TVD)", "Reference", "Wasserstein / sd",
                      "Jensen–Shannon", "Coverage", "Within real range or levels"},
                     std::move(rows));
}

}  // namespace

Section column_shape_section(const Context& context) {
  const Comparison& data = context.data;
  const Shapes shapes = all_shapes(context);
  const ShapeDraws draws = shape_draws(data, context.options.seed, context.options.threads);
  Section section{.text =
                      "Each column on its own: does the synthetic column have the same "
                      "distribution as the real one?"};
  section.checks = {
      mean_check(
          data, shapes, &Shape::distance, draws.distance,
          {.id = "quality.shape_error",
           .title = "Column shapes: mean distance",
           .definition =
               "Mean over columns of the largest gap between the two distribution functions "
               "(Kolmogorov–Smirnov, numbers and dates) or half the summed difference of level "
               "shares "
               "(total variation, categories); missing values left out. 0 is identical. Equals 1 − "
               "Column Shapes of SDMetrics' QualityReport.",
           .unit = "share"}),
      mean_check(data, shapes, &Shape::wasserstein, draws.wasserstein,
                 {.id = "quality.wasserstein",
                  .title = "Numbers: mean Wasserstein distance",
                  .definition = "Area between the two distribution functions, in standard "
                                "deviations of the real column; "
                                "mean over numeric columns. 0 is identical."}),
      mean_check(data, shapes, &Shape::jensen_shannon, draws.jensen_shannon,
                 {.id = "quality.jensen_shannon",
                  .title = "Columns: mean Jensen–Shannon distance",
                  .definition = "Square root of the Jensen–Shannon divergence in bits over ten "
                                "quantile bins of the real "
                                "values (numbers) or the ten most frequent levels and others, "
                                "missing as its own; mean over "
                                "columns. 0 is identical, 1 disjoint."}),
      mean_check(data, shapes, &Shape::coverage, {},
                 {.id = "quality.coverage",
                  .title = "Coverage of the real range and levels",
                  .definition = "Numbers: share of the real range that the synthetic range covers; "
                                "categories: share of the "
                                "real levels that occur (SDMetrics' RangeCoverage and "
                                "CategoryCoverage); mean over columns. "
                                "Rare levels and extremes may be held back on purpose.",
                  .unit = "share"}),
      mean_check(data, shapes, &Shape::adherence, draws.adherence,
                 {.id = "quality.adherence",
                  .title = "Values within the real range and levels",
                  .definition = "Share of synthetic values inside the real range "
                                "(BoundaryAdherence) or with a level that "
                                "occurs in the real column (CategoryAdherence); mean over columns.",
                  .unit = "share"})};
  section.checks[3].no_interval =
      "the extremes and rare levels of a table do not recur in its resamples, so a bootstrap does "
      "not tell how far they move";
  section.blocks.push_back(shape_table(data, shapes));
  return section;
}

}  // namespace semblance::evaluator
