/// The evidence lower bound, beside an integral over z on a grid written down here in plain double
/// arithmetic.
///
/// What the seed system had wrong (SynthVAE: its cross-entropy took the mean over the batch while
/// the KL and the Gaussian terms took the sum, so that the columns' part was weighted down by the
/// batch size) would show here: both terms must be sums over columns and over rows, in nats, of
/// equal weight.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "tests/trainer/step_cases.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {
namespace {

double silu(double x) { return x / (1 + std::exp(-x)); }

using Vector = std::vector<double>;

/// The equations of docs/MODEL.md for one row, one z at a time; shares no code with the trainer but
/// the layout.
class PlainModel {
 public:
  PlainModel(const NetworkShape& shape, const std::vector<float>& weights)
      : shape_(shape), layout_(shape), weights_(weights), offsets_(shape.token_offsets()) {}

  /// log p(x | z).
  double log_likelihood(const std::vector<int>& x, const Vector& z) const {
    Vector running(width());
    for (int h = 0; h < width(); ++h) {
      for (int l = 0; l < shape_.latent; ++l) running[h] += z[l] * at(layout_.latent, l, h);
    }
    double sum = 0;
    for (int s = 0; s < shape_.columns(); ++s) {
      sum += log_softmax(s, context(s, running))[x[s]];
      if (!shape_.autoregressive) continue;
      for (int h = 0; h < width(); ++h) running[h] += at(layout_.embedding, offsets_[s] + x[s], h);
    }
    return sum;
  }

  /// Means, then log variances, of q(z | x).
  Vector posterior(const std::vector<int>& x) const {
    Vector sum(shape_.encoder), inner(shape_.encoder), out(2 * shape_.latent);
    for (int g = 0; g < shape_.encoder; ++g) {
      sum[g] = at(layout_.encoder_bias, 0, g);
      for (int s = 0; s < shape_.columns(); ++s)
        sum[g] += at(layout_.encoder_embedding, offsets_[s] + x[s], g);
    }
    for (int g = 0; g < shape_.encoder; ++g) {
      inner[g] = at(layout_.encoder_hidden_bias, 0, g);
      for (int k = 0; k < shape_.encoder; ++k)
        inner[g] += silu(sum[k]) * at(layout_.encoder_hidden, k, g);
    }
    for (std::size_t o = 0; o < out.size(); ++o) {
      out[o] = at(layout_.encoder_out_bias, 0, o);
      for (int g = 0; g < shape_.encoder; ++g)
        out[o] += silu(inner[g]) * at(layout_.encoder_out, g, o);
    }
    return out;
  }

 private:
  int width() const { return shape_.hidden; }
  double at(int parameter, std::int64_t row, std::int64_t column) const {
    const Parameter& p = layout_.parameters[parameter];
    return weights_[p.offset + row * p.columns + column];
  }
  Vector context(int s, const Vector& running) const {
    const int place = shape_.autoregressive ? s : 0;
    Vector c = running;
    for (int h = 0; h < width(); ++h) c[h] += at(layout_.column_bias, place, h);
    for (const NetworkLayout::Block& block : layout_.blocks) {
      Vector units(shape_.block_width);
      for (int w = 0; w < shape_.block_width; ++w) {
        units[w] = at(block.bias, place, w);
        for (int h = 0; h < width(); ++h) units[w] += c[h] * at(block.in, h, w);
      }
      for (int h = 0; h < width(); ++h) {
        for (int w = 0; w < shape_.block_width; ++w) c[h] += silu(units[w]) * at(block.out, w, h);
      }
    }
    return c;
  }
  Vector log_softmax(int s, const Vector& c) const {
    Vector logits;
    double sum = 0;
    for (std::int64_t t = offsets_[s]; t < offsets_[s + 1]; ++t) {
      double logit = at(layout_.head_bias, 0, t);
      for (int h = 0; h < width(); ++h) logit += silu(c[h]) * at(layout_.head, t, h);
      logits.push_back(logit);
      sum += std::exp(logit);
    }
    for (double& logit : logits) logit -= std::log(sum);
    return logits;
  }

