/// A table whose joint law is known, through the whole of training and generation: the loss must
/// come down to the law's entropy, and the made rows must follow the law.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/hdf5.hpp"
#include "base/philox.hpp"
#include "table/read_table.hpp"
#include "tests/base/temporary_directory.hpp"
#include "trainer/model.hpp"
#include "trainer/score_rows.hpp"
#include "trainer/train.hpp"

namespace semblance::trainer {
namespace {

constexpr std::array<int, 4> kLevels = {3, 4, 2, 3};
constexpr int kCells = 3 * 4 * 2 * 3;
using Cell = std::array<int, 4>;

Cell cell_at(int index) { return {index / 24, index / 6 % 4, index / 3 % 2, index % 3}; }

/// p(a, b, c, d): a and b hang on a class that no column tells (a mixture); c is the exclusive-or
/// of their parities 17 times in 20, which no sum of single effects can say; d hangs on whether
/// c agrees with b's upper half.
double law(const Cell& x) {
  const auto [a, b, c, d] = x;
  constexpr double kClass[2] = {0.6, 0.4};
  constexpr double kA[2][3] = {{0.55, 0.3, 0.15}, {0.15, 0.25, 0.6}};
  constexpr double kB[2][4] = {{0.4, 0.3, 0.2, 0.1}, {0.1, 0.2, 0.2, 0.5}};
  constexpr double kD[2][3] = {{0.7, 0.2, 0.1}, {0.1, 0.3, 0.6}};
  double both = 0;
  for (int h = 0; h < 2; ++h) both += kClass[h] * kA[h][a] * kB[h][b];
  return both * (c == (a + b) % 2 ? 0.85 : 0.15) * kD[c == (b >= 2)][d];
}

/// Mean of -log p, in nats, and its standard deviation in one row.
struct Entropy {
  double nats = 0, deviation = 0;
};

Entropy exact_entropy() {
  Entropy entropy;
  double square = 0;
  for (int i = 0; i < kCells; ++i) {
    const double p = law(cell_at(i));
    entropy.nats -= p * std::log(p);
    square += p * std::log(p) * std::log(p);
  }
  entropy.deviation = std::sqrt(square - entropy.nats * entropy.nats);
  return entropy;
}

int draw(std::uint64_t seed, std::int64_t row) {
  double u = base::uniform(seed, base::Purpose::kMockHospital, row, 0);
  int i = 0;
  for (; i < kCells - 1 && u >= law(cell_at(i)); ++i) u -= law(cell_at(i));
  return i;
}

/// A CSV file of the cells.
std::string write_csv(const std::filesystem::path& path, const std::vector<int>& cells) {
  std::ofstream file(path);
  file << "a,b,c,d\n";
  for (const int i : cells) {
    const auto [a, b, c, d] = cell_at(i);
    file << 'a' << a << ",b" << b << ",c" << c << ",d" << d << '\n';
  }
  return path.string();
}

std::vector<int> sample_of_law(std::uint64_t seed, int n) {
  std::vector<int> cells;
  for (int r = 0; r < n; ++r) cells.push_back(draw(seed, r));
  return cells;
}

constexpr int kRows = 8'000;

class Likelihood : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new base::TemporaryDirectory;
    TrainOptions options;
    options.table = write_csv(folder_->path() / "table.csv", sample_of_law(1, kRows));
    options.output = model();
    options.device = "cpu";
    options.threads = 1;
    train(options, *base::self_communicator());
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  static std::string model() { return (folder_->path() / "model.h5").string(); }
  static std::vector<float> score(const std::vector<int>& cells) {
    const std::string path = write_csv(folder_->path() / "rows.csv", cells);
    return score_rows(model(), table::read_table(path), 1);
  }

