#include "evaluator/privacy/anonymeter_attacks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "base/parallel.hpp"
#include "base/philox.hpp"
#include "evaluator/distances.hpp"
#include "evaluator/means.hpp"
#include "evaluator/privacy/predicates.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

enum Stream : std::uint64_t {
  kGuess = 0xA7707001,
  kSyntheticPart,
  kRealPart,
  kControlPart,
  kSplit,
  kTargets
};
constexpr std::int64_t kMostTries = 1000;  ///< guesses tried for each that is wanted

std::vector<Predicate> univariate_predicates(const Comparison& data, const Rows& synthetic,
                                             base::PhiloxStream& random) {
  std::vector<Predicate> out;
  for (int j = 0; j < data.n_columns(); ++j) {
    const Feature& f = synthetic.features[static_cast<std::size_t>(j)];
    out.push_back({{.test = Condition::Test::kMissing, .column = j}});
    if (data.columns[static_cast<std::size_t>(j)].numeric) {
      const std::vector<double> sorted = sorted_present(f.numbers);
      if (sorted.empty()) continue;
      out.push_back({{.test = Condition::Test::kAtMost, .column = j, .number = sorted.front()}});
      out.push_back({{.test = Condition::Test::kAtLeast, .column = j, .number = sorted.back()}});
      for (std::size_t k = 0; k < sorted.size(); ++k) {
        const bool alone = (k == 0 || sorted[k - 1] < sorted[k]) &&
                           (k + 1 == sorted.size() || sorted[k] < sorted[k + 1]);
        if (alone)
          out.push_back({{.test = Condition::Test::kEqual, .column = j, .number = sorted[k]}});
      }
    } else {
      const auto counts =
          code_counts(f.codes, data.columns[static_cast<std::size_t>(j)].n_levels());
      for (std::size_t level = 0; level < counts.size(); ++level) {
        if (counts[level] == 1) {
          out.push_back({{.test = Condition::Test::kLevel,
                          .column = j,
                          .level = static_cast<std::int32_t>(level)}});
        }
      }
    }
  }
  for (std::size_t i = out.size(); i > 1; --i) std::swap(out[i - 1], out[random.below(i)]);
  return out;
}

class MultivariateGuesser {
 public:
  MultivariateGuesser(const Comparison& data, const Rows& synthetic)
      : data_(data), synthetic_(synthetic) {
    for (std::size_t j = 0; j < data.columns.size(); ++j) {
      medians_.push_back(data.columns[j].numeric
                             ? quantile(sorted_present(synthetic.features[j].numbers), 0.5)
                             : 0);
    }
  }
  Predicate guess(base::PhiloxStream& random) const {
    const auto row =
        static_cast<std::size_t>(random.below(static_cast<std::uint64_t>(synthetic_.n_rows)));
    std::vector<int> columns(data_.columns.size());
    std::iota(columns.begin(), columns.end(), 0);
    const std::size_t width = std::min<std::size_t>(3, columns.size());
    Predicate predicate;
    for (std::size_t k = 0; k < width; ++k) {
      std::swap(columns[k], columns[k + random.below(columns.size() - k)]);
      predicate.push_back(condition(columns[k], row));
    }
    return predicate;
  }

 private:
  Condition condition(int column, std::size_t row) const {
    const auto j = static_cast<std::size_t>(column);
    const Feature& f = synthetic_.features[j];
    if (cell_missing(f, static_cast<std::int64_t>(row))) return {.column = column};
    if (!data_.columns[j].numeric)
      return {.test = Condition::Test::kLevel, .column = column, .level = f.codes[row]};
    return {
        .test = f.numbers[row] > medians_[j] ? Condition::Test::kAtLeast : Condition::Test::kAtMost,
        .column = column,
        .number = f.numbers[row]};
  }
  const Comparison& data_;
  const Rows& synthetic_;
  std::vector<double> medians_;
};

Rows part_of(const Rows& rows, std::int64_t n, std::uint64_t seed, std::uint64_t stream) {
  return take(rows, sample_rows(rows.n_rows, n, seed, stream));
}

bool guessed(const Comparison& data, int secret, const Rows& target, std::int64_t i,
             const Rows& source, std::int64_t k) {
  const auto j = static_cast<std::size_t>(secret);
  const Feature &truth = target.features[j], &guess = source.features[j];
  if (cell_missing(truth, i) || cell_missing(guess, k))
    return cell_missing(truth, i) && cell_missing(guess, k);
  if (!data.columns[j].numeric)
    return truth.codes[static_cast<std::size_t>(i)] == guess.codes[static_cast<std::size_t>(k)];
  const double a = truth.numbers[static_cast<std::size_t>(i)],
               b = guess.numbers[static_cast<std::size_t>(k)];
  const double scale =
      data.columns[j].is_date() ? data.columns[j].high - data.columns[j].low : std::abs(a);
  return std::abs(a - b) <= 0.05 * scale;
}

}  // namespace

AttackCount& AttackCount::operator+=(const AttackCount& other) {
  attacks += other.attacks;
  successes += other.successes;
  control_attacks += other.control_attacks;
  control_successes += other.control_successes;
  return *this;
}

namespace {

/// Tries guesses until enough of them are unique in the synthetic table, many at a time.
class SinglingOut {
 public:
  SinglingOut(const Comparison& data, const Rows& synthetic, const AttackOptions& options)
      : options_(options),
        synthetic_(data, synthetic),
        real_(part(data, data.real, kRealPart)),
        control_(part(data, data.holdout, kControlPart)) {}

