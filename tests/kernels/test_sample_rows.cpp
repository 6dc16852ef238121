#include "kernels/sample_rows.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "kernels/activation.hpp"
#include "kernels/sample_cell.hpp"
#include "tests/kernels/device_cases.hpp"

namespace semblance::kernels {
namespace {

/// A decoder with arrays of its own, filled with random numbers.
struct RandomDecoder {
  std::vector<std::vector<float>> arrays;
  DecoderWeights weights;

  RandomDecoder(bool autoregressive, int latent, int hidden, int blocks, int width) {
    arrays.reserve(64);
    weights.autoregressive = autoregressive;
    weights.cardinalities = {3, 20, 1, 2, 33};
    weights.order = {4, 0, 2, 1, 3};
    weights.latent = latent;
    weights.hidden = hidden;
    weights.block_width = width;
    const int tokens = 59, contexts = autoregressive ? 5 : 1;
    weights.latent_in = array(latent * hidden);
    weights.column_bias = array(contexts * hidden);
    if (autoregressive) weights.embedding = array(tokens * hidden);
    for (int k = 0; k < blocks; ++k) {
      weights.blocks.push_back(
          {array(hidden * width), array(contexts * width), array(width * hidden)});
    }
    weights.head = array(tokens * hidden);
    weights.head_bias = array(tokens);
  }

  std::span<const float> array(int size) {
    base::PhiloxStream stream(5, base::Purpose::kInitialise, arrays.size());
    std::vector<float> values(static_cast<std::size_t>(size));
    for (float& v : values) v = static_cast<float>(0.4 * stream.normal());
    arrays.push_back(std::move(values));
    return arrays.back();
  }
};

/// The slow version, in double: p(token of column s | z, earlier tokens).
std::vector<double> exact_probabilities(const DecoderWeights& w, const std::vector<double>& z,
                                        const std::vector<int>& tokens, int s) {
  const int h = w.hidden, u = w.block_width, context_row = w.autoregressive ? s : 0;
  const auto silu64 = [](double x) { return x / (1 + std::exp(-x)); };
  std::vector<double> c(h);
  std::vector<int> offsets = {0};
  for (const int k : w.cardinalities) offsets.push_back(offsets.back() + k);
  for (int i = 0; i < h; ++i) {
    c[i] = w.column_bias[context_row * h + i];
    for (int l = 0; l < w.latent; ++l) c[i] += z[l] * w.latent_in[l * h + i];
    for (int e = 0; w.autoregressive && e < s; ++e) {
      c[i] += w.embedding[(offsets[e] + tokens[e]) * h + i];
    }
  }
  for (const DecoderWeights::Block& block : w.blocks) {
    std::vector<double> unit(u);
    for (int j = 0; j < u; ++j) {
      unit[j] = block.bias[context_row * u + j];
      for (int i = 0; i < h; ++i) unit[j] += c[i] * block.in[i * u + j];
    }
    for (int i = 0; i < h; ++i) {
      for (int j = 0; j < u; ++j) c[i] += silu64(unit[j]) * block.out[j * h + i];
    }
  }
  std::vector<double> p(w.cardinalities[s]);
  for (int t = 0; t < w.cardinalities[s]; ++t) {
    double logit = w.head_bias[offsets[s] + t];
    for (int i = 0; i < h; ++i) logit += silu64(c[i]) * w.head[(offsets[s] + t) * h + i];
    p[t] = std::exp(logit);
  }
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= sum;
  return p;
}

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

INSTANTIATE_TEST_SUITE_P(Devices, SampleRows, testing::Values("cpu", "cuda:0"), device_case_name);

TEST(DecoderWeights, RefuseArraysThatDoNotFit) {
  RandomDecoder decoder(true, 2, 16, 1, 8);
  decoder.weights.head = decoder.weights.head.subspan(1);
  EXPECT_THROW(check(decoder.weights), base::Error);
  RandomDecoder other(true, 2, 16, 1, 8);
  other.weights.order = {0, 1, 2, 3, 3};
  EXPECT_THROW(make_row_sampler(other.weights), base::Error);
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