  static base::TemporaryDirectory* folder_;
};

base::TemporaryDirectory* Likelihood::folder_ = nullptr;

TEST_F(Likelihood, TheExactExpectedLossIsTheEntropyAndAHundredthOfANatAtMost) {
  // The expectation over the law is a sum over its cells; of the noise in z, the mean of 64 draws a
  // cell. By Gibbs' inequality it cannot be below the entropy. Counting cells (the best that knows
  // no structure) would be 71 / (2 * 8000) = 0.0044 nats above it; without the exclusive-or a model
  // is 0.27 nats above.
  constexpr int kDraws = 64;
  std::vector<int> cells;
  for (int i = 0; i < kCells * kDraws; ++i) cells.push_back(i / kDraws);
  const std::vector<float> scores = score(cells);
  double loss = 0, noise = 0;
  for (int i = 0; i < kCells; ++i) {
    double sum = 0, square = 0;
    for (int k = 0; k < kDraws; ++k) {
      const double s = scores[i * kDraws + k];
      sum += s, square += s * s;
    }
    const double p = law(cell_at(i));
    loss -= p * sum / kDraws;
    noise += p * p * (square / kDraws - std::pow(sum / kDraws, 2)) / kDraws;
  }
  const double excess = loss - exact_entropy().nats;
  RecordProperty("excess_nats", std::to_string(excess));
  EXPECT_GT(excess, -4 * std::sqrt(noise) - 1e-5);
  EXPECT_LT(excess, 0.01);
}

TEST_F(Likelihood, LossOnAFreshSampleExceedsTheLawsOwnByAHundredthOfANatAtMost) {
  // Row by row beside -log p of the law, which takes the sampling noise out.
  const std::vector<int> cells = sample_of_law(2, 10'000);
  const std::vector<float> scores = score(cells);
  double sum = 0, square = 0;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    const double excess = std::log(law(cell_at(cells[r]))) - scores[r];
    sum += excess, square += excess * excess;
  }
  const double n = static_cast<double>(cells.size()), mean = sum / n;
  const double error = std::sqrt((square / n - mean * mean) / n);
  EXPECT_GT(mean, -4 * error);
  EXPECT_LT(mean, 0.01 + 4 * error);
  EXPECT_LT(error, 0.003);
}

TEST_F(Likelihood, TheValidationLossThatTrainingReportsIsTheEntropyToItsSamplingError) {
  const base::H5Handle file = base::h5_open(model());
  const double loss = base::h5_read_double_attribute(
      base::h5_open_group(file.get(), "training").get(), "validation_loss");
  const Entropy entropy = exact_entropy();
  // A tenth of the rows are kept for validation.
  EXPECT_NEAR(loss, entropy.nats, 4 * entropy.deviation / std::sqrt(kRows / 10.0));
}

TEST_F(Likelihood, MadeRowsFollowTheJointLawAsCloselyAsTheTrainingTableDoes) {
  const Model made = load_model(model());
  const table::Table rows = made.codec.decode(made.sampler->sample(0, kRows, 5, 1), 0, 5);
  std::vector<double> counts(kCells);
  for (std::int64_t r = 0; r < kRows; ++r) {
    int index = 0;
    for (int c = 0; c < 4; ++c) {
      const std::string text = rows.columns[c].as_text(r);
      ASSERT_EQ(text.size(), 2u);
      index = index * kLevels[c] + (text[1] - '0');
    }
    ++counts[index];
  }
  double chi_square = 0;
  for (int i = 0; i < kCells; ++i) {
    const double expected = kRows * law(cell_at(i));
    ASSERT_GT(expected, 5);
    chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  RecordProperty("chi_square", std::to_string(chi_square));
  // Rows drawn anew from the training table have its sampling error and their own: half of the
  // statistic is then chi-square with 71 degrees of freedom, which exceeds 113.6 once in a
  // thousand. Without the exclusive-or the statistic is several thousand.
  EXPECT_LT(chi_square / 2, 113.6);
}

}  // namespace
}  // namespace semblance::trainer
