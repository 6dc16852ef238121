#include "trainer/calibration_slope.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/sample_rows.hpp"
#include "tests/trainer/step_cases.hpp"
#include "trainer/batches.hpp"
#include "trainer/choose.hpp"

namespace semblance::trainer {
namespace {

constexpr std::int64_t kRows = 20'000;

/// Two columns, and a third one that hangs on both; rows that the network has drawn itself.
struct Case {
  StoredNetwork network;
  TokenRows data;
};

Case make_case() {
  NetworkShape shape;
  shape.cardinalities = {3, 2, 4};
  shape.latent = 0, shape.hidden = 8;
  Case made{{shape, {0, 1, 2}, random_weights(NetworkLayout(shape), 0.7)}, {}};
  std::vector<std::uint16_t> drawn(static_cast<std::size_t>(kRows * 3));
  kernels::make_row_sampler(decoder_weights(made.network))->sample(0, kRows, 7, 1, drawn.data());
  made.data.n_rows = kRows, made.data.n_columns = 3;
  made.data.tokens.resize(drawn.size());
  for (std::int64_t row = 0; row < kRows; ++row)
    for (int s = 0; s < 3; ++s) made.data.tokens[row * 3 + s] = drawn[s * kRows + row];
  return made;
}

/// Calls body(s, row, token, logit without bias) for all of them.
template <class Body>
void for_each_logit(const StoredNetwork& network, const TokenRows& data, const Body& body) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(kRows));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  TrainingStep(network.shape, kRows)
      .visit_logits(network.weights.data(), data, rows, {},
                    [&](int s, std::int64_t n, const float* logits, const std::uint16_t* tokens) {
                      EXPECT_EQ(tokens[5], data.tokens[5 * 3 + s]);
                      for (int i = 0; i < network.shape.cardinalities[s]; ++i)
                        for (std::int64_t r = 0; r < n; ++r)
                          body(s, r, i, double{logits[i * n + r]});
                    });
}

/// [T] mean over rows of the tokens' probabilities.
std::vector<double> mean_probabilities(const StoredNetwork& network, const TokenRows& data) {
  const NetworkLayout layout(network.shape);
  const std::vector<std::int64_t> offsets = network.shape.token_offsets();
  const float* bias = network.weights.data() + layout.offset(layout.head_bias);
  const auto tokens = static_cast<std::size_t>(offsets.back());
  std::vector<double> odds(tokens * kRows), totals(kRows * 3), means(tokens);
  for_each_logit(network, data, [&](int s, std::int64_t r, int i, double logit) {
    const std::int64_t t = offsets[s] + i;
    totals[r * 3 + s] += odds[t * kRows + r] = std::exp(logit + bias[t]);
  });
  for (int s = 0; s < 3; ++s)
    for (std::int64_t t = offsets[s]; t < offsets[s + 1]; ++t)
      for (std::int64_t r = 0; r < kRows; ++r)
        means[t] += odds[t * kRows + r] / totals[r * 3 + s] / kRows;
  return means;
}

/// Multiplies the heads, and moves their biases until the tokens are as probable as before, in the
/// mean over rows.
void weaken(Case& given, float by) {
  StoredNetwork& network = given.network;
  const NetworkLayout layout(network.shape);
  const std::int64_t tokens = network.shape.total_tokens();
  const std::vector<double> before = mean_probabilities(network, given.data);
  float* head = network.weights.data() + layout.offset(layout.head);
  float* bias = network.weights.data() + layout.offset(layout.head_bias);
  for (std::int64_t i = 0; i < tokens * network.shape.hidden; ++i) head[i] *= by;
  for (int round = 0; round < 10; ++round) {
    const std::vector<double> now = mean_probabilities(network, given.data);
    for (std::int64_t t = 0; t < tokens; ++t)
      bias[t] += static_cast<float>(std::log(before[t] / now[t]));
  }
}

std::vector<double> restore(StoredNetwork& network, const TokenRows& data, int threads = 1) {
  return restore_slopes(network, data, kRows, {.threads = threads}, *base::self_communicator());
}

/// -log likelihood a row of the last column.
double last_loss(const StoredNetwork& network, const TokenRows& data) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(kRows));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  TrainingStep step(network.shape, kRows);
  std::vector<double> columns(3);
  step.loss(network.weights.data(), data, rows, {}, columns.data());
  return columns[2] / kRows;
}

TEST(RestoreSlopes, LeavesANetworkThatDrewTheTable) {
  Case given = make_case();
  for (const double slope : restore(given.network, given.data)) EXPECT_NEAR(slope, 1.0, 0.03);
}

