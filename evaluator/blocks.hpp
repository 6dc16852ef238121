/// Tables and plots of a report, in the forms that docs/REPORT.md lists and report.js draws.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evaluator/json.hpp"

namespace semblance::evaluator {

/// A number for the page: rounded to six significant digits, whole numbers below 9e15 as they are;
/// null when not finite.
Json rounded(double value);
Json rounded(std::span<const double> values);

/// A sortable table.
/// \param columns  headings
/// \param rows     arrays of texts and numbers
Json table_block(std::string title, std::vector<std::string> columns, Json rows);

/// A square matrix of numbers over named columns.
/// \param diverging  colours around 0, else from 0 up
Json heatmap_block(std::string title, const std::vector<std::string>& names, Json matrix,
                   bool diverging);

/// Several matrices over the same names, one shown at a time.
Json heatmaps_block(std::string title, const std::vector<std::string>& names,
                    const std::vector<std::pair<std::string, Json>>& matrices);

/// Histograms over shared bin edges, as shares. \param series  name and share of each bin
Json histogram_block(std::string title, std::string x_title, std::span<const double> edges,
                     const std::vector<std::pair<std::string, std::vector<double>>>& series);

/// Point clouds. \param series  name, x values, y values
struct Cloud {
  std::string name;          ///< for the legend
  std::vector<double> x, y;  ///< of equal length; for lines in the order of drawing
};
/// Every point is written to the page: thin large clouds before.
Json scatter_block(std::string title, std::string x_title, std::string y_title,
                   const std::vector<Cloud>& series);

/// Lines, for example ROC curves. \param diagonal  also draw y = x
Json lines_block(std::string title, std::string x_title, std::string y_title,
                 const std::vector<Cloud>& series, bool diagonal);

/// Horizontal bars, largest first as given. \param series  name and a value for each label
Json bars_block(std::string title, std::string x_title, const std::vector<std::string>& labels,
                const std::vector<std::pair<std::string, std::vector<double>>>& series);

/// Shares of the values in equal bins of [low, high]; values outside fall in the outer bins, NaN is
/// left out.
std::vector<double> histogram_shares(std::span<const double> values, double low, double high,
                                     int n_bins);
/// n_bins + 1 equally spaced numbers from low to high.
std::vector<double> bin_edges(double low, double high, int n_bins);

}  // namespace semblance::evaluator
