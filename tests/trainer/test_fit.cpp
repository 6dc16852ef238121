#include "trainer/fit.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <mutex>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "kernels/sample_rows.hpp"
#include "trainer/network_file.hpp"

namespace semblance::trainer {
namespace {

/// p(a, b, c): a in 0..2, b in 0..3, c in 0..1; c is the exclusive-or of the parities of a and b
/// with probability 0.9, which no sum of single effects can say.
double truth(int a, int b, int c) {
  const double pa[3] = {0.5, 0.3, 0.2};
  const double pb[3][4] = {{0.4, 0.3, 0.2, 0.1}, {0.1, 0.1, 0.1, 0.7}, {0.25, 0.25, 0.25, 0.25}};
  return pa[a] * pb[a][b] * (c == (a + b) % 2 ? 0.9 : 0.1);
}

double exact_entropy() {
  double sum = 0;
  for (int cell = 0; cell < 24; ++cell) {
    const double p = truth(cell / 8, cell / 2 % 4, cell % 2);
    sum -= p * std::log(p);
  }
  return sum;
}

TokenRows draw_truth(std::int64_t first, std::int64_t n) {
  TokenRows rows;
  rows.n_rows = n;
  rows.n_columns = 3;
  rows.first_row = first;
  for (std::int64_t r = first; r < first + n; ++r) {
    double u = base::uniform(77, base::Purpose::kMockHospital, r, 0);
    int cell = 0;
    while (cell < 23 && u >= truth(cell / 8, cell / 2 % 4, cell % 2)) {
      u -= truth(cell / 8, cell / 2 % 4, cell % 2);
      ++cell;
    }
    for (const int token : {cell / 8, cell / 2 % 4, cell % 2}) {
      rows.tokens.push_back(static_cast<std::uint16_t>(token));
    }
  }
  return rows;
}

NetworkShape small_shape(int blocks) {
  NetworkShape shape;
  shape.cardinalities = {3, 4, 2};
  shape.latent = 2;
  shape.hidden = 32;
  shape.blocks = blocks;
  shape.block_width = blocks > 0 ? 32 : 0;
  shape.encoder = 8;
  return shape;
}

FitSettings quick(int epochs) {
  FitSettings settings;
  settings.epochs = epochs;
  settings.batch_size = 256;
  settings.learning_rate = 5e-3;
  return settings;
}

// "cpu:0" is the CPU by way of LibTorch's tensors: the code that a GPU runs
// (test_device_engine.cpp).
TEST(FitNetwork, ByTensorsFollowsTheLossOfTheStepWrittenByHand) {
  const auto alone = base::self_communicator();
  const TokenRows data = draw_truth(0, 3'000);
  FitSettings settings = quick(3);
  const FitResult by_hand = fit_network(data, small_shape(1), settings, *alone);
  settings.device = "cpu:0";
  const FitResult by_tensors = fit_network(data, small_shape(1), settings, *alone);
  ASSERT_EQ(by_hand.log.size(), by_tensors.log.size());
  for (std::size_t e = 0; e < by_hand.log.size(); ++e) {
    EXPECT_NEAR(by_hand.log[e].training, by_tensors.log[e].training, 1e-3);
    EXPECT_NEAR(by_hand.log[e].validation, by_tensors.log[e].validation, 1e-3);
  }
}

TEST(FitNetwork, LikelihoodApproachesTheExactEntropyOfAKnownDistribution) {
  const auto alone = base::self_communicator();
  const TokenRows data = draw_truth(0, 20'000);
  const FitResult result = fit_network(data, small_shape(0), quick(15), *alone);
  // The validation loss of the truth itself has standard error sd(-log p) / sqrt(2000) < 0.02; a
  // model that misses the exclusive-or is at least 0.3 nats worse.
  EXPECT_NEAR(result.validation_loss, exact_entropy(), 0.06);
  double columns = 0;
  for (const double loss : result.column_loss) columns += loss;
  EXPECT_LE(columns, result.validation_loss + 1e-3);
}

TEST(FitNetwork, SamplesFollowTheLearnedDistribution) {
  const auto alone = base::self_communicator();
  const TokenRows data = draw_truth(0, 20'000);
  StoredNetwork network{small_shape(1), {2, 0, 1}, {}};
  network.weights = fit_network(data, network.shape, quick(8), *alone).weights;
  const auto sampler = kernels::make_row_sampler(decoder_weights(network));
  constexpr std::int64_t kRows = 50'000;
  std::vector<std::uint16_t> out(3 * kRows);
  sampler->sample(0, kRows, 5, 1, out.data());
  std::vector<double> counts(24);
  for (std::int64_t r = 0; r < kRows; ++r) {
    ++counts[out[2 * kRows + r] * 8 + out[r] * 2 + out[kRows + r]];
  }
  double distance = 0;
  for (int cell = 0; cell < 24; ++cell) {
    distance += 0.5 * std::abs(counts[cell] / kRows - truth(cell / 8, cell / 2 % 4, cell % 2));
  }
  EXPECT_LT(distance, 0.03);  // sampling noise alone is about 0.006
}

TEST(FitNetwork, SeveralRanksFollowTheLossOfOneRank) {
  const NetworkShape shape = small_shape(1);
  FitSettings settings = quick(3);
  settings.dropout = 0.1;
  const auto alone = base::self_communicator();
  const FitResult one = fit_network(draw_truth(0, 3000), shape, settings, *alone);
  for (const int ranks : {2, 3}) {
    std::mutex mutex;
    base::run_ranks_as_threads(ranks, [&](base::Communicator& communicator) {
      // With three ranks the last one holds nothing.
      const std::int64_t first = communicator.rank() == 0 ? 0 : 1200;
      const std::int64_t last = communicator.rank() == 0 ? 1200 : 3000;
      const std::int64_t many = communicator.rank() == 2 ? 0 : last - first;
      const FitResult result = fit_network(draw_truth(first, many), shape, settings, communicator);
      const std::lock_guard lock(mutex);
      ASSERT_EQ(result.log.size(), one.log.size());
      for (std::size_t e = 0; e < one.log.size(); ++e) {
        EXPECT_NEAR(result.log[e].training, one.log[e].training, 1e-3);
        EXPECT_NEAR(result.log[e].validation, one.log[e].validation, 1e-3);
      }
    });
  }
}

TEST(FitNetwork, ThreadsDoNotChangeABit) {
  FitSettings settings = quick(2);
  settings.batch_size = 1000;
  const auto alone = base::self_communicator();
  const TokenRows data = draw_truth(0, 3000);
  settings.threads = 1;
  const FitResult one = fit_network(data, small_shape(1), settings, *alone);
  settings.threads = 3;
  EXPECT_EQ(one.weights, fit_network(data, small_shape(1), settings, *alone).weights);
}

TEST(FitNetwork, GoesOnFromASavedStateToTheSameEnd) {
  const NetworkShape shape = small_shape(0);
  const FitSettings settings = quick(3);
  const auto alone = base::self_communicator();
  const TokenRows data = draw_truth(0, 3000);
  const FitResult whole = fit_network(data, shape, settings, *alone);

  int steps = 0;
  FitState saved;
  FitHooks hooks;
  hooks.stop_requested = [&] { return ++steps == 17; };
  hooks.save = [&](const FitState& state) { saved = state; };
  try {
    fit_network(data, shape, settings, *alone, hooks);
    FAIL() << "was not stopped";
  } catch (const base::Error& e) {
    EXPECT_EQ(e.kind(), base::ErrorKind::kStopped);
  }
  const FitResult resumed = fit_network(data, shape, settings, *alone, {}, &saved);
  EXPECT_EQ(resumed.weights, whole.weights);
  EXPECT_EQ(resumed.log.size(), whole.log.size());
  EXPECT_DOUBLE_EQ(resumed.log.back().training, whole.log.back().training);
}

TEST(FitNetwork, ALossThatIsNoNumberIsAClearError) {
  FitSettings settings = quick(20);
  settings.learning_rate = 1e30;
  const auto alone = base::self_communicator();
  try {
    fit_network(draw_truth(0, 500), small_shape(1), settings, *alone);
    FAIL() << "was not refused";
  } catch (const base::Error& e) {
    EXPECT_EQ(e.kind(), base::ErrorKind::kData);
    EXPECT_NE(std::string(e.what()).find("learning_rate"), std::string::npos);
  }
}

TEST(FitNetwork, GoesOnWithinTheToleranceAndKeepsTheLastEpoch) {
  // Forty rows that every epoch learns more by heart: the loss of the others only rises.
  const auto alone = base::self_communicator();
  const TokenRows data = draw_truth(0, 60);
  FitSettings settings = quick(24);
  settings.batch_size = 8;
  settings.validation = 0.3;
  settings.patience = 2;
  settings.learning_rate = 0.05;
  settings.weight_decay = 0;
  const FitResult stopped = fit_network(data, small_shape(1), settings, *alone);
  EXPECT_LT(stopped.best_epoch, settings.epochs);
  EXPECT_LT(stopped.log.size(), 24u);
  const double worst = stopped.log.back().validation;

  settings.tolerance = 1e3;
  const FitResult kept = fit_network(data, small_shape(1), settings, *alone);
  EXPECT_EQ(kept.best_epoch, 24);
  ASSERT_EQ(kept.log.size(), 24u);
  EXPECT_GT(kept.log.back().validation, worst);
}

TEST(FitNetwork, TrainsOnTablesSmallerThanABatch) {
  const auto alone = base::self_communicator();
  for (const std::int64_t rows : {2, 5, 40}) {
    const FitResult result = fit_network(draw_truth(0, rows), small_shape(0), quick(2), *alone);
    EXPECT_TRUE(std::isfinite(result.validation_loss));
  }
}

TEST(FitNetwork, IndependentColumnsShareNothingButZ) {
  NetworkShape shape = small_shape(1);
  shape.autoregressive = false;
  const auto alone = base::self_communicator();
  const FitResult result = fit_network(draw_truth(0, 20'000), shape, quick(10), *alone);
  // The ELBO is a bound: never better than the entropy, and better than independent columns at
  // worst.
  EXPECT_GT(result.validation_loss, exact_entropy() - 0.06);
  EXPECT_LT(result.validation_loss, exact_entropy() + 0.5);
}

}  // namespace
}  // namespace semblance::trainer
