#include "trainer/calibrate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <random>

#include "base/hdf5.hpp"
#include "kernels/sample_rows.hpp"
#include "tests/base/temporary_directory.hpp"
#include "tests/trainer/step_cases.hpp"
#include "trainer/calibrate_pairs.hpp"

namespace semblance::trainer {
namespace {

constexpr std::int64_t kRows = 20'000;

NetworkShape small_shape() {
  NetworkShape shape;
  shape.cardinalities = {3, 2, 5};
  shape.latent = 2, shape.hidden = 8, shape.encoder = 4;
  return shape;
}

/// A network, and a table that it has drawn.
struct Case {
  StoredNetwork network;
  TokenRows data;
};

TokenRows drawn(const StoredNetwork& network, std::int64_t first_row, std::uint64_t seed) {
  const int columns = network.shape.columns();
  std::vector<std::uint16_t> tokens(static_cast<std::size_t>(kRows * columns));
  kernels::make_row_sampler(decoder_weights(network))
      ->sample(first_row, kRows, seed, 1, tokens.data());
  TokenRows rows;
  rows.n_rows = kRows, rows.n_columns = columns;
  rows.tokens.resize(tokens.size());
  for (std::int64_t row = 0; row < kRows; ++row) {
    for (int s = 0; s < columns; ++s)
      rows.tokens[static_cast<std::size_t>(row * columns + s)] = tokens[static_cast<std::size_t>(
          network.order[static_cast<std::size_t>(s)] * kRows + row)];
  }
  return rows;
}

Case make_case() {
  const NetworkShape shape = small_shape();
  Case made{{shape, {2, 0, 1}, random_weights(NetworkLayout(shape), 0.3)}, {}};
  made.data = drawn(made.network, 0, 7);
  return made;
}

/// Half the share that must move for the frequencies of column s to be equal.
double distance(const TokenRows& a, const TokenRows& b, int s, int tokens) {
  std::vector<double> difference(static_cast<std::size_t>(tokens));
  for (std::int64_t row = 0; row < kRows; ++row) {
    difference[a.tokens[static_cast<std::size_t>(row * a.n_columns + s)]] += 1.0 / kRows;
    difference[b.tokens[static_cast<std::size_t>(row * b.n_columns + s)]] -= 1.0 / kRows;
  }
  return std::accumulate(difference.begin(), difference.end(), 0.0,
                         [](double sum, double d) { return sum + std::abs(d) / 2; });
}

TEST(HasDrifted, KnowsChanceFromADifference) {
  // By hand: real 500 + 500, drawn 480 + 520 of as many: 20^2 / 980 + 20^2 / 1020 = 0.80, one
  // degree of freedom.
  EXPECT_FALSE(
      has_drifted(std::array<std::int64_t, 2>{500, 500}, std::array<std::int64_t, 2>{480, 520}));
  // 100^2 / 900 + 100^2 / 1100 = 20.2, beyond 1 + 4 sqrt(2) = 6.7.
  EXPECT_TRUE(
      has_drifted(std::array<std::int64_t, 2>{500, 500}, std::array<std::int64_t, 2>{400, 600}));
  // The same shares of ten times as many drawn rows.
  EXPECT_FALSE(
      has_drifted(std::array<std::int64_t, 2>{500, 500}, std::array<std::int64_t, 2>{5000, 5000}));
  EXPECT_FALSE(has_drifted(std::array<std::int64_t, 1>{500}, std::array<std::int64_t, 1>{400}));
}

TEST(MarginCorrection, IsTheLogarithmOfTheRatioWhereThatIsSure) {
  EXPECT_NEAR(margin_correction(200'000, 100'000, 1), std::log(2.0), 1e-3);
  EXPECT_NEAR(margin_correction(200'000, 100'000, 2), 0.0, 1e-3);
  EXPECT_EQ(margin_correction(10, 11, 1), 0.0);  // chance
  EXPECT_EQ(margin_correction(0, 0, 1), 0.0);
  // log(40.5 / 20.5) = 0.681, variance 1 / 40.5 + 1 / 20.5 = 0.0735: times 1 - 0.0735 / 0.4637.
  EXPECT_NEAR(margin_correction(40, 20, 1), 0.681 * (1 - 0.0735 / 0.4637), 1e-3);
}

TEST(CalibrationRows, AreFewerInAWideTableOfFewRows) {
  EXPECT_EQ(calibration_rows(30'000, 15), 65'536);
  EXPECT_EQ(calibration_rows(2'000, 50), 40'000);
  EXPECT_EQ(calibration_rows(2'000, 500), 4'096);
  EXPECT_EQ(calibration_rows(10'000, 500), 20'000);
  EXPECT_EQ(calibration_rows(1'000'000, 500), 65'536);
}

TEST(Calibrate, LeavesANetworkAloneThatFits) {
  Case given = make_case();
  const std::vector<float> before = given.network.weights;
  const CalibrationResult found =
      calibrate(given.network, given.data, {.rows = kRows}, *base::self_communicator());
  EXPECT_EQ(found.columns, 0);
  EXPECT_EQ(found.pairs, 0);
  EXPECT_EQ(given.network.weights, before);
  EXPECT_TRUE(given.network.pairs.empty());
}

TEST(Calibrate, BringsDriftedFrequenciesBack) {
  Case given = make_case();
  const NetworkLayout layout(given.network.shape);
  float* bias = given.network.weights.data() + layout.offset(layout.head_bias);
  bias[0] += 0.5f;  // the first column's first token
  bias[7] -= 0.4f;  // the third one's third
  EXPECT_GT(distance(drawn(given.network, 0, 3), given.data, 0, 3), 0.05);
  EXPECT_GE(
      calibrate(given.network, given.data, {.rows = kRows}, *base::self_communicator()).columns, 2);
  const TokenRows again = drawn(given.network, 0, 3);
  EXPECT_LT(distance(again, given.data, 0, 3), 0.015);
  EXPECT_LT(distance(again, given.data, 1, 2), 0.015);
  EXPECT_LT(distance(again, given.data, 2, 5), 0.015);
}

/// The table obeys a rule: who has token 0 in the first column never has token 1 in the third.
void forbid(TokenRows& rows) {
  for (std::int64_t row = 0; row < rows.n_rows; ++row) {
    std::uint16_t* cell = &rows.tokens[static_cast<std::size_t>(row * rows.n_columns)];
    if (cell[0] == 0 && cell[2] == 1) cell[2] = 2;
  }
}

double forbidden_share(const TokenRows& rows) {
  double many = 0;
  for (std::int64_t row = 0; row < rows.n_rows; ++row) {
    const std::uint16_t* cell = &rows.tokens[static_cast<std::size_t>(row * rows.n_columns)];
    many += cell[0] == 0 && cell[2] == 1;
  }
  return many / static_cast<double>(rows.n_rows);
}

TEST(Calibrate, TeachesARuleThatTheNetworkDoesNotKnow) {
  Case given = make_case();
  EXPECT_GT(forbidden_share(drawn(given.network, 0, 3)), 0.03);
  forbid(given.data);
  calibrate(given.network, given.data, {.rows = kRows}, *base::self_communicator());
  const TokenRows again = drawn(given.network, 0, 3);
  EXPECT_LT(forbidden_share(again), 0.002);
  for (int s = 0; s < 3; ++s)
    EXPECT_LT(distance(again, given.data, s, small_shape().cardinalities[s]), 0.02);
}

TEST(Calibrate, KeepsItsPairsInTheModelFile) {
  Case given = make_case();
  forbid(given.data);
  calibrate(given.network, given.data, {.rows = kRows}, *base::self_communicator());
  ASSERT_FALSE(given.network.pairs.empty());
  const base::TemporaryDirectory folder;
  const base::H5Handle file = base::h5_create(folder.file("network.h5"));
  write_network(file.get(), given.network);
  const StoredNetwork back = read_network(file.get());
  ASSERT_EQ(back.pairs.size(), given.network.pairs.size());
  for (std::size_t p = 0; p < back.pairs.size(); ++p) {
    EXPECT_EQ(back.pairs[p].given, given.network.pairs[p].given);
    EXPECT_EQ(back.pairs[p].column, given.network.pairs[p].column);
    EXPECT_EQ(back.pairs[p].values, given.network.pairs[p].values);
  }
  EXPECT_EQ(drawn(back, 0, 3).tokens, drawn(given.network, 0, 3).tokens);
}

TEST(PairDeviance, IsMinusTwiceTheLogOfTheLikelihoodRatio) {
  // 30 and 10 of equal many: 2 (30 log(30 / 20) + 10 log(10 / 20)) = 10.46.
  EXPECT_NEAR(pair_deviance(30, 10, 1), 10.465, 1e-3);
  EXPECT_NEAR(pair_deviance(30, 300, 0.1), 0.0, 1e-12);
  // None where 20 were expected: 2 * 200 log(1.1) = 38.1.
  EXPECT_NEAR(pair_deviance(0, 200, 0.1), 38.124, 1e-3);
  EXPECT_EQ(pair_deviance(0, 0, 0.1), 0.0);
}

/// Counts of two columns of `tokens` tokens, from rows of them.
kernels::PairCounts counts_of(const std::vector<std::vector<std::uint16_t>>& columns, int tokens) {
  kernels::PairCounts counts(std::vector<int>(columns.size(), tokens));
  std::vector<kernels::CodeColumn> codes;
  for (const auto& column : columns) codes.emplace_back(std::span<const std::uint16_t>(column));
  counts.add(codes, 1);
  return counts;
}

TEST(FindPairMisfits, TakesNoChanceOfASmallTableForARule) {
  // Two independent columns of 100 tokens, skewed: 1,000 rows against 65,536 of the same law.
  constexpr std::int64_t kReal = 1000, kDrawn = 65'536;
  std::mt19937 random(5);
  std::geometric_distribution<int> law(0.05);
  const auto make = [&](std::int64_t n) {
    std::vector<std::vector<std::uint16_t>> columns(2);
    for (auto& column : columns)
      for (std::int64_t row = 0; row < n; ++row)
        column.push_back(static_cast<std::uint16_t>(std::min(law(random), 99)));
    return counts_of(columns, 100);
  };
  const PairMisfits found = find_pair_misfits(make(kReal), kReal, make(kDrawn), kDrawn, 10);
  EXPECT_EQ(found.pairs, 0);
  EXPECT_EQ(found.deviance, 0.0);
}

TEST(FindPairMisfits, NeverMakesAPairOfFewPeopleCommoner) {
  const auto real = [](int rows) {
    std::vector<std::vector<std::uint16_t>> columns(2, std::vector<std::uint16_t>(1000, 0));
    for (int r = 0; r < rows; ++r) columns[0][r] = columns[1][r] = 1;
    return counts_of(columns, 2);
  };
  const kernels::PairCounts drawn = [] {
    std::vector<std::vector<std::uint16_t>> columns(2, std::vector<std::uint16_t>(10'000, 0));
    return counts_of(columns, 2);
  }();
  EXPECT_EQ(find_pair_misfits(real(9), 1000, drawn, 10'000, 10).pairs, 0);
  const PairMisfits found = find_pair_misfits(real(10), 1000, drawn, 10'000, 10);
  ASSERT_EQ(found.strongest.size(), 1u);
  EXPECT_EQ(found.strongest[0].a, 1);
  EXPECT_EQ(found.strongest[0].b, 1);
  EXPECT_EQ(found.strongest[0].real, 10);
  EXPECT_EQ(found.strongest[0].drawn, 0);
}

TEST(MendPairs, DoNotTellHowFewPeopleHaveAPair) {
  NetworkShape shape;
  shape.cardinalities = {2, 2};
  shape.latent = 1, shape.hidden = 4, shape.encoder = 4;
  const auto correction = [&](int rows) {  // of the second column's token 1 under token 1
    std::vector<std::vector<std::uint16_t>> columns(2, std::vector<std::uint16_t>(1000, 0));
    for (int r = 0; r < 400; ++r) columns[0][r] = 1;
    for (int r = 0; r < rows; ++r) columns[1][r] = 1;
    const kernels::PairCounts real = counts_of(columns, 2);
    for (int r = 0; r < 200; ++r) columns[1][r] = 1;
    const kernels::PairCounts drawn = counts_of(columns, 2);
    StoredNetwork network{shape, {0, 1}, random_weights(NetworkLayout(shape), 0.3)};
    const PairMisfits found = find_pair_misfits(real, 1000, drawn, 1000, 10);
    mend_pairs(network, PairedColumns(shape), found, drawn, 1, {0, 0}, 10, 1);
    return network.pairs.at(0).values[3];
  };
  EXPECT_EQ(correction(0), correction(9));
  EXPECT_LT(correction(0), -3.0f);
  EXPECT_LT(correction(0), correction(20));
}

TEST(MendPairs, CountOnceWhatNearCopiesSay) {
  // Column 8 depends on a bit that columns 0 to 7 all tell in 98 % of the rows. The network knows
  // half of the dependence: mending must not overshoot, however many columns tell it.
  NetworkShape shape;
  shape.cardinalities.assign(9, 2);
  shape.latent = 1, shape.hidden = 4, shape.encoder = 4;
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform;
  const auto make = [&](double low, double high) {
    std::vector<std::vector<std::uint16_t>> columns(9);
    for (int row = 0; row < 40'000; ++row) {
      const bool bit = uniform(random) < 0.5;
      for (int c = 0; c < 8; ++c) columns[c].push_back((uniform(random) < 0.98) == bit ? 1 : 0);
      columns[8].push_back(uniform(random) < (bit ? high : low) ? 1 : 0);
    }
    return counts_of(columns, 2);
  };
  const kernels::PairCounts real = make(0.2, 0.4), drawn = make(0.25, 0.35);
  StoredNetwork network{
      shape, {0, 1, 2, 3, 4, 5, 6, 7, 8}, random_weights(NetworkLayout(shape), 0.3)};
  const PairMisfits found = find_pair_misfits(real, 40'000, drawn, 40'000, 10);
  EXPECT_GE(found.pairs, 8);
  mend_pairs(network, PairedColumns(shape), found, drawn, 1, std::vector<char>(9), 10, 1);
  std::array<double, 2> sums = {};  // what a row gets whose eight bits are all 0, all 1
  for (const PairCorrection& pair : network.pairs) {
    if (pair.column != 8) continue;
    for (const int bit : {0, 1}) sums[bit] += pair.values[2 * bit + 1] - pair.values[2 * bit];
  }
  const auto logit = [](double p) { return std::log(p / (1 - p)); };
  EXPECT_NEAR(sums[0], logit(0.2) - logit(0.25), 0.1);
  EXPECT_NEAR(sums[1], logit(0.4) - logit(0.35), 0.1);
}

TEST(MendPairs, GiveAColumnTablesOfSixteenOthersAtMost) {
  NetworkShape shape;
  shape.cardinalities.assign(21, 30);
  shape.latent = 1, shape.hidden = 4, shape.encoder = 4;
  // The last column's token depends on each of twenty others in rows of its own.
  std::vector<std::vector<std::uint16_t>> real(21, std::vector<std::uint16_t>(20'000, 0));
  std::vector<std::vector<std::uint16_t>> drawn = real;
  for (std::size_t row = 0; row < 20'000; ++row) {
    const std::size_t c = row / 1000;
    real[c][row] = drawn[c][row] = 1;
    real[20][row] = static_cast<std::uint16_t>(c);
    drawn[20][row] = static_cast<std::uint16_t>(row % 20);
  }
  const kernels::PairCounts x = counts_of(real, 30), y = counts_of(drawn, 30);
  std::vector<int> order(21);
  std::iota(order.begin(), order.end(), 0);
  StoredNetwork network{shape, order, random_weights(NetworkLayout(shape), 0.3)};
  mend_pairs(network, PairedColumns(shape), find_pair_misfits(x, 20'000, y, 20'000, 10), y, 1,
             std::vector<char>(21), 10, 1);
  EXPECT_EQ(network.pairs.size(), 16u);
}

TEST(PairedColumns, AreThoseOfFewTokens) {
  NetworkShape shape;
  shape.cardinalities = {3, 300, 1, 256};
  EXPECT_EQ(PairedColumns(shape).columns(), (std::vector<int>{0, 3}));
  shape.cardinalities = {3, 300, 1};
  EXPECT_TRUE(PairedColumns(shape).empty());
  // 23 columns of 256 tokens: half of 5888^2 is over 2^24; 22 fit.
  shape.cardinalities.assign(40, 256);
  EXPECT_EQ(PairedColumns(shape).columns().size(), 22u);
  shape.autoregressive = false;
  EXPECT_TRUE(PairedColumns(shape).empty());
}

/// The pairs and weights after a calibration on some ranks, each with its part of the rows.
std::vector<float> calibrated_on(int ranks, int threads) {
  std::vector<float> weights;
  base::run_ranks_as_threads(ranks, [&](base::Communicator& communicator) {
    Case given = make_case();
    given.network.weights.back() += 1;  // of the last column's last token
    forbid(given.data);
    const auto [begin, end] = communicator.slice(kRows);
    auto& tokens = given.data.tokens;
    tokens.assign(tokens.begin() + begin * given.data.n_columns,
                  tokens.begin() + end * given.data.n_columns);
    given.data.n_rows = end - begin;
    calibrate(given.network, given.data, {.rows = kRows, .threads = threads}, communicator);
    if (communicator.rank() != 0) return;
    weights = given.network.weights;
    for (const PairCorrection& pair : given.network.pairs)
      weights.insert(weights.end(), pair.values.begin(), pair.values.end());
  });
  return weights;
}

TEST(Calibrate, HasTheSameBitsForAnyThreadsAndRanks) {
  const std::vector<float> one = calibrated_on(1, 1);
  EXPECT_NE(one, make_case().network.weights);
  EXPECT_EQ(one, calibrated_on(1, 3));
  EXPECT_EQ(one, calibrated_on(3, 1));
}

}  // namespace
}  // namespace semblance::trainer
