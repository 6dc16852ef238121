#include "kernels/sample_given.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "tests/kernels/random_decoder.hpp"

namespace semblance::kernels {
namespace {

constexpr std::int64_t kRows = 20'000;

/// All rows of a decoder without z, with their probabilities; tokens by output column.
struct Law {
  std::vector<std::vector<int>> rows;
  std::vector<double> p;

  explicit Law(const DecoderWeights& w) { grow(w, {}, 1.0); }

  /// Probabilities of the tokens of an output column, given weights of whole rows.
  template <class Weight>
  std::vector<double> marginal(int column, int tokens, const Weight& weight) const {
    std::vector<double> out(static_cast<std::size_t>(tokens));
    double sum = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double mass = p[i] * weight(rows[i]);
      out[static_cast<std::size_t>(rows[i][static_cast<std::size_t>(column)])] += mass;
      sum += mass;
    }
    for (double& x : out) x /= sum;
    return out;
  }
  template <class Weight>
  double mass(const Weight& weight) const {
    double sum = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) sum += p[i] * weight(rows[i]);
    return sum;
  }

 private:
  void grow(const DecoderWeights& w, std::vector<int> tokens, double mass) {
    const int s = static_cast<int>(tokens.size());
    if (s == static_cast<int>(w.cardinalities.size())) {
      std::vector<int> row(tokens.size());
      for (std::size_t i = 0; i < tokens.size(); ++i)
        row[static_cast<std::size_t>(w.order[i])] = tokens[i];
      rows.push_back(row);
      p.push_back(mass);
      return;
    }
    const std::vector<double> next = exact_probabilities(w, {}, tokens, s);
    for (std::size_t t = 0; t < next.size(); ++t) {
      std::vector<int> longer = tokens;
      longer.push_back(static_cast<int>(t));
      grow(w, longer, mass * next[t]);
    }
  }
};

/// Chi-square of every column's counts, as standard scores: (X - f) / sqrt(2 f).
template <class Weight>
double worst_score(const DecoderWeights& w, const Law& law, const GivenTokens& drawn,
                   const Weight& weight) {
  double worst = 0;
  for (int s = 0; s < 5; ++s) {
    const int column = w.order[static_cast<std::size_t>(s)];
    const int tokens = w.cardinalities[static_cast<std::size_t>(s)];
    const std::vector<double> expected = law.marginal(column, tokens, weight);
    std::vector<double> observed(expected.size());
    for (std::int64_t r = 0; r < kRows; ++r)
      ++observed[drawn.tokens[static_cast<std::size_t>(column * kRows + r)]];
    double chi_square = 0, cells = 0;
    for (std::size_t t = 0; t < expected.size(); ++t) {
      const double mean = expected[t] * kRows;
      if (mean == 0) {
        EXPECT_EQ(observed[t], 0) << "column " << column << " token " << t;
        continue;
      }
      if (mean < 5) continue;
      chi_square += (observed[t] - mean) * (observed[t] - mean) / mean;
      ++cells;
    }
    if (cells > 1) worst = std::max(worst, (chi_square - cells + 1) / std::sqrt(2 * (cells - 1)));
  }
  return worst;
}

struct SampleGiven : testing::Test {
  static const RandomDecoder& decoder() {
    static const RandomDecoder random(true, 0, 16, 1, 24);
    return random;
  }
  static const Law& exact_law() {
    static const Law exact(decoder().weights);
    return exact;
  }
  const DecoderWeights& weights = decoder().weights;
  const Law& law = exact_law();
  std::unique_ptr<GivenSampler> sampler = make_given_sampler(weights);

  /// Output columns in the order of generation are 4, 0, 2, 1, 3 with 3, 20, 1, 2, 33 tokens.
  TokenMask mask(int column, std::vector<float> allowed, int given = -1) const {
    return {column, given, std::move(allowed), {}};
  }
};

TEST_F(SampleGiven, FirstColumnIsExactWithASingleCandidate) {
  const std::vector<TokenMask> masks = {mask(4, {1, 0, 1})};
  const GivenTokens drawn = sampler->sample({0, kRows, 7, masks, {}, 1}, 1);
  const auto weight = [](const std::vector<int>& row) { return row[4] == 1 ? 0.0 : 1.0; };
  // The chance that a right sampler has a score beyond 4.5 is below 1e-3.
  EXPECT_LT(worst_score(weights, law, drawn, weight), 4.5);
  // The decoder rounds to 14 bits.
  for (const double mass : drawn.log_mass) EXPECT_NEAR(std::exp(mass), law.mass(weight), 1e-4);
}

TEST_F(SampleGiven, LastColumnIsRightWithManyCandidates) {
  std::vector<float> allowed(33, 0.0f);
  for (int t = 3; t < 9; ++t) allowed[static_cast<std::size_t>(t)] = 1;
  allowed[9] = 0.25f;
  const std::vector<TokenMask> masks = {mask(3, allowed)};
  const GivenTokens drawn = sampler->sample({0, kRows, 8, masks, {}, 64}, 1);
  const auto weight = [&](const std::vector<int>& row) {
    return static_cast<double>(allowed[static_cast<std::size_t>(row[3])]);
  };
  EXPECT_LT(worst_score(weights, law, drawn, weight), 4.5);
  double mass = 0;
  for (const double each : drawn.log_mass) mass += std::exp(each) / kRows;
  EXPECT_NEAR(mass / law.mass(weight), 1, 0.02);
}