  bool done() const { return count_.attacks >= options_.attacks; }
  const AttackCount& count() const { return count_; }

  /// The first guesses of `batch`, in order, that are needed.
  void guess(std::span<const Predicate> batch) {
    struct Outcome {
      bool tried = false, real = false, control = false;
    };
    std::vector<Outcome> outcomes(batch.size());
    base::parallel_for(
        static_cast<std::int64_t>(batch.size()), options_.distance.threads, [&](std::int64_t k) {
          const auto i = static_cast<std::size_t>(k);
          if (!synthetic_.singles_out(batch[i])) return;
          outcomes[i] = {true, real_.singles_out(batch[i]), control_.singles_out(batch[i])};
        });
    for (const Outcome& outcome : outcomes) {
      if (!outcome.tried || done()) continue;
      ++count_.attacks;
      ++count_.control_attacks;
      count_.successes += outcome.real;
      count_.control_successes += outcome.control;
    }
  }

 private:
  /// Equally many training rows and strangers.
  RankedTable part(const Comparison& data, const Rows& rows, std::uint64_t stream) const {
    const std::int64_t n = std::min(data.real.n_rows, data.holdout.n_rows);
    return {data, part_of(rows, n, options_.seed, stream)};
  }

  const AttackOptions& options_;
  AttackCount count_;
  RankedTable synthetic_, real_, control_;
};

}  // namespace

AttackCount singling_out(const Comparison& data, bool multivariate, const AttackOptions& options) {
  constexpr std::size_t kBatch = 2048;
  const Rows synthetic = part_of(data.synthetic, kMostSynthetic, options.seed, kSyntheticPart);
  SinglingOut attack(data, synthetic, options);
  base::PhiloxStream random(options.seed, base::Purpose::kEvaluate,
                            kGuess + (multivariate ? 32 : 0));
  if (!multivariate) {
    const std::vector<Predicate> all = univariate_predicates(data, synthetic, random);
    for (std::size_t first = 0; first < all.size() && !attack.done(); first += kBatch)
      attack.guess(std::span(all).subspan(first, std::min(kBatch, all.size() - first)));
    return attack.count();
  }
  const MultivariateGuesser guesser(data, synthetic);
  const std::int64_t most_tries = kMostTries * std::int64_t{options.attacks};
  for (std::int64_t tries = 0; tries < most_tries && !attack.done();
       tries += static_cast<std::int64_t>(kBatch)) {
    std::vector<Predicate> batch(kBatch);
    for (Predicate& predicate : batch) predicate = guesser.guess(random);
    attack.guess(batch);
  }
  return attack.count();
}

namespace {

/// Training rows and strangers to attack, one after the other, so that both are sought in one pass.
struct Targets {
  Targets(const Comparison& data, std::int64_t each, std::uint64_t seed, std::uint64_t stream)
      : rows(part_of(data.real, each, seed, stream)),
        members(static_cast<std::size_t>(rows.n_rows)) {
    const Rows strangers = part_of(data.holdout, each, seed, stream);
    rows.n_rows += strangers.n_rows;
    for (std::size_t j = 0; j < rows.features.size(); ++j) {
      Feature& to = rows.features[j];
      const Feature& from = strangers.features[j];
      to.numbers.insert(to.numbers.end(), from.numbers.begin(), from.numbers.end());
      to.codes.insert(to.codes.end(), from.codes.begin(), from.codes.end());
    }
  }

  void count(std::size_t target, bool right, AttackCount& counts) const {
    (target < members ? counts.attacks : counts.control_attacks) += 1;
    (target < members ? counts.successes : counts.control_successes) += right;
  }

  Rows rows;
  std::size_t members;  // of rows; the rest are strangers
};

}  // namespace

AttackCount linkability(const Comparison& data, const AttackOptions& options) {
  constexpr int kSplits = 5;
  const int each = std::max(options.attacks / kSplits, 1);
  AttackCount count;
  for (std::uint64_t split = 0; split < kSplits; ++split) {
    const auto order = shuffled_rows(data.n_columns(), options.seed, kSplit + 32 * split);
    std::vector<int> left, right;
    for (std::size_t k = 0; k < order.size(); ++k)
      (k % 2 == 0 ? left : right).push_back(static_cast<int>(order[k]));
    const Targets targets(data, each, options.seed, kTargets + 32 * split);
    const auto a = nearest(data, targets.rows, data.synthetic, options.distance, left);
    const auto b = nearest(data, targets.rows, data.synthetic, options.distance, right);
    for (std::size_t i = 0; i < a.size(); ++i)
      targets.count(i, a[i].first_row == b[i].first_row, count);
  }
  return count;
}

AttackCount inference(const Comparison& data, int secret, const AttackOptions& options) {
  std::vector<int> known;
  for (int j = 0; j < data.n_columns(); ++j) {
    if (j != secret) known.push_back(j);
  }
  AttackCount count;
  const Targets targets(data, options.attacks, options.seed, kTargets);
  const auto found = nearest(data, targets.rows, data.synthetic, options.distance, known);
  for (std::size_t i = 0; i < found.size(); ++i) {
    targets.count(i,
                  guessed(data, secret, targets.rows, static_cast<std::int64_t>(i), data.synthetic,
                          found[i].first_row),
                  count);
  }
  return count;
}

}  // namespace semblance::evaluator
