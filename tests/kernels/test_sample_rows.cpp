#include "kernels/sample_rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "kernels/activation.hpp"
#include "kernels/sample_cell.hpp"
#include "tests/kernels/device_cases.hpp"
#include "tests/kernels/random_decoder.hpp"

namespace semblance::kernels {
namespace {

/// Draws rows and compares each cell with its exact conditional probability given the row's own z
/// and earlier tokens: z-scores of observed minus expected counts, summed as a chi-square over
/// tokens.
void check_law(const RandomDecoder& decoder, const std::string& device) {
  const DecoderWeights& w = decoder.weights;
  constexpr std::int64_t kRows = 20'000;
  std::vector<std::uint16_t> out(5 * kRows);
  make_row_sampler(w, device)->sample(0, kRows, 17, 1, out.data());
  std::vector<std::vector<double>> expected, variance, observed;
  for (const int k : w.cardinalities) {
    for (auto* v : {&expected, &variance, &observed}) v->emplace_back(k);
  }
  for (std::int64_t r = 0; r < kRows; ++r) {
    std::vector<double> z(w.latent);
    for (int l = 0; l < w.latent; ++l) z[l] = latent_normal(17, r, l);
    std::vector<int> tokens(5);
    for (int s = 0; s < 5; ++s) tokens[s] = out[w.order[s] * kRows + r];
    for (int s = 0; s < 5; ++s) {
      ASSERT_LT(tokens[s], w.cardinalities[s]);
      const std::vector<double> p = exact_probabilities(w, z, tokens, s);
      for (int t = 0; t < w.cardinalities[s]; ++t) {
        expected[s][t] += p[t];
        variance[s][t] += p[t] * (1 - p[t]);
      }
      ++observed[s][tokens[s]];
    }
  }
  // 59 scores; the chance that a right sampler has any beyond 4.9 is 59 * 1e-6 < 1e-4.
  for (int s = 0; s < 5; ++s) {
    for (int t = 0; t < w.cardinalities[s]; ++t) {
      if (variance[s][t] < 5) continue;
      EXPECT_LT(std::abs(observed[s][t] - expected[s][t]) / std::sqrt(variance[s][t]), 4.9)
          << "column " << s << " token " << t;
    }
  }
}

using SampleRows = OnDevice;

TEST_P(SampleRows, FollowTheNetworksProbabilitiesWithoutBlocks) {
  check_law(RandomDecoder(true, 2, 20, 0, 0), GetParam());
}
TEST_P(SampleRows, FollowTheNetworksProbabilitiesWithBlocksAndNoLatent) {
  check_law(RandomDecoder(true, 0, 16, 2, 24), GetParam());
}
TEST_P(SampleRows, FollowTheNetworksProbabilitiesOfIndependentColumns) {
  check_law(RandomDecoder(false, 3, 16, 1, 8), GetParam());
}

TEST_P(SampleRows, HaveTheSameBitsForAnyPieceAndThreads) {
  const RandomDecoder decoder(true, 3, 24, 1, 16);
  const auto sampler = make_row_sampler(decoder.weights, GetParam());
  constexpr std::int64_t kRows = 5000, kFirst = 1'234'567'890'123;
  std::vector<std::uint16_t> whole(5 * kRows), threads(5 * kRows);
  sampler->sample(kFirst, kRows, 3, 1, whole.data());
  sampler->sample(kFirst, kRows, 3, 3, threads.data());
  EXPECT_EQ(whole, threads);
  for (const auto& [first, many] : std::map<int, int>{{0, 1}, {63, 3}, {2047, 70}, {4999, 1}}) {
    std::vector<std::uint16_t> piece(5 * many);
    sampler->sample(kFirst + first, many, 3, 1, piece.data());
    for (int c = 0; c < 5; ++c) {
      for (int r = 0; r < many; ++r) EXPECT_EQ(piece[c * many + r], whole[c * kRows + first + r]);
    }
  }
  std::vector<std::uint16_t> other(5 * kRows);
  sampler->sample(kFirst, kRows, 4, 1, other.data());
  EXPECT_NE(whole, other);
  sampler->sample(0, 0, 3, 1, nullptr);
}

// On CUDA the wide column takes 80 KB of shared memory a block, more than a kernel has by itself.
TEST_P(SampleRows, OfAWideColumnComeOutAlikeWhenANarrowSamplerIsMadeInBetween) {
  const RandomDecoder wide(true, 2, 16, 0, 0, 20'000), narrow(true, 2, 16, 0, 0);
  constexpr std::int64_t kRows = 50;
  std::vector<std::uint16_t> before(5 * kRows), after(5 * kRows);
  const auto sampler = make_row_sampler(wide.weights, GetParam());
  sampler->sample(0, kRows, 3, 1, before.data());
  const auto other = make_row_sampler(narrow.weights, GetParam());
  sampler->sample(0, kRows, 3, 1, after.data());
  EXPECT_EQ(before, after);
}

TEST_P(SampleRows, OfAColumnTooWideForTheDeviceAreRefused) {
  const RandomDecoder wide(true, 2, 16, 0, 0, 65'000);  // 260 KB: more than any device had in 2025
  if (GetParam() == "cpu") {
    EXPECT_NO_THROW(make_row_sampler(wide.weights, GetParam()));
    return;
  }
  EXPECT_THAT([&] { make_row_sampler(wide.weights, GetParam()); },
              testing::Throws<base::Error>(testing::AllOf(
                  testing::Property(&base::Error::kind, base::ErrorKind::kDevice),
                  testing::Property(&base::Error::what, testing::HasSubstr("65000 tokens")))));
}

INSTANTIATE_TEST_SUITE_P(Devices, SampleRows, testing::Values("cpu", "cuda:0"), device_case_name);

TEST(DecoderWeights, RefuseArraysThatDoNotFit) {
  RandomDecoder decoder(true, 2, 16, 1, 8);
  decoder.weights.head = decoder.weights.head.subspan(1);
  EXPECT_THROW(check(decoder.weights), base::Error);
  RandomDecoder other(true, 2, 16, 1, 8);
  other.weights.order = {0, 1, 2, 3, 3};
  EXPECT_THROW(make_row_sampler(other.weights), base::Error);
  RandomDecoder later(true, 2, 16, 1, 8);
  later.weights.pairs[0] = {1, 0, later.weights.pairs[0].values};  // the later column is given
  EXPECT_THROW(check(later.weights), base::Error);
  RandomDecoder shorter(true, 2, 16, 1, 8);
  shorter.weights.pairs[0].values = shorter.weights.pairs[0].values.subspan(1);
  EXPECT_THROW(check(shorter.weights), base::Error);
}

TEST(PickToken, NeverTakesATokenWithoutWeight) {
  float weights[32] = {};
  weights[18] = 0.5f;
  weights[3] = 0.25f;
  float lanes[16] = {};
  for (int t = 0; t < 32; ++t) lanes[t % 16] += weights[t];
  for (const float u : {0.0f, 0.3f, 0.34f, 0.9f, 0.99999994f}) {
    const int token = pick_token(weights, 32, lanes, u);
    EXPECT_TRUE(token == 18 || token == 3) << u;
  }
  EXPECT_EQ(pick_token(weights, 32, lanes, 0.1f), 18);
}

TEST(FastExp, IsWithinThreeParts10MillionOfExp) {
  for (double x = -87; x <= 80; x += 0.0137) {
    const double exact = std::exp(static_cast<double>(static_cast<float>(x)));
    EXPECT_NEAR(fast_exp(static_cast<float>(x)) / exact, 1.0, 3e-7) << x;
    EXPECT_NEAR(sigmoid(static_cast<float>(x)), 1 / (1 + std::exp(-x)), 5e-7);
  }
}

}  // namespace
}  // namespace semblance::kernels
