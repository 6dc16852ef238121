#include "evaluator/blocks.hpp"

#include <algorithm>
#include <cmath>

namespace semblance::evaluator {
namespace {

bool is_whole(double value) { return value == std::floor(value) && std::abs(value) < 9e15; }

/// 1, or a power of two that keeps a few hundred times a huge range finite.
double scale_of(double low, double high) { return high > 1e300 || low < -1e300 ? 0x1p-12 : 1; }

/// Every digit: edges of datetimes differ in the last ones alone.
Json exact(std::span<const double> values) {
  Json out = Json::array();
  for (const double value : values) {
    out.push_back(is_whole(value)        ? Json(static_cast<std::int64_t>(value))
                  : std::isfinite(value) ? Json(value)
                                         : Json(nullptr));
  }
  return out;
}

}  // namespace

Json rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (is_whole(value)) return static_cast<std::int64_t>(value);
  const double magnitude = std::pow(10.0, 5 - std::floor(std::log10(std::abs(value))));
  if (!std::isfinite(magnitude)) return value;
  const double whole = std::round(value * magnitude) / magnitude;
  if (is_whole(whole)) return static_cast<std::int64_t>(whole);
  return whole;
}

Json rounded(std::span<const double> values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(rounded(value));
  return out;
}

Json table_block(std::string title, std::vector<std::string> columns, Json rows) {
  return {{"type", "table"},
          {"title", std::move(title)},
          {"columns", std::move(columns)},
          {"rows", std::move(rows)}};
}

Json heatmap_block(std::string title, const std::vector<std::string>& names, Json matrix,
                   bool diverging) {
  return {{"type", "heatmap"},
          {"title", std::move(title)},
          {"names", names},
          {"matrices",
           Json::array({{{"name", ""}, {"values", std::move(matrix)}, {"diverging", diverging}}})}};
}

Json heatmaps_block(std::string title, const std::vector<std::string>& names,
                    const std::vector<std::pair<std::string, Json>>& matrices) {
  Json list = Json::array();
  for (const auto& [name, values] : matrices) {
    list.push_back({{"name", name},
                    {"values", values},
                    {"diverging", name.find("ifference") != std::string::npos}});
  }
  return {{"type", "heatmap"},
          {"title", std::move(title)},
          {"names", names},
          {"matrices", std::move(list)}};
}

namespace {

Json named_series(const std::vector<std::pair<std::string, std::vector<double>>>& series) {
  Json out = Json::array();
  for (const auto& [name, values] : series)
    out.push_back({{"name", name}, {"values", rounded(values)}});
  return out;
}

Json clouds(const std::vector<Cloud>& series) {
  Json out = Json::array();
  for (const Cloud& cloud : series) {
    out.push_back({{"name", cloud.name}, {"x", rounded(cloud.x)}, {"y", rounded(cloud.y)}});
  }
  return out;
}

}  // namespace

Json histogram_block(std::string title, std::string x_title, std::span<const double> edges,
                     const std::vector<std::pair<std::string, std::vector<double>>>& series) {
  return {{"type", "histogram"},
          {"title", std::move(title)},
          {"x_title", std::move(x_title)},
          {"edges", exact(edges)},
          {"series", named_series(series)}};
}

Json scatter_block(std::string title, std::string x_title, std::string y_title,
                   const std::vector<Cloud>& series) {
  return {{"type", "scatter"},
          {"title", std::move(title)},
          {"x_title", std::move(x_title)},
          {"y_title", std::move(y_title)},
          {"series", clouds(series)}};
}

Json lines_block(std::string title, std::string x_title, std::string y_title,
                 const std::vector<Cloud>& series, bool diagonal) {
  return {{"type", "lines"},
          {"title", std::move(title)},
          {"x_title", std::move(x_title)},
          {"y_title", std::move(y_title)},
          {"diagonal", diagonal},
          {"series", clouds(series)}};
}

Json bars_block(std::string title, std::string x_title, const std::vector<std::string>& labels,
                const std::vector<std::pair<std::string, std::vector<double>>>& series) {
  return {{"type", "bars"},
          {"title", std::move(title)},
          {"x_title", std::move(x_title)},
          {"labels", labels},
          {"series", named_series(series)}};
}

std::vector<double> histogram_shares(std::span<const double> values, double low, double high,
                                     int n_bins) {
  std::vector<double> shares(static_cast<std::size_t>(n_bins));
  double n = 0;
  const double scale = scale_of(low, high);
  const double first = low * scale;
  const double width = high > low ? (high * scale - first) / n_bins : 1;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    const double bin = std::clamp(std::floor((value * scale - first) / width), 0.0, n_bins - 1.0);
    ++shares[static_cast<std::size_t>(bin)];
    ++n;
  }
  for (double& share : shares) share = n > 0 ? share / n : 0;
  return shares;
}

std::vector<double> bin_edges(double low, double high, int n_bins) {
  std::vector<double> edges(static_cast<std::size_t>(n_bins) + 1);
  const double scale = scale_of(low, high);
  const double first = low * scale, range = high * scale - first;
  for (int i = 0; i <= n_bins; ++i)
    edges[static_cast<std::size_t>(i)] = (first + range * i / n_bins) / scale;
  return edges;
}

}  // namespace semblance::evaluator
