#include "evaluator/privacy/shadow_attack.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "evaluator/binomial.hpp"
#include "evaluator/blocks.hpp"
#include "evaluator/intervals.hpp"
#include "evaluator/json.hpp"
#include "evaluator/privacy/one_run_audit.hpp"
#include "evaluator/ranking.hpp"

namespace semblance::evaluator {
namespace {

/// A row's own squared deviations count beside this many of the average row.
constexpr double kPriorModels = 8;
constexpr double kLeastDeviation = 1e-6;
constexpr std::size_t kListed = 20;
/// Of the one-run bound, shared out over the statistics: the best of their bounds is reported.
constexpr double kError = 0.05;

/// Sums of one row's scores on one side.
struct Side {
  double n = 0, sum = 0, squares = 0;

  void add(double x) {
    ++n;
    sum += x;
    squares += x * x;
  }
  double mean() const { return sum / n; }
  double scatter() const { return std::max(squares - sum * sum / n, 0.0); }  ///< about the mean
};

struct RowSides {
  Side out, in;
};

std::vector<RowSides> sides_of(const ShadowScores& shadows, int left_out) {
  std::vector<RowSides> sides(static_cast<std::size_t>(shadows.rows));
  for (int m = 0; m < shadows.models; ++m) {
    if (m == left_out) continue;
    const std::size_t at = static_cast<std::size_t>(m) * sides.size();
    for (std::size_t i = 0; i < sides.size(); ++i) {
      (shadows.in[at + i] != 0 ? sides[i].in : sides[i].out).add(shadows.score[at + i]);
    }
  }
  return sides;
}

/// Mean squared deviation within sides, over all rows: [out, in].
std::array<double, 2> common_variance(const std::vector<RowSides>& sides) {
  std::array<double, 2> scatter{}, freedom{};
  for (const RowSides& row : sides) {
    for (const int k : {0, 1}) {
      const Side& side = k == 0 ? row.out : row.in;
      if (side.n < 2) continue;
      scatter[static_cast<std::size_t>(k)] += side.scatter();
      freedom[static_cast<std::size_t>(k)] += side.n - 1;
    }
  }
  return {freedom[0] > 0 ? scatter[0] / freedom[0] : 0,
          freedom[1] > 0 ? scatter[1] / freedom[1] : 0};
}

/// log of the normal density of a new score, less log sqrt(2 pi); the mean's own error counts.
double log_density(const Side& side, double common, double x) {
  const double variance =
      (side.scatter() + kPriorModels * common) / (side.n - 1 + kPriorModels) * (1 + 1 / side.n) +
      kLeastDeviation * kLeastDeviation;
  const double gap = x - side.mean();
  return -0.5 * std::log(variance) - 0.5 * gap * gap / variance;
}

/// Scores and truths of many guesses, as two lists.
struct Guesses {
  std::vector<double> members, strangers;

  void add(std::span<const double> scores, std::span<const char> in) {
    for (std::size_t i = 0; i < scores.size(); ++i)
      (in[i] != 0 ? members : strangers).push_back(scores[i]);
  }
  double auc() const { return evaluator::auc(members, strangers); }
};

Json interval_json(const Interval& interval) {
  return {{"low", rounded(interval.low)},
          {"high", rounded(interval.high)},
          {"method", interval.method}};
}

/// True positive rates at fixed false positive rates, AUC and ROC of guesses.
Json guesses_json(const Guesses& guesses, const Interval& auc_interval) {
  const Roc roc = roc_curve(guesses.members, guesses.strangers);
  const auto n = static_cast<std::int64_t>(guesses.members.size());
  Json out = {{"members", n},
              {"strangers", guesses.strangers.size()},
              {"auc", rounded(guesses.auc())},
              {"auc_interval", interval_json(auc_interval)},
              {"tpr", Json::array()}};
  for (const double fpr : {0.001, 0.01, 0.1}) {
    const double tpr = tpr_at(roc, fpr);
    out["tpr"].push_back({{"fpr", fpr},
                          {"value", rounded(tpr)},
                          {"interval", interval_json(clopper_pearson_interval(
                                           std::llround(tpr * static_cast<double>(n)), n))}});
  }
  const Roc thin = thinned(roc, 200);
  out["roc"] = {{"fpr", rounded(thin.fpr)}, {"tpr", rounded(thin.tpr)}};
  return out;
}

/// Mean of the AUC over models, and its error from their spread (the coins of two models are
/// independent).
Interval spread_interval(const std::vector<double>& aucs) {
  const auto n = static_cast<double>(aucs.size());
  const double mean = std::accumulate(aucs.begin(), aucs.end(), 0.0) / n;
  double scatter = 0;
  for (const double a : aucs) scatter += (a - mean) * (a - mean);
  const double error = kZ95 * std::sqrt(scatter / (n - 1) / n);
  return {std::max(mean - error, 0.0), std::min(mean + error, 1.0), "spread over models, 95 %"};
}

/// Sums of row values by person, and whether the person was in.
std::vector<double> by_person(std::span<const double> rows, const std::vector<std::int64_t>& person,
                              std::size_t people) {
  std::vector<double> out(people);
  for (std::size_t i = 0; i < rows.size(); ++i) out[static_cast<std::size_t>(person[i])] += rows[i];
  return out;
}

std::vector<char> person_in(std::span<const char> rows, const std::vector<std::int64_t>& person,
                            std::size_t people) {
  std::vector<char> out(people);
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i] != 0) out[static_cast<std::size_t>(person[i])] = 1;
  return out;
}

