#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "base/parallel.hpp"
#include "base/philox.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/bootstrap.hpp"
#include "evaluator/coding.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/cell_tables.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/quality/information.hpp"
#include "evaluator/quality/pair_bootstrap.hpp"
#include "evaluator/quality/sections.hpp"
#include "evaluator/quality/voas_williamson_legacy.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::array<std::size_t, 3> kBootstrapTables = {200, 150, 20};  ///< of each width
constexpr double kMostCounts =
    1.5e9;  ///< rows times tables counted exactly; beyond, tables are sampled
enum Stream : std::uint64_t { kTuples = 0xACC00001, kEven };

using Tuple = std::vector<int>;

/// All combinations of `width` of d columns, or a random choice of them when there are too many.
std::vector<Tuple> tuples(int d, int width, double rows, std::uint64_t seed, bool& sampled) {
  double all = 1;
  for (int k = 0; k < width; ++k) all *= static_cast<double>(d - k) / (k + 1);
  sampled = all * rows * width > kMostCounts;
  std::vector<Tuple> out;
  if (!sampled) {
    Tuple t(static_cast<std::size_t>(width));
    const std::function<void(int, int)> extend = [&](int place, int first) {
      if (place == width) {
        out.push_back(t);
        return;
      }
      for (int j = first; j < d; ++j) {
        t[static_cast<std::size_t>(place)] = j;
        extend(place + 1, j + 1);
      }
    };
    extend(0, 0);
    return out;
  }
  const auto wanted = static_cast<std::size_t>(std::max(kMostCounts / (rows * width), 50.0));
  for (std::size_t k = 0; k < wanted; ++k) {
    Tuple t;
    for (const std::int64_t j : sample_rows(d, width, seed, kTuples + 64 * (k + 1)))
      t.push_back(static_cast<int>(j));
    out.push_back(std::move(t));
  }
  return out;
}

/// Distances of all tables of one width: real against synthetic, against the holdout, and what
/// chance gives.
struct Accuracy {
  double value = kNaN, reference = kNaN, ceiling = kNaN;
  std::size_t tables = 0;
  bool sampled = false;
};

Accuracy accuracy(const Context& context, const std::vector<CodedColumn>& codes, int width) {
  const Comparison& data = context.data;
  Accuracy out;
  if (data.n_columns() < width) return out;
  const double rows = static_cast<double>(data.real.n_rows + data.synthetic.n_rows);
  const std::vector<Tuple> all =
      tuples(data.n_columns(), width, rows, context.options.seed, out.sampled);
  out.tables = all.size();
  std::vector<double> value(all.size()), reference(all.size(), kNaN), ceiling(all.size());
  base::parallel_for(
      static_cast<std::int64_t>(all.size()), context.options.threads, [&](std::int64_t t) {
        const auto k = static_cast<std::size_t>(t);
        std::vector<std::span<const std::int32_t>> real, synthetic, holdout;
        std::vector<int> n_codes;
        for (const int j : all[k]) {
          const CodedColumn& c = codes[static_cast<std::size_t>(j)];
          real.emplace_back(c.real);
          synthetic.emplace_back(c.synthetic);
          holdout.emplace_back(c.holdout);
          n_codes.push_back(c.n_codes);
        }
        const auto cells = cross_table(real, synthetic, n_codes);
        value[k] = 1 - cell_distance(cells);
        ceiling[k] = 1 - expected_cell_distance(cells, data.real.n_rows, data.synthetic.n_rows);
        if (data.has_holdout())
          reference[k] = 1 - cell_distance(cross_table(real, holdout, n_codes));
      });
  out.value = mean_present(value);
  out.ceiling = mean_present(ceiling);
  out.reference = mean_present(reference);
  return out;
}

/// Codes of one side of all columns, as the bootstrap wants them.
struct Sides {
  std::vector<std::span<const std::int32_t>> real, other;
  std::vector<int> n_codes;
};

Sides sides_of(const std::vector<CodedColumn>& codes) {
  Sides out;
  for (const CodedColumn& c : codes) {
    out.real.emplace_back(c.real);
    out.other.emplace_back(c.synthetic);
    out.n_codes.push_back(c.n_codes);
  }
  return out;
}

/// The mean of a statistic of cross tables of one width, in resamples of both tables.
std::vector<double> draws_of(const Context& context, const Sides& sides, int width,
                             const TableStatistic& statistic) {
  const std::uint64_t seed = context.options.seed;
  const auto n = [](const auto& side) { return static_cast<std::int64_t>(side[0].size()); };
  return table_draws(
      chosen_tuples(static_cast<int>(sides.n_codes.size()), width,
                    kBootstrapTables[static_cast<std::size_t>(width) - 1], seed),
      sides.real, sides.other, sides.n_codes, Resamples(n(sides.real), seed, kRealRows),
      Resamples(n(sides.other), seed, kSyntheticRows), context.options.threads, statistic);
}