  NetworkShape shape_;
  NetworkLayout layout_;
  const std::vector<float>& weights_;
  std::vector<std::int64_t> offsets_;
};

double log_normal(double x, double mean, double log_variance) {
  return -0.5 * (std::log(2 * std::numbers::pi) + log_variance +
                 (x - mean) * (x - mean) / std::exp(log_variance));
}

/// Integrals over z on an even grid of [-8, 8]^L: exact to far below the noise of the test, as all
/// densities are smooth at the grid's step and nothing beyond it.
struct Integrals {
  double log_evidence = 0;  ///< log p(x)
  double divergence = 0;    ///< KL(q(z | x) || p(z | x)) by its definition
  double covered = 0;       ///< what q has on the grid; 1
};

Integrals integrate(const PlainModel& model, const std::vector<int>& x, int latent) {
  const int steps = latent == 1 ? 4'000 : 320;
  const double width = 16.0 / steps;
  const int points = latent == 1 ? steps : steps * steps;
  const Vector q = model.posterior(x);
  Vector joint(points), proposal(points);
  double evidence = 0;
  for (int i = 0; i < points; ++i) {
    Vector z = {-8 + width * (i % steps + 0.5)};
    if (latent == 2) z.push_back(-8 + width * (i / steps + 0.5));
    joint[i] = model.log_likelihood(x, z);
    for (int l = 0; l < latent; ++l) {
      joint[i] += log_normal(z[l], 0, 0);
      proposal[i] += log_normal(z[l], q[l], q[latent + l]);
    }
    evidence += std::exp(joint[i]);
  }
  const double volume = std::pow(width, latent);
  Integrals result{.log_evidence = std::log(evidence * volume)};
  for (int i = 0; i < points; ++i) {
    const double mass = std::exp(proposal[i]) * volume;
    result.covered += mass;
    result.divergence += mass * (proposal[i] - (joint[i] - result.log_evidence));
  }
  return result;
}

/// One row over and over, each with its own noise.
TokenRows copies(const std::vector<int>& x, int n) {
  TokenRows rows{.n_rows = n, .n_columns = static_cast<int>(x.size())};
  for (int r = 0; r < n; ++r) rows.tokens.insert(rows.tokens.end(), x.begin(), x.end());
  return rows;
}

std::vector<std::int64_t> numbers(std::int64_t n) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

/// The mean bound over many draws of z is log p(x) - KL(q || posterior), to four standard errors.
void check_bound(const NetworkShape& shape, const std::vector<int>& x) {
  const NetworkLayout layout(shape);
  const std::vector<float> weights = random_weights(layout, 0.5);
  const Integrals exact = integrate(PlainModel(shape, weights), x, shape.latent);
  ASSERT_NEAR(exact.covered, 1, 1e-6);
  ASSERT_GT(exact.divergence, 0.01) << "q is the posterior already: the case shows nothing";

  constexpr int kDraws = 6'000;
  const TokenRows data = copies(x, kDraws);
  Vector loss(kDraws);
  TrainingStep step(shape, kDraws);
  step.row_losses(weights.data(), data, numbers(kDraws), {}, loss.data());
  double sum = 0, square = 0;
  for (const double l : loss) sum -= l, square += l * l;
  const double bound = sum / kDraws;
  const double error = std::sqrt((square / kDraws - bound * bound) / kDraws);
  ASSERT_LT(error, 0.05);
  EXPECT_NEAR(bound, exact.log_evidence - exact.divergence, 4 * error + 1e-4);
  EXPECT_LE(bound, exact.log_evidence + 4 * error);
}

TEST(Elbo, OfIndependentColumnsIsTheEvidenceLessTheDivergenceFromThePosterior) {
  check_bound(shape_of(false, 1, 0), {2, 0, 4, 1});
  check_bound(shape_of(false, 1, 1), {0, 0, 1, 0});
  check_bound(shape_of(false, 2, 0), {1, 0, 3, 1});
  check_bound(shape_of(false, 2, 1), {2, 0, 0, 1});
}

TEST(Elbo, OfColumnsOneAfterTheOtherIsTheSame) {
  check_bound(shape_of(true, 1, 0), {2, 0, 4, 1});
  check_bound(shape_of(true, 2, 1), {0, 0, 2, 1});
}

TEST(Elbo, TheEvidenceOfAllRowsThatCanBeIsOne) {
  // That the grid's own p(x) is a distribution; else the comparison above would compare nothing.
  const NetworkShape shape = shape_of(false, 1, 1);
  const NetworkLayout layout(shape);
  const std::vector<float> weights = random_weights(layout, 0.5);
  const PlainModel model(shape, weights);
  double sum = 0;
  for (int i = 0; i < 30; ++i) {
    sum += std::exp(integrate(model, {i / 10, 0, i / 2 % 5, i % 2}, 1).log_evidence);
  }
  EXPECT_NEAR(sum, 1, 1e-6);
}

TEST(Elbo, BothTermsAreSumsOverRowsAndColumnsSoThatNoneIsWeightedDownByTheBatch) {
  const NetworkShape shape = shape_of(false, 2, 1);
  const NetworkLayout layout(shape);
  const std::vector<float> weights = random_weights(layout, 0.5);
  const TokenRows data = random_rows(shape, 64);
  const std::vector<std::int64_t> rows = numbers(64);
  TrainingStep step(shape, 64);
  Vector columns(4), each(64);
  const StepLoss all = step.loss(weights.data(), data, rows, {}, columns.data());
  EXPECT_NEAR(all.nll, std::accumulate(columns.begin(), columns.end(), 0.0), 1e-3);
  step.row_losses(weights.data(), data, rows, {}, each.data());
  EXPECT_NEAR(all.total(), std::accumulate(each.begin(), each.end(), 0.0), 1e-3);
  StepLoss parts;
  for (const std::int64_t row : rows) {
    const StepLoss one = step.loss(weights.data(), data, std::vector{row}, {});
    EXPECT_NEAR(one.total(), each[row], 1e-4);
    parts.nll += one.nll, parts.kl += one.kl;
  }
  // A mean in either term would leave it 64 times too small beside the rows taken one by one.
  EXPECT_NEAR(all.nll, parts.nll, 1e-3);
  EXPECT_NEAR(all.kl, parts.kl, 1e-3);
}

TEST(Elbo, TheGradientOfABatchIsTheMeanOfItsRowsGradientsInBothTerms) {
  const NetworkShape shape = shape_of(false, 2, 1);
  const NetworkLayout layout(shape);
  const std::vector<float> weights = random_weights(layout, 0.5);
  constexpr int kRows = 32;
  const TokenRows data = random_rows(shape, kRows);
  TrainingStep step(shape, kRows);
  std::vector<float> all(weights.size()), one(weights.size());
  step.gradient(weights.data(), data, numbers(kRows), {}, 1.0f / kRows, all.data());
  Vector mean(weights.size());
  for (const std::int64_t row : numbers(kRows)) {
    step.gradient(weights.data(), data, std::vector{row}, {}, 1, one.data());
    for (std::size_t i = 0; i < one.size(); ++i) mean[i] += one[i] / kRows;
  }
  for (const Parameter& p : layout.parameters) {
    for (std::int64_t i = p.offset; i < p.offset + p.size(); ++i)
      ASSERT_NEAR(all[i], mean[i], 1e-4) << p.name;
  }
}

}  // namespace
}  // namespace semblance::trainer
