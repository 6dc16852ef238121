#include "trainer/calibrate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

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
