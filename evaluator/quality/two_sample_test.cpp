#include "evaluator/quality/two_sample_test.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "evaluator/ranking.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t { kFirst = 0xC2500001, kSecond, kFoldFirst, kFoldSecond, kPermutation };

TreeRows rows_of(const TreeRows& all, const std::vector<std::int64_t>& chosen) {
  TreeRows out{static_cast<std::int64_t>(chosen.size()), all.n_columns, {}};
  const auto width = static_cast<std::size_t>(all.n_columns);
  out.values.reserve(chosen.size() * width);
  for (const std::int64_t row : chosen) {
    const auto first =
        all.values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * width);
    out.values.insert(out.values.end(), first, first + static_cast<std::ptrdiff_t>(width));
  }
  return out;
}

}  // namespace

TwoSampleTest two_sample_test(const Comparison& data, const Rows& first, const Rows& second,
                              const TwoSampleOptions& options) {
  TwoSampleTest out;
  out.rows = std::min({first.n_rows, second.n_rows, options.most_rows});
  SEMBLANCE_EXPECT(
      out.rows >= 2 * options.folds, kData,
      "a test that sorts rows apart needs at least {} rows in each table, but one has {}",
      2 * options.folds, out.rows);
  const TreeCoding coding(data);
  TreeRows all;
  coding.append(first, sample_rows(first.n_rows, out.rows, options.seed, kFirst), all);
  coding.append(second, sample_rows(second.n_rows, out.rows, options.seed, kSecond), all);

  const auto n = static_cast<std::size_t>(out.rows);
  std::vector<double> labels(2 * n);
  std::fill(labels.begin() + static_cast<std::ptrdiff_t>(n), labels.end(), 1.0);
  if (options.permute_labels) {
    const auto order =
        shuffled_rows(2 * out.rows, options.seed, kPermutation + 16 * (options.permutation + 1));
    std::vector<double> mixed(labels.size());
    for (std::size_t i = 0; i < mixed.size(); ++i)
      mixed[i] = labels[static_cast<std::size_t>(order[i])];
    labels = std::move(mixed);
  }
  // Rows of each side go round the folds in random order, so that every fold holds both evenly.
  std::vector<int> fold(2 * n);
  const auto order_first = shuffled_rows(out.rows, options.seed, kFoldFirst);
  const auto order_second = shuffled_rows(out.rows, options.seed, kFoldSecond);
  for (std::size_t i = 0; i < n; ++i) {
    fold[static_cast<std::size_t>(order_first[i])] = static_cast<int>(i) % options.folds;
    fold[n + static_cast<std::size_t>(order_second[i])] = static_cast<int>(i) % options.folds;
  }

  std::vector<double> p(2 * n);
  out.gain_shares.assign(data.columns.size(), 0);
  // One thread a fold: trees of this size gain little from more, and folds are independent.
  std::vector<double> fold_auc(static_cast<std::size_t>(options.folds));
  std::vector<std::vector<double>> fold_gain(fold_auc.size());
  base::parallel_for(options.folds, options.threads, [&](std::int64_t f) {
    std::vector<std::int64_t> fit, held;
    for (std::size_t i = 0; i < 2 * n; ++i)
      (fold[i] == f ? held : fit).push_back(static_cast<std::int64_t>(i));
    std::vector<double> fit_labels;
    for (const std::int64_t i : fit) fit_labels.push_back(labels[static_cast<std::size_t>(i)]);
    const Booster model(rows_of(all, fit), fit_labels,
                        {.trees = options.trees,
                         .depth = options.depth,
                         .rate = options.rate,
                         .seed = options.seed});
    const std::vector<double> predicted = model.predict(rows_of(all, held));
    std::vector<double> positives, negatives;
    for (std::size_t k = 0; k < held.size(); ++k) {
      const auto i = static_cast<std::size_t>(held[k]);
      p[i] = predicted[k];
      (labels[i] > 0 ? positives : negatives).push_back(predicted[k]);
    }
    fold_auc[static_cast<std::size_t>(f)] = auc(positives, negatives);
    fold_gain[static_cast<std::size_t>(f)] = model.gain_shares();
  });
  for (std::size_t f = 0; f < fold_auc.size(); ++f) {
    out.auc += fold_auc[f] / options.folds;
    for (std::size_t j = 0; j < out.gain_shares.size(); ++j)
      out.gain_shares[j] += fold_gain[f][j] / options.folds;
  }
  out.error = auc_error(out.auc, static_cast<double>(n), static_cast<double>(n));
  for (std::size_t i = 0; i < 2 * n; ++i)
    (labels[i] > 0 ? out.p_second : out.p_first).push_back(p[i]);
  return out;
}

}  // namespace semblance::evaluator
