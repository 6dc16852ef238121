/// The sections of the report that ask: does the synthetic table look like the real one?
#pragma once

#include "evaluator/context.hpp"

namespace semblance::evaluator {

/// quality.shape_error, wasserstein, jensen_shannon, coverage, adherence; a table of all columns.
Section column_shape_section(const Context& context);
/// quality.statistic_error; the summary of every number.
Section summary_statistics_section(const Context& context);
/// quality.alpha_precision, beta_recall, authenticity, corrected and as published.
Section fidelity_section(const Context& context);
/// quality.sdv_score, chi_square, gower_nearest, gower_furthest: the old pipeline's other numbers.
Section old_pipeline_section(const Context& context);
/// quality.missing_*: rates, patterns of whole rows, what is missing together.
Section missingness_section(const Context& context);
/// quality.trend_error, pearson_error, spearman_error; heatmaps.
Section pair_trend_section(const Context& context);
/// quality.c2st_auc, spmse_*, pmse_logistic, specks: classifiers on at most `sample` rows a side.
Section detection_section(const Context& context);
/// quality.pca_gap; a scatter plot that shows real rows as points.
Section plane_section(const Context& context);
/// quality.weekday_error, month_error, hour_error; not computed without date columns.
Section date_rhythm_section(const Context& context);
/// quality.entity_*: rows a person, what stays the same, one row after the other; not computed when
/// the metadata name no entity.
Section entity_section(const Context& context);
/// quality.accuracy_1way to 3way, svw_pairs, mutual_information_error.
Section accuracy_section(const Context& context);

}  // namespace semblance::evaluator