TEST_F(SampleGiven, ConditionsOnSeveralColumnsAreMetTogether) {
  std::vector<float> late(33, 0.0f), pairs(20 * 2, 0.0f);
  for (int t = 20; t < 33; ++t) late[static_cast<std::size_t>(t)] = 1;
  for (int t = 0; t < 20; ++t) pairs[static_cast<std::size_t>(2 * t + t % 2)] = 1;
  const std::vector<TokenMask> masks = {mask(3, late), mask(1, pairs, 0), mask(4, {1, 1, 0})};
  const GivenTokens drawn = sampler->sample({0, kRows, 9, masks, {}, 64}, 1);
  const auto weight = [&](const std::vector<int>& row) {
    return row[3] >= 20 && row[1] == row[0] % 2 && row[4] < 2 ? 1.0 : 0.0;
  };
  EXPECT_LT(worst_score(weights, law, drawn, weight), 4.5);
}

TEST_F(SampleGiven, EarlyColumnsFollowALaterTokenThatIsGiven) {
  std::vector<std::uint16_t> fixed(5 * kRows, kFreeToken);
  std::fill_n(fixed.begin() + 3 * kRows, kRows, std::uint16_t{5});
  std::fill_n(fixed.begin() + 1 * kRows, kRows, std::uint16_t{1});
  const GivenTokens drawn = sampler->sample({0, kRows, 10, {}, fixed, 128}, 1);
  const auto weight = [&](const std::vector<int>& row) {
    return row[3] == 5 && row[1] == 1 ? 1.0 : 0.0;
  };
  EXPECT_LT(worst_score(weights, law, drawn, weight), 4.5);
}

TEST_F(SampleGiven, WithoutConditionsRowsAreThoseOfTheRowSampler) {
  std::vector<std::uint16_t> plain(5 * 1000);
  make_row_sampler(weights)->sample(3, 1000, 4, 1, plain.data());
  EXPECT_EQ(sampler->sample({3, 1000, 4, {}, {}, 32}, 1).tokens, plain);
}

TEST(SampleGivenBits, AreTheSameForAnyPieceAndThreadsThoughConditionsDifferByRow) {
  for (const bool autoregressive : {true, false}) {
    const RandomDecoder decoder(autoregressive, 3, 24, 1, 16);
    const auto sampler = make_given_sampler(decoder.weights);
    constexpr std::int64_t kMany = 500;
    std::vector<std::uint16_t> fixed(5 * kMany, kFreeToken);
    TokenMask mask{1, -1, {1, 0}, std::vector<char>(kMany)};
    for (std::int64_t r = 0; r < kMany; ++r) {
      if (r % 3 == 1) fixed[static_cast<std::size_t>(3 * kMany + r)] = 7;
      mask.rows[static_cast<std::size_t>(r)] = r % 5 == 2;
    }
    for (const int particles : {1, 16, 256}) {
      const std::vector<TokenMask> masks = {mask};
      const GivenTokens whole = sampler->sample({100, kMany, 3, masks, fixed, particles}, 1);
      EXPECT_EQ(whole.tokens, sampler->sample({100, kMany, 3, masks, fixed, particles}, 3).tokens);
      for (const auto& [first, many] : std::map<int, int>{{0, 1}, {63, 3}, {130, 200}}) {
        std::vector<std::uint16_t> part;
        for (int c = 0; c < 5; ++c)
          part.insert(part.end(), fixed.begin() + c * kMany + first,
                      fixed.begin() + c * kMany + first + many);
        TokenMask part_mask{mask.column, mask.given, mask.weights, {}};
        for (int r = 0; r < many; ++r)
          part_mask.rows.push_back(mask.rows[static_cast<std::size_t>(first + r)]);
        const std::vector<TokenMask> part_masks = {part_mask};
        const GivenTokens piece =
            sampler->sample({100 + first, many, 3, part_masks, part, particles}, 1);
        for (int c = 0; c < 5; ++c) {
          for (int r = 0; r < many; ++r)
            ASSERT_EQ(piece.tokens[static_cast<std::size_t>(c * many + r)],
                      whole.tokens[static_cast<std::size_t>(c * kMany + first + r)]);
        }
      }
      for (std::int64_t r = 0; r < kMany; ++r) {
        if (r % 3 == 1) {
          EXPECT_EQ(whole.tokens[static_cast<std::size_t>(3 * kMany + r)], 7);
        }
        if (r % 5 == 2) {
          EXPECT_EQ(whole.tokens[static_cast<std::size_t>(kMany + r)], 0);
        }
      }
    }
  }
}

TEST(SampleGivenBits, RefuseWhatDoesNotFit) {
  const RandomDecoder decoder(true, 0, 16, 0, 0);
  const auto sampler = make_given_sampler(decoder.weights);
  EXPECT_THROW(sampler->sample({0, 10, 1, {}, {}, 3}, 1), base::Error);
  const std::vector<TokenMask> later = {{0, 3, std::vector<float>(20 * 33), {}}};
  EXPECT_THROW(sampler->sample({0, 10, 1, later, {}, 4}, 1), base::Error);
  const std::vector<TokenMask> narrow = {{0, -1, std::vector<float>(19), {}}};
  EXPECT_THROW(sampler->sample({0, 10, 1, narrow, {}, 4}, 1), base::Error);
  const std::vector<std::uint16_t> beyond(5 * 10, 33);
  EXPECT_THROW(sampler->sample({0, 10, 1, {}, beyond, 4}, 1), base::Error);
}

}  // namespace
}  // namespace semblance::kernels