/// One statistic under attack, by row and by person.
class Trial {
 public:
  Trial(const ShadowAttack& attack, const ShadowStatistic& statistic)
      : attack_(attack), statistic_(statistic) {
    for (const std::int64_t p : attack.person)
      people_ = std::max(people_, static_cast<std::size_t>(p) + 1);
    exposure_.resize(people_);
  }

  Json run() {
    for (int m = 0; m < statistic_.shadows.models; ++m) attack_model(m);
    Json out = {{"id", statistic_.id},
                {"name", statistic_.name},
                {"definition", statistic_.definition},
                {"rows", guesses_json(rows_, spread_interval(row_aucs_))}};
    if (!attack_.person_column.empty())
      out["people"] = guesses_json(persons_, spread_interval(person_aucs_));
    out["exposed"] = exposed_json();
    out["one_run"] = one_run_;
    if (!statistic_.released.empty()) out["released"] = released_json();
    return out;
  }

 private:
  std::span<const float> scores_of(int m) const {
    const auto n = static_cast<std::size_t>(statistic_.shadows.rows);
    return std::span(statistic_.shadows.score).subspan(static_cast<std::size_t>(m) * n, n);
  }

  void attack_model(int m) {
    const auto n = static_cast<std::size_t>(statistic_.shadows.rows);
    const std::vector<double> ratios = likelihood_ratios(statistic_.shadows, scores_of(m), m);
    const auto in = std::span(statistic_.shadows.in).subspan(static_cast<std::size_t>(m) * n, n);
    Guesses own;
    own.add(ratios, in);
    row_aucs_.push_back(own.auc());
    rows_.add(ratios, in);
    const std::vector<double> sums = by_person(ratios, attack_.person, people_);
    const std::vector<char> included = person_in(in, attack_.person, people_);
    Guesses whole;
    whole.add(sums, included);
    person_aucs_.push_back(whole.auc());
    persons_.add(sums, included);
    for (std::size_t p = 0; p < people_; ++p)
      exposure_[p] += (included[p] != 0 ? sums[p] : -sums[p]) / statistic_.shadows.models;
    // The first model is the one training of the bound; the others only say what to expect.
    if (m == 0) one_run_ = one_run_json(sums, included);
  }

  Json one_run_json(std::span<const double> sums, std::span<const char> included) const {
    const OneRunAudit audit = one_run_audit(
        sums, included, attack_.delta, kError / static_cast<double>(attack_.statistics.size()));
    return {{"epsilon", rounded(audit.epsilon)},
            {"delta", audit.delta},
            {"examples", audit.guesses.examples},
            {"guesses", audit.guesses.guesses},
            {"correct", audit.guesses.correct}};
  }

  /// People of whom the attack is surest and right, over all models.
  Json exposed_json() const {
    std::vector<std::size_t> first(people_, attack_.person.size()), order(people_);
    for (std::size_t i = attack_.person.size(); i-- > 0;)
      first[static_cast<std::size_t>(attack_.person[i])] = i;
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return exposure_[a] > exposure_[b]; });
    Json out = Json::array();
    for (std::size_t k = 0; k < std::min(kListed, order.size()); ++k) {
      out.push_back({{"name", attack_.row_names[first[order[k]]]},
                     {"log_ratio", rounded(exposure_[order[k]])}});
    }
    return out;
  }

  Json released_json() const {
    const std::vector<double> ratios = likelihood_ratios(statistic_.shadows, statistic_.released);
    Guesses guesses;
    guesses.add(ratios, attack_.released_in);
    const double area = guesses.auc();
    const double error = kZ95 * auc_error(area, static_cast<double>(guesses.members.size()),
                                          static_cast<double>(guesses.strangers.size()));
    return guesses_json(
        guesses, {std::max(area - error, 0.0), std::min(area + error, 1.0), "Hanley–McNeil, 95 %"});
  }

  const ShadowAttack& attack_;
  const ShadowStatistic& statistic_;
  std::size_t people_ = 0;
  Guesses rows_, persons_;
  std::vector<double> row_aucs_, person_aucs_, exposure_;
  Json one_run_;
};

}  // namespace

std::vector<double> likelihood_ratios(const ShadowScores& shadows, std::span<const float> target,
                                      int left_out) {
  const auto n = static_cast<std::size_t>(shadows.rows);
  SEMBLANCE_EXPECT(target.size() == n &&
                       shadows.score.size() == n * static_cast<std::size_t>(shadows.models) &&
                       shadows.in.size() == shadows.score.size(),
                   kUsage, "scores and coins must have one value a model and row");
  const std::vector<RowSides> sides = sides_of(shadows, left_out);
  const auto [out, in] = common_variance(sides);
  std::vector<double> ratios(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (sides[i].in.n < 1 || sides[i].out.n < 1) continue;
    ratios[i] = log_density(sides[i].in, in, target[i]) - log_density(sides[i].out, out, target[i]);
  }
  return ratios;
}

std::string attack_text(const ShadowAttack& attack) {
  SEMBLANCE_EXPECT(!attack.statistics.empty(), kUsage, "there is no statistic to attack with");
  Json out = {{"schema", kAttackSchema},
              {"models", attack.statistics[0].shadows.models},
              {"rows", attack.statistics[0].shadows.rows},
              {"person_column", attack.person_column},
              {"seed", attack.seed}};
  out["accounted_epsilon"] =
      attack.accounted_epsilon < 0 ? Json(nullptr) : Json(attack.accounted_epsilon);
  out["attacks"] = Json::array();
  for (const ShadowStatistic& statistic : attack.statistics)
    out["attacks"].push_back(Trial(attack, statistic).run());
  return out.dump(1) + "\n";
}

}  // namespace semblance::evaluator
