/// Membership attacks with shadow models: the likelihood ratio attack (LiRA) of Carlini et al.,
/// "Membership Inference Attacks From First Principles", IEEE S&P 2022, on scores that somebody
/// else has computed. Knows no model: pipeline/attack.hpp trains them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace semblance::evaluator {

/// How well each row of a pool fits each of several models that were trained on random halves of
/// it.
struct ShadowScores {
  int models = 0;            ///< at least 4
  std::int64_t rows = 0;     ///< of the pool
  std::vector<float> score;  ///< [models, rows], higher for "was in"; finite
  std::vector<char> in;      ///< [models, rows]: the model was trained on the row
};

/// log N(s; in) - log N(s; out) of each row, for scores `target` of one more model, or of model
/// `left_out`, which then teaches nothing. In and out each have a mean a row and one deviation a
/// row, shrunk towards that of all rows, as few models tell little of one row. Rows that were
/// always in, or always out, get 0. \param target  [rows]
std::vector<double> likelihood_ratios(const ShadowScores& shadows, std::span<const float> target,
                                      int left_out = -1);

/// One statistic of the models, for example the likelihood of a row.
struct ShadowStatistic {
  std::string id, name, definition;  ///< "model", "Likelihood under the model", ...
  ShadowScores shadows;              ///< of models on random halves
  std::vector<float> released;       ///< [rows] scores of the released model; empty: there is none
};

/// Everything that the attack was told.
struct ShadowAttack {
  std::vector<ShadowStatistic> statistics;  ///< one at least, all of the same rows and coins
  std::vector<std::int64_t> person;         ///< [rows] whose row it is, 0 to people - 1
  std::vector<char> released_in;            ///< [rows] the released model was trained on it
  std::vector<std::string> row_names;       ///< [rows] for the list of the most exposed
  std::string person_column;                ///< "" : every row is a person
  double delta = 1e-5;                      ///< of the one-run bound
  double accounted_epsilon = -1;            ///< of the training; negative: it was not private
  std::uint64_t seed = 1;                   ///< told in the file
};

/// Each model in turn is attacked with the others as its shadows, then the released one with all.
/// Returns the text of attack.json (schema docs/REPORT.md): for each statistic AUC, true positive
/// rates at false positive rates of 0.1, 1 and 10 % with Clopper and Pearson's intervals, by row
/// and by person (the sum over the person's rows), the ROC curve, the most exposed rows, and the
/// one-run bound on ε.
std::string attack_text(const ShadowAttack& attack);

/// What `schema` in attack.json must be.
inline constexpr const char* kAttackSchema = "semblance-attack/1";

}  // namespace semblance::evaluator