TEST(RestoreSlopes, GivesBackWhatWasTakenFromTheHeads) {
  Case given = make_case();
  const double loss = last_loss(given.network, given.data);
  weaken(given, 0.85f);
  EXPECT_GT(last_loss(given.network, given.data), loss + 0.001);
  const std::vector<double> slopes = restore(given.network, given.data);
  EXPECT_EQ(slopes[0], 1.0);              // its logits are the same in all rows
  EXPECT_NEAR(slopes[1], 1 / 0.85, 0.1);  // the second column hangs on little
  EXPECT_NEAR(slopes[2], 1 / 0.85, 0.03);
  EXPECT_LT(last_loss(given.network, given.data), loss + 0.0005);
}

TEST(RestoreSlopes, EndsWhereTheLikelihoodIsLargest) {
  Case given = make_case();
  weaken(given, 0.9f);
  restore(given.network, given.data);
  const double loss = last_loss(given.network, given.data);
  for (const float other : {0.95f, 1.05f}) {
    Case moved = given;
    weaken(moved, other);
    EXPECT_GT(last_loss(moved.network, moved.data), loss);
  }
}

TEST(RestoreSlopes, KeepsTheMeanProbabilities) {
  Case given = make_case();
  weaken(given, 0.8f);
  const std::vector<double> before = mean_probabilities(given.network, given.data);
  EXPECT_GT(restore(given.network, given.data)[2], 1.15);
  const std::vector<double> after = mean_probabilities(given.network, given.data);
  for (std::size_t t = 0; t < before.size(); ++t) EXPECT_NEAR(after[t], before[t], 5e-4);
}

TEST(RestoreSlopes, StopsAtTheLargest) {
  Case given = make_case();
  weaken(given, 0.5f);
  const std::vector<double> slopes = restore(given.network, given.data);
  EXPECT_LE(*std::max_element(slopes.begin(), slopes.end()), 1.25);
  EXPECT_GT(slopes[2], 1.24);
}

TEST(RestoreSlopes, LeavesTooStrongHeads) {
  Case given = make_case();
  weaken(given, 1.2f);
  const std::vector<float> before = given.network.weights;
  EXPECT_EQ(restore(given.network, given.data), std::vector<double>(3, 1.0));
  EXPECT_EQ(given.network.weights, before);
}

TEST(RestoreSlopes, LooksAtTrainingRowsAlone) {
  const Case given = [] {
    Case made = make_case();
    weaken(made, 0.85f);
    return made;
  }();
  const SlopeSettings settings{.validation = 0.3, .seed = 5, .threads = 1};
  const auto slopes = [&](const TokenRows& data) {
    StoredNetwork network = given.network;
    return restore_slopes(network, data, kRows, settings, *base::self_communicator());
  };
  const RowSplit split = split_rows(0, kRows, 0.3, 5, *base::self_communicator());
  const auto changed = [&](std::int64_t row) {
    TokenRows data = given.data;
    std::uint16_t& token = data.tokens[static_cast<std::size_t>(row * 3 + 2)];
    token = token == 0 ? 1 : 0;
    return data;
  };
  const std::vector<double> all = slopes(given.data);
  EXPECT_EQ(slopes(changed(split.validation.front())), all);
  EXPECT_NE(slopes(changed(split.training.front())), all);
}

TEST(RestoreSlopes, DoesNotDependOnThreadsOrRanks) {
  Case given = make_case();
  weaken(given, 0.85f);
  Case threads = given;
  const std::vector<double> slopes = restore(given.network, given.data);
  EXPECT_EQ(restore(threads.network, threads.data, 3), slopes);
  EXPECT_EQ(threads.network.weights, given.network.weights);
  base::run_ranks_as_threads(3, [&](base::Communicator& communicator) {
    Case part = make_case();
    weaken(part, 0.85f);
    const auto [begin, end] = communicator.slice(kRows);
    TokenRows rows;
    rows.n_columns = 3, rows.n_rows = end - begin, rows.first_row = begin;
    rows.tokens.assign(part.data.tokens.begin() + begin * 3, part.data.tokens.begin() + end * 3);
    const std::vector<double> found =
        restore_slopes(part.network, rows, kRows, {.threads = 1}, communicator);
    for (std::size_t s = 0; s < found.size(); ++s) EXPECT_NEAR(found[s], slopes[s], 1e-9);
  });
}

TEST(RestoreSlopes, IsForTablesOfManyRows) {
  const auto restored = [](const TrainOptions& options, std::int64_t rows) {
    return choose(options, {3, 4}, rows, 1).slopes;
  };
  EXPECT_TRUE(restored({}, 50'000));
  EXPECT_FALSE(restored({}, 49'999));
  EXPECT_TRUE(restored({.slopes = 1}, 1'000));
  EXPECT_FALSE(restored({.slopes = 0}, 100'000));
  EXPECT_FALSE(restored({.decoder = "independent"}, 100'000));
  EXPECT_FALSE(restored({.shared_columns = 1}, 100'000));
}

}  // namespace
}  // namespace semblance::trainer
