#include "evaluator/utility/train_on_synthetic.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "base/error.hpp"
#include "evaluator/learners/booster.hpp"
#include "evaluator/learners/linear_models.hpp"
#include "evaluator/means.hpp"
#include "evaluator/quality/column_shape.hpp"
#include "evaluator/ranking.hpp"
#include "evaluator/sampling.hpp"

namespace semblance::evaluator {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
enum Stream : std::uint64_t { kTrain = 0x7571B001, kSynthetic, kTest, kSplit };

/// The target as class numbers or values; rows where it is missing are left out.
struct Labels {
  std::vector<std::int64_t> rows;
  std::vector<double> values;
};

/// Class numbers of levels: the most frequent of the real table first, the rest in one class.
std::vector<int> class_of_level(const Comparison& data, int target, int most_classes,
                                int& n_classes) {
  const auto j = static_cast<std::size_t>(target);
  const auto counts = code_counts(data.real.features[j].codes, data.columns[j].n_levels());
  std::vector<std::size_t> order(counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return counts[a] > counts[b]; });
  const auto present =
      static_cast<int>(std::count_if(counts.begin(), counts.end(), [](auto c) { return c > 0; }));
  n_classes = std::min(present, most_classes);
  std::vector<int> classes(counts.size(), -1);  // -1: unknown to the real table
  for (int k = 0; k < present; ++k)
    classes[order[static_cast<std::size_t>(k)]] = std::min(k, n_classes - 1);
  if (n_classes == 2) {  // alphabetical, so that "the second class" means the same everywhere
    const auto& levels = data.columns[j].levels;
    if (present == 2 && levels[order[0]] > levels[order[1]])
      std::swap(classes[order[0]], classes[order[1]]);
  }
  return classes;
}

Labels labels_of(const Comparison& data, const Rows& rows, int target,
                 const std::vector<int>& classes, std::int64_t most, std::uint64_t seed,
                 std::uint64_t stream) {
  const auto j = static_cast<std::size_t>(target);
  Labels out;
  for (const std::int64_t i : sample_rows(rows.n_rows, most, seed, stream)) {
    double value = kNaN;
    if (data.columns[j].numeric) {
      value = rows.features[j].numbers[static_cast<std::size_t>(i)];
    } else if (const std::int32_t code = rows.features[j].codes[static_cast<std::size_t>(i)];
               code >= 0 && classes[static_cast<std::size_t>(code)] >= 0) {
      value = classes[static_cast<std::size_t>(code)];
    }
    if (std::isnan(value)) continue;
    out.rows.push_back(i);
    out.values.push_back(value);
  }
  return out;
}

bool one_value(const std::vector<double>& values) {
  return values.empty() ||
         std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; });
}

double r_squared(const std::vector<double>& truth, const std::vector<double>& predicted) {
  const double mean = mean_present(truth);
  double rest = 0, total = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    rest += (truth[i] - predicted[i]) * (truth[i] - predicted[i]);
    total += (truth[i] - mean) * (truth[i] - mean);
  }
  return total > 0 ? 1 - rest / total : kNaN;
}

/// Mean one-against-the-rest AUC. \param p  [rows, classes]
double class_auc(const std::vector<double>& truth, const std::vector<double>& p, int n_classes) {
  std::vector<double> scores;
  for (int c = n_classes == 2 ? 1 : 0; c < n_classes; ++c) {
    std::vector<double> in, out;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const double score = p[i * static_cast<std::size_t>(n_classes) + static_cast<std::size_t>(c)];
      (static_cast<int>(truth[i]) == c ? in : out).push_back(score);
    }
    scores.push_back(auc(in, out));
  }
  return mean_present(scores);
}

class Task {
 public:
  Task(const Comparison& data, const TaskOptions& options) : data_(data), options_(options) {
    for (int j = 0; j < data.n_columns(); ++j) {
      if (j != options.target) features_.push_back(j);
    }
    SEMBLANCE_EXPECT(!features_.empty(), kData, "there is no other column to predict '{}' from",
                     name());
    regression_ = data.columns[static_cast<std::size_t>(options.target)].numeric;
    if (!regression_)
      classes_ = class_of_level(data, options.target, options.most_classes, n_classes_);
    coding_.emplace(data, features_);
  }

  const std::string& name() const {
    return data_.columns[static_cast<std::size_t>(options_.target)].name();
  }

  Labels labels(const Rows& rows, std::int64_t most, std::uint64_t stream) const {
    return labels_of(data_, rows, options_.target, classes_, most, options_.seed, stream);
  }

  /// [rows] of regression, [rows, classes] of classification.
  std::vector<double> by_trees(const Rows& train, const Labels& fit, const Rows& test,
                               const Labels& held) const {
    TreeRows fit_rows, held_rows;
    coding_->append(train, fit.rows, fit_rows);
    coding_->append(test, held.rows, held_rows);
    BoosterOptions booster{.n_classes = n_classes_,
                           .trees = options_.trees,
                           .depth = options_.depth,
                           .rate = options_.rate,
                           .seed = options_.seed,
                           .threads = options_.threads};
    if (regression_) {
      // Values are standardised: squared error then has the same scale for every column.
      booster.task = BoosterOptions::Task::kRegression;
      const double mean = mean_present(fit.values), deviation = standard_deviation(fit.values);
      SEMBLANCE_EXPECT(std::isfinite(deviation), kData,
                       "column '{}' has values too large to be predicted", name());
      std::vector<double> scaled;
      for (const double v : fit.values) scaled.push_back((v - mean) / deviation);
      std::vector<double> out = Booster(fit_rows, scaled, booster).predict(held_rows);
      for (double& v : out) v = v * deviation + mean;
      return out;
    }
    booster.task = n_classes_ == 2 ? BoosterOptions::Task::kBinary : BoosterOptions::Task::kClasses;
    std::vector<double> p = Booster(fit_rows, fit.values, booster).predict(held_rows);
    return n_classes_ == 2 ? both_classes(p) : p;
  }