Check accuracy_check(const Context& context, const std::vector<CodedColumn>& codes, int width) {
  constexpr std::array<const char*, 3> kNames = {"one", "two", "three"};
  Check check{
      .id = fmt::format("quality.accuracy_{}way", width),
      .title =
          fmt::format("Accuracy of {}-way tables", kNames[static_cast<std::size_t>(width) - 1]),
      .definition = fmt::format("1 − half the summed difference of cell shares, mean over all "
                                "tables of {} column{}; numbers in ten bins of "
                                "equal frequency, the ten most frequent levels and others, missing "
                                "as its own (mostlyai-qa). The ceiling is "
                                "what two samples of one population show by chance.",
                                kNames[static_cast<std::size_t>(width) - 1], width == 1 ? "" : "s"),
      .unit = "share"};
  const Accuracy a = accuracy(context, codes, width);
  if (std::isnan(a.value)) {
    check.why_not = fmt::format("there are fewer than {} columns", width);
    return check;
  }
  check.value = a.value;
  check.interval = centred_interval(
      a.value,
      draws_of(context, sides_of(codes), width,
               [](auto x, auto y, const auto&) { return 1 - total_variation(x, y); }),
      0, 1);
  if (!std::isnan(a.reference)) check.reference = a.reference;
  check.note = fmt::format("Ceiling {:.2f} %, {} {} tables.", 100 * a.ceiling,
                           a.sampled ? "a random sample of" : "all", a.tables);
  return check;
}

/// Mean S_VW over all two-way tables of rows cut to the same number n. \param draws  its
/// resamples, when wanted
double mean_vw(const Context& context, const std::vector<CodedColumn>& codes, bool holdout,
               const std::vector<std::int64_t>& real_rows,
               const std::vector<std::int64_t>& other_rows, std::vector<double>* draws) {
  const auto chosen = [](const std::vector<std::int32_t>& all,
                         const std::vector<std::int64_t>& rows) {
    std::vector<std::int32_t> out;
    for (const std::int64_t i : rows) out.push_back(all[static_cast<std::size_t>(i)]);
    return out;
  };
  std::vector<std::vector<std::int32_t>> real, other;
  for (const CodedColumn& c : codes) {
    real.push_back(chosen(c.real, real_rows));
    other.push_back(chosen(holdout ? c.holdout : c.synthetic, other_rows));
  }
  if (draws != nullptr) {
    Sides sides;
    for (std::size_t j = 0; j < codes.size(); ++j) {
      sides.real.emplace_back(real[j]);
      sides.other.emplace_back(other[j]);
      sides.n_codes.push_back(codes[j].n_codes);
    }
    *draws = draws_of(context, sides, 2, [](auto a, auto b, const auto&) {
      std::vector<CellPair> cells;
      for (std::size_t k = 0; k < a.size(); ++k) {
        if (a[k] > 0 || b[k] > 0) cells.push_back({a[k], b[k]});
      }
      return voas_williamson(cells).ratio;
    });
  }
  std::vector<double> sums(codes.size()), counts(codes.size());
  base::parallel_for(
      static_cast<std::int64_t>(codes.size()), context.options.threads, [&](std::int64_t first) {
        const auto i = static_cast<std::size_t>(first);
        for (std::size_t j = i + 1; j < codes.size(); ++j) {
          const std::array<std::span<const std::int32_t>, 2> a = {real[i], real[j]},
                                                             b = {other[i], other[j]};
          const std::array<int, 2> n_codes = {codes[i].n_codes, codes[j].n_codes};
          const double ratio = voas_williamson(cross_table(a, b, n_codes)).ratio;
          if (std::isnan(ratio)) continue;
          sums[i] += ratio;
          ++counts[i];
        }
      });
  const double n = std::accumulate(counts.begin(), counts.end(), 0.0);
  return n > 0 ? std::accumulate(sums.begin(), sums.end(), 0.0) / n : kNaN;
}

Check voas_check(const Context& context, const std::vector<CodedColumn>& codes) {
  const Comparison& data = context.data;
  Check check{.id = "quality.svw_pairs",
              .title = "Voas–Williamson statistic of pairs",
              .definition =
                  "Mean over all two-way tables of two cells or more of S_VW = Σ (s − r)² / ((s + "
                  "r)/2) / (cells − 1), "
                  "r and s the counts of equally "
                  "many real and synthetic rows (synthpop's utility.tab). 1: drawn from the real "
                  "cells; 2: two samples of one "
                  "population; it grows with rows when the tables differ.",
              .unit = "ratio"};
  std::int64_t n = std::min({data.real.n_rows, data.synthetic.n_rows, context.options.sample});
  if (data.has_holdout()) n = std::min(n, data.holdout.n_rows);
  const auto rows = [&](const Rows& r) {
    return sample_rows(r.n_rows, n, context.options.seed, kEven);
  };
  std::vector<double> draws;
  const double value =
      mean_vw(context, codes, false, rows(data.real), rows(data.synthetic), &draws);
  if (std::isnan(value)) {
    check.why_not = "no pair of columns has two cells or more";
  } else {
    check.value = value;
    check.interval = centred_interval(value, std::move(draws), 0);
    check.note = fmt::format("On {} rows of each table.", n);
    if (data.has_holdout())
      check.reference = mean_vw(context, codes, true, rows(data.real), rows(data.holdout), nullptr);
  }
  check.legacy = legacy_voas_williams(data);
  check.legacy_definition =
      "The old pipeline's “Voas–Williams pMSE”: Σ (S − R)² / ((S + R)/2) over cells of the two "
      "tables row by row, one-hot, "
      "missing as 0, divided by 8 (N_R + N_S). It depends on the order of rows and is not the "
      "Voas–Williamson statistic.";
  return check;
}

