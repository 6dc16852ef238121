#include "trainer/search.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "trainer/choose.hpp"
#include "trainer/smooth_basis.hpp"

namespace semblance::trainer {
namespace {

/// Runs stages by pretending validation losses, and notes which were run.
struct PretendedStages {
  double plain, probe, blocks;
  std::vector<std::string> ran;
  double free = 20;
  double shrinkage = -1;  ///< of the last stage

  FitResult operator()(const std::string& stage, const Choice& choice,
                       const std::vector<float>* initial) {
    ran.push_back(stage);
    FitResult result;
    const NetworkLayout layout(choice.shape);
    result.weights.assign(static_cast<std::size_t>(layout.size), stage == "plain" ? 1.0f : 2.0f);
    result.validation_loss = stage == "plain"   ? plain
                             : stage == "free"  ? free
                             : stage == "probe" ? probe
                                                : blocks;
    shrinkage = choice.fit.shrinkage;
    EXPECT_EQ(initial != nullptr, stage == "probe");
    return result;
  }
};

SearchResult search(PretendedStages& stages, const TrainOptions& options = {}) {
  return search_network(options, {3, 4}, {0, 4}, 10'000, 1, std::ref(stages));
}

TEST(SearchNetwork, TakesABlockOnlyWhenItGainsEnough) {
  PretendedStages weak{10, 9.99, 9, {}};
  EXPECT_EQ(search(weak).choice.shape.blocks, 0);
  EXPECT_EQ(weak.ran, (std::vector<std::string>{"plain", "probe", "free"}));
  PretendedStages strong{10, 9.9, 9, {}};
  EXPECT_EQ(search(strong).choice.shape.blocks, 1);
  PretendedStages disappointing{10, 9.9, 10.1, {}};
  EXPECT_EQ(search(disappointing).choice.shape.blocks, 0);
}

TEST(SearchNetwork, LetsRareTokensGoOnlyWhenItGainsEnough) {
  PretendedStages held{10, 10, 9, {}, 9.99};
  EXPECT_GT(search(held).choice.fit.shrinkage, 0);
  PretendedStages free{10, 10, 9, {}, 9.9};
  EXPECT_EQ(search(free).choice.fit.shrinkage, 0);
  EXPECT_EQ(free.shrinkage, 0);
  // The network that is trained without shrinkage is the one that was taken before.
  PretendedStages block{10, 9.9, 9, {}, 8.9};
  const SearchResult result = search(block);
  EXPECT_EQ(result.choice.fit.shrinkage, 0);
  EXPECT_EQ(result.choice.shape.blocks, 1);
  EXPECT_EQ(block.ran, (std::vector<std::string>{"plain", "probe", "blocks", "free"}));
}

TEST(SearchNetwork, AsksForMoreWhereFewRowsJudge) {
  const auto search_rows = [](double free_loss, std::int64_t rows) {
    PretendedStages stages{10, 10, 9, {}, free_loss};
    return search_network({}, {3, 4}, {0, 4}, rows, 1, std::ref(stages)).choice.fit.shrinkage == 0;
  };
  // 100 validation rows: 0.02 sqrt(2,000 / 100) = 0.089 nats.
  EXPECT_FALSE(search_rows(9.92, 1'000));
  EXPECT_TRUE(search_rows(9.90, 1'000));
  EXPECT_TRUE(search_rows(9.92, 10'000));
}

TEST(SearchNetwork, GivesManyRowsABlockAtOnce) {
  PretendedStages stages{10, 9.9, 9, {}};
  const SearchResult result = search_network({}, {3, 4}, {0, 4}, 50'000, 1, std::ref(stages));
  EXPECT_EQ(result.choice.shape.blocks, 1);
  EXPECT_EQ(stages.ran, (std::vector<std::string>{"blocks"}));
}

TEST(Choose, SmoothsLessWhereThereAreManyRows) {
  const auto chosen = [](std::int64_t rows, const TrainOptions& options = {}) {
    return choose(options, {3, 4}, rows, 1);
  };
  EXPECT_EQ(chosen(49'999).shape.hidden, 128);
  EXPECT_EQ(chosen(50'000).shape.hidden, 256);
  EXPECT_EQ(chosen(49'999).fit.tolerance, 0);
  EXPECT_EQ(chosen(50'000).fit.tolerance, 0.01);
  EXPECT_DOUBLE_EQ(chosen(1'000).fit.weight_decay, 0.3);
  EXPECT_DOUBLE_EQ(chosen(50'000).fit.weight_decay, 0.3);
  EXPECT_DOUBLE_EQ(chosen(200'000).fit.weight_decay, 0.15);
  EXPECT_DOUBLE_EQ(chosen(200'000, {.weight_decay = 0}).fit.weight_decay, 0);
  EXPECT_THROW(chosen(1'000, {.weight_decay = -0.5}), base::Error);
}

TEST(SearchNetwork, DoesAsItIsToldWhenBlocksAreGiven) {
  TrainOptions options;
  options.blocks = 2;
  PretendedStages stages{10, 9, 8, {}};
  EXPECT_EQ(search(stages, options).choice.shape.blocks, 2);
  EXPECT_EQ(stages.ran, (std::vector<std::string>{"plain"}));
}

TEST(WithSilentBlocks, ComputesWhatThePlainNetworkDoes) {
  NetworkShape plain;
  plain.cardinalities = {3, 4, 2};
  plain.hidden = 8;
  plain.latent = 2;
  plain.encoder = 4;
  NetworkShape deeper = plain;
  deeper.blocks = 2;
  deeper.block_width = 6;
  const std::vector<double> counts(9, 1.0);
  const std::vector<float> weights = initial_weights(plain, NetworkLayout(plain), counts, 3);
  const std::vector<float> same = with_silent_blocks(plain, weights, deeper, 4);
  const TokenRows data{2, 3, 0, {0, 3, 1, 2, 1, 0}};
  const std::vector<std::int64_t> rows = {0, 1};
  EXPECT_NEAR(TrainingStep(plain, 2).loss(weights.data(), data, rows, {}).total(),
              TrainingStep(deeper, 2).loss(same.data(), data, rows, {}).total(), 1e-5);
}

TEST(SmoothBasis, AddAndReduceAreTransposesOfEachOther) {
  NetworkShape shape;
  shape.cardinalities = {3, 40, 9};
  shape.hidden = 5;
  shape.latent = 2;
  shape.encoder = 4;
  const NetworkLayout layout(shape);
  const SmoothBasis basis(shape, layout, {0, 39, 9});
  ASSERT_GT(basis.size(), 0);
  base::PhiloxStream stream(1, base::Purpose::kInitialise, 0);
  std::vector<float> coefficients(static_cast<std::size_t>(basis.size()));
  std::vector<float> gradient(static_cast<std::size_t>(layout.size));
  for (float& c : coefficients) c = static_cast<float>(stream.normal());
  for (float& g : gradient) g = static_cast<float>(stream.normal());
  std::vector<float> weights(gradient.size()), reduced(coefficients.size());
  basis.add(coefficients, weights);
  basis.reduce(gradient, reduced);
  double left = 0, right = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) left += double(weights[i]) * gradient[i];
  for (std::size_t i = 0; i < reduced.size(); ++i) right += double(reduced[i]) * coefficients[i];
  EXPECT_NEAR(left, right, 1e-3);
  // The missing token of the second column and the unordered first column are left alone.
  const std::int64_t missing = layout.offset(layout.head) + (3 + 39) * 5;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(weights[missing + i], 0);
}

TEST(SmoothBasis, HatsOfEqualHeightMakeAConstant) {
  NetworkShape shape;
  shape.cardinalities = {20};
  shape.hidden = 1;
  shape.latent = 0;
  const NetworkLayout layout(shape);
  const SmoothBasis basis(shape, layout, {20});
  std::vector<float> weights(static_cast<std::size_t>(layout.size));
  basis.add(std::vector<float>(static_cast<std::size_t>(basis.size()), 1.0f), weights);
  // Scales of 1, 2, 4 and 8 intervals each add 1.
  for (int t = 0; t < 20; ++t) EXPECT_NEAR(weights[layout.offset(layout.head) + t], 4.0f, 1e-5);
}

}  // namespace
}  // namespace semblance::trainer