  std::vector<double> by_lines(const Rows& train, const Labels& fit, const Rows& test,
                               const Labels& held) const {
    const Rows part = take(train, fit.rows);
    const Rows* tables[] = {&part};
    const Design design(data_, tables,
                        {.most_features = 300, .most_levels = 30, .columns = features_});
    SparseRows fit_rows, held_rows;
    design.append(train, fit.rows, fit_rows);
    design.append(test, held.rows, held_rows);
    const auto scores = [&](const LinearModel& model) {
      std::vector<double> out;
      for (std::int64_t i = 0; i < held_rows.n_rows(); ++i)
        out.push_back(model.score(held_rows, i));
      return out;
    };
    if (regression_) return scores(fit_least_squares(fit_rows, fit.values));
    if (n_classes_ == 2) return both_classes(scores(fit_logistic(fit_rows, fit.values, 1e-2)));
    std::vector<double> all(held.rows.size() * static_cast<std::size_t>(n_classes_));
    for (int c = 0; c < n_classes_; ++c) {  // one against the rest
      std::vector<double> is_class;
      for (const double v : fit.values) is_class.push_back(static_cast<int>(v) == c ? 1 : 0);
      const std::vector<double> one = scores(fit_logistic(fit_rows, is_class, 1e-2));
      for (std::size_t i = 0; i < one.size(); ++i)
        all[i * static_cast<std::size_t>(n_classes_) + static_cast<std::size_t>(c)] = one[i];
    }
    return all;
  }

  double score(const Labels& held, const std::vector<double>& predicted) const {
    return regression_ ? r_squared(held.values, predicted)
                       : class_auc(held.values, predicted, n_classes_);
  }

  bool regression() const { return regression_; }
  int n_classes() const { return n_classes_; }

 private:
  static std::vector<double> both_classes(const std::vector<double>& second) {
    std::vector<double> out;
    for (const double p : second) {
      out.push_back(1 - p);
      out.push_back(p);
    }
    return out;
  }

  const Comparison& data_;
  const TaskOptions& options_;
  std::vector<int> features_, classes_;
  int n_classes_ = 2;
  bool regression_ = false;
  std::optional<TreeCoding> coding_;
};

/// Of [rows, 2] or [rows]: the probability of the second class, or the value itself.
std::vector<double> last_of_each(const std::vector<double>& predicted, std::size_t rows) {
  if (rows == 0 || predicted.size() == rows) return predicted;
  const std::size_t width = predicted.size() / rows;
  std::vector<double> out;
  for (std::size_t i = 0; i < rows; ++i) out.push_back(predicted[i * width + width - 1]);
  return out;
}

}  // namespace

TaskScores train_on_synthetic(const Comparison& data, const Rows& train, const Rows& synthetic,
                              const Rows& test, const TaskOptions& options) {
  const Task task(data, options);
  // Equally many rows on both sides: a larger table would teach more, however good its rows are.
  const std::int64_t most = std::min({options.most_rows, train.n_rows, synthetic.n_rows});
  const Labels real = task.labels(train, most, kTrain),
               mock = task.labels(synthetic, most, kSynthetic),
               held = task.labels(test, options.most_rows, kTest);
  SEMBLANCE_EXPECT(!one_value(real.values), kData,
                   "the real column '{}' has a single value or none", task.name());
  SEMBLANCE_EXPECT(!one_value(held.values), kData,
                   "column '{}' has a single value or none in the test rows", task.name());
  TaskScores out{.classification = !task.regression()};
  out.n_classes = task.regression() ? 0 : task.n_classes();
  out.train_rows = static_cast<std::int64_t>(real.rows.size());
  out.test_rows = static_cast<std::int64_t>(held.rows.size());
  out.truth = held.values;
  out.test_row = held.rows;
  out.linear_real = out.linear_synthetic = kNaN;

  const std::vector<double> by_real = task.by_trees(train, real, test, held);
  out.trees_real = task.score(held, by_real);
  out.predicted_real = last_of_each(by_real, held.rows.size());
  out.predictions.trees_real = by_real;
  if (options.linear) {
    out.predictions.linear_real = task.by_lines(train, real, test, held);
    out.linear_real = task.score(held, out.predictions.linear_real);
  }
  if (one_value(mock.values)) {  // a synthetic table that lost the target teaches nothing
    out.trees_synthetic = out.classification ? 0.5 : 0;
    if (options.linear) out.linear_synthetic = out.trees_synthetic;
    return out;
  }
  const std::vector<double> by_mock = task.by_trees(synthetic, mock, test, held);
  out.trees_synthetic = task.score(held, by_mock);
  out.predicted_synthetic = last_of_each(by_mock, held.rows.size());
  out.predictions.trees_synthetic = by_mock;
  if (options.linear) {
    out.predictions.linear_synthetic = task.by_lines(synthetic, mock, test, held);
    out.linear_synthetic = task.score(held, out.predictions.linear_synthetic);
  }
  return out;
}

TaskTables task_tables(const Comparison& data, std::uint64_t seed) {
  if (data.has_holdout()) return {data.real, data.holdout, true};
  const std::vector<std::int64_t> order = shuffled_rows(data.real.n_rows, seed, kSplit);
  const auto cut = static_cast<std::ptrdiff_t>(order.size() / 5);
  return {take(data.real, {order.begin() + cut, order.end()}),
          take(data.real, {order.begin(), order.begin() + cut}), false};
}

}  // namespace semblance::evaluator