/// Normalised mutual information of all pairs, [columns, columns].
std::vector<double> information(const std::vector<CodedColumn>& codes,
                                std::vector<std::int32_t> CodedColumn::*side, int threads) {
  const std::size_t d = codes.size();
  std::vector<double> out(d * d, kNaN);
  base::parallel_for(static_cast<std::int64_t>(d), threads, [&](std::int64_t first) {
    const auto i = static_cast<std::size_t>(first);
    for (std::size_t j = i + 1; j < d; ++j) {
      const auto &x = codes[i].*side, &y = codes[j].*side;
      std::vector<std::int64_t> counts(static_cast<std::size_t>(codes[i].n_codes) *
                                       static_cast<std::size_t>(codes[j].n_codes));
      for (std::size_t r = 0; r < x.size(); ++r) {
        ++counts[static_cast<std::size_t>(x[r]) * static_cast<std::size_t>(codes[j].n_codes) +
                 static_cast<std::size_t>(y[r])];
      }
      out[i * d + j] = out[j * d + i] =
          normalised_information(counts, codes[i].n_codes, codes[j].n_codes);
    }
  });
  return out;
}

double mean_gap(const std::vector<double>& real, const std::vector<double>& other) {
  std::vector<double> gaps;
  for (std::size_t k = 0; k < real.size(); ++k) gaps.push_back(relation_gap(real[k], other[k]));
  return mean_present(gaps);
}

Check information_check(const Context& context, const std::vector<CodedColumn>& codes,
                        Json& blocks) {
  const Comparison& data = context.data;
  const int threads = context.options.threads;
  Check check{.id = "quality.mutual_information_error",
              .title = "Mutual information: mean difference",
              .definition =
                  "Mean over pairs of columns of |NMI(real) − NMI(synthetic)|, NMI the mutual "
                  "information over the "
                  "geometric mean of the entropies, on the codes of the accuracy tables; 0 "
                  "where a column is constant in the synthetic table alone. Sees relations of any "
                  "form.",
              .unit = ""};
  const auto real = information(codes, &CodedColumn::real, threads),
             synthetic = information(codes, &CodedColumn::synthetic, threads);
  const double value = mean_gap(real, synthetic);
  if (std::isnan(value)) {
    check.why_not = "fewer than two columns vary";
    return check;
  }
  check.value = value;
  const Sides sides = sides_of(codes);
  check.interval =
      centred_interval(value,
                       draws_of(context, sides, 2,
                                [&](auto a, auto b, const std::vector<int>& pair) {
                                  const int x = sides.n_codes[static_cast<std::size_t>(pair[0])],
                                            y = sides.n_codes[static_cast<std::size_t>(pair[1])];
                                  return relation_gap(normalised_information(a, x, y),
                                                      normalised_information(b, x, y));
                                }),
                       0, 1);
  if (data.has_holdout())
    check.reference = mean_gap(real, information(codes, &CodedColumn::holdout, threads));
  std::vector<std::string> names;
  for (const ColumnInfo& column : data.columns) names.push_back(column.name());
  const std::size_t d = codes.size();
  const auto matrix = [&](const std::vector<double>& m) {
    Json rows = Json::array();
    for (std::size_t i = 0; i < d; ++i) rows.push_back(rounded(std::span(m).subspan(i * d, d)));
    return rows;
  };
  std::vector<double> difference;
  for (std::size_t k = 0; k < real.size(); ++k) difference.push_back(synthetic[k] - real[k]);
  blocks.push_back(heatmaps_block("Normalised mutual information", names,
                                  {{"Real", matrix(real)},
                                   {"Synthetic", matrix(synthetic)},
                                   {"Difference", matrix(difference)}}));
  return check;
}

}  // namespace

Section accuracy_section(const Context& context) {
  std::vector<CodedColumn> codes(context.data.columns.size());
  base::parallel_for(context.data.n_columns(), context.options.threads, [&](std::int64_t j) {
    codes[static_cast<std::size_t>(j)] = accuracy_codes(context.data, static_cast<int>(j));
  });
  Section section{
      .text = "Are cells of tables of one, two and three columns filled as in the real data?"};
  for (int width = 1; width <= 3; ++width)
    section.checks.push_back(accuracy_check(context, codes, width));
  section.checks.push_back(voas_check(context, codes));
  section.checks.push_back(information_check(context, codes, section.blocks));
  return section;
}

}  // namespace semblance::evaluator
