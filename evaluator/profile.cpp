#include "evaluator/profile.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/parallel.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/column_shape.hpp"

namespace semblance::evaluator {
namespace {

constexpr int kBins = 40;
constexpr std::size_t kMostLevels = 25;

struct Named {
  const char* name;
  const Rows* rows;
};

std::vector<Named> tables_of(const Comparison& data) {
  std::vector<Named> tables = {{"Real", &data.real}, {"Synthetic", &data.synthetic}};
  if (data.has_holdout()) tables.push_back({"Holdout", &data.holdout});
  return tables;
}

/// A number of a column as people read it; dates as text.
Json shown(const ColumnInfo& info, double value) {
  if (!std::isfinite(value)) return nullptr;
  if (!info.is_date()) return rounded(value);
  return cell_text(info, Feature{.numbers = {std::round(value)}}, 0);
}

Json numeric_summary(const ColumnInfo& info, const std::vector<double>& sorted,
                     std::int64_t n_rows) {
  const auto distinct = [&] {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) count += i == 0 || sorted[i] != sorted[i - 1];
    return count;
  };
  Json out = {{"rows", n_rows},
              {"missing", n_rows - static_cast<std::int64_t>(sorted.size())},
              {"distinct", distinct()}};
  const double mean = mean_present(sorted);
  out["mean"] = shown(info, mean);
  if (!info.is_date()) out["sd"] = rounded(standard_deviation(sorted));
  const std::array<std::pair<const char*, double>, 7> kQuantiles = {{{"min", 0},
                                                                     {"p5", 0.05},
                                                                     {"p25", 0.25},
                                                                     {"median", 0.5},
                                                                     {"p75", 0.75},
                                                                     {"p95", 0.95},
                                                                     {"max", 1}}};
  for (const auto& [name, share] : kQuantiles) out[name] = shown(info, quantile(sorted, share));
  return out;
}

/// Bin edges over the central part of all tables, so that one extreme value does not flatten the
/// rest.
std::pair<double, double> plot_range(const std::vector<std::vector<double>>& sorted) {
  double low = INFINITY, high = -INFINITY;
  for (const auto& values : sorted) {
    if (values.empty()) continue;
    const double p1 = quantile(values, 0.005), p99 = quantile(values, 0.995);
    const double margin = (p99 - p1) * 0.05;
    low = std::min(low, std::max(values.front(), p1 - margin));
    high = std::max(high, std::min(values.back(), p99 + margin));
  }
  return low < high ? std::pair{low, high} : std::pair{low - 0.5, low + 0.5};
}

/// Whole-number columns of few values get a bin a value.
std::pair<std::pair<double, double>, int> bins_for(const ColumnInfo& info,
                                                   std::pair<double, double> range) {
  const bool whole =
      info.spec.kind == table::Kind::kInteger || info.spec.kind == table::Kind::kDate;
  if (whole && range.second - range.first < kBins) {
    return {{std::floor(range.first) - 0.5, std::floor(range.second) + 0.5},
            static_cast<int>(std::floor(range.second) - std::floor(range.first)) + 1};
  }
  if (whole) {  // whole bins, so that no bin holds one value more than its neighbour
    const double width = std::ceil((range.second - range.first + 1) / kBins);
    const double low = std::floor(range.first) - 0.5;
    const int n = static_cast<int>(std::ceil((range.second + 0.5 - low) / width));
    return {{low, low + width * n}, std::max(n, 1)};
  }
  return {range, kBins};
}

Json numeric_profile(const Comparison& data, std::size_t j) {
  const ColumnInfo& info = data.columns[j];
  Json tables = Json::object();
  std::vector<std::vector<double>> sorted;
  for (const Named& t : tables_of(data)) {
    sorted.push_back(sorted_present(t.rows->features[j].numbers));
    tables[t.name] = numeric_summary(info, sorted.back(), t.rows->n_rows);
  }
  Json out = {{"tables", std::move(tables)}};
  if (sorted[0].empty() && sorted[1].empty()) return out;
  const auto [range, n_bins] = bins_for(info, plot_range(sorted));
  std::vector<std::pair<std::string, std::vector<double>>> series;
  std::size_t t = 0;
  for (const Named& named : tables_of(data)) {
    series.emplace_back(named.name,
                        histogram_shares(sorted[t++], range.first, range.second, n_bins));
  }
  const std::vector<double> edges = bin_edges(range.first, range.second, n_bins);
  out["plot"] = histogram_block("", info.name(), edges, series);
  if (info.is_date()) {
    Json texts = Json::array();
    for (const double edge : edges) texts.push_back(shown(info, std::ceil(edge)));
    out["plot"]["edge_texts"] = std::move(texts);
  }
  return out;
}

Json category_profile(const Comparison& data, std::size_t j) {
  const ColumnInfo& info = data.columns[j];
  std::vector<std::vector<std::int64_t>> counts;
  std::vector<std::int64_t> present;
  Json tables = Json::object();
  for (const Named& t : tables_of(data)) {
    counts.push_back(code_counts(t.rows->features[j].codes, info.n_levels()));
    present.push_back(std::accumulate(counts.back().begin(), counts.back().end(), std::int64_t{0}));
    const auto distinct =
        std::count_if(counts.back().begin(), counts.back().end(), [](auto c) { return c > 0; });
    tables[t.name] = {{"rows", t.rows->n_rows},
                      {"missing", t.rows->n_rows - present.back()},
                      {"distinct", distinct}};
  }
  std::vector<std::size_t> order(info.levels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(counts[0][a], counts[1][a]) > std::pair(counts[0][b], counts[1][b]);
  });
  const std::size_t kept = std::min(kMostLevels, order.size());
  std::vector<std::string> labels;
  for (std::size_t k = 0; k < kept; ++k) labels.push_back(info.levels[order[k]]);
  if (kept < order.size())
    labels.push_back("(" + std::to_string(order.size() - kept) + " further levels)");
  std::vector<std::pair<std::string, std::vector<double>>> series;
  std::size_t t = 0;
  for (const Named& named : tables_of(data)) {
    const double n = std::max<double>(static_cast<double>(present[t]), 1);
    std::vector<double> shares;
    double rest = 1;
    for (std::size_t k = 0; k < kept; ++k) {
      shares.push_back(static_cast<double>(counts[t][order[k]]) / n);
      rest -= shares.back();
    }
    if (kept < order.size()) shares.push_back(std::max(rest, 0.0));
    series.emplace_back(named.name, std::move(shares));
    ++t;
  }
  return {{"tables", std::move(tables)},
          {"plot", bars_block("", "share of present values", labels, series)}};
}

}  // namespace

Json profile_columns(const Comparison& data, int threads) {
  std::vector<Json> columns(data.columns.size());
  base::parallel_for(data.n_columns(), threads, [&](std::int64_t column) {
    const auto j = static_cast<std::size_t>(column);
    const ColumnInfo& info = data.columns[j];
    Json profile = info.numeric ? numeric_profile(data, j) : category_profile(data, j);
    Json out = {{"name", info.name()}, {"kind", std::string(table::kind_name(info.spec.kind))}};
    out.update(profile);
    columns[j] = std::move(out);
  });
  return columns;
}

}  // namespace semblance::evaluator
