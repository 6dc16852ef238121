#include "base/philox.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

namespace semblance::base {
namespace {

using Words = std::array<std::uint32_t, 4>;

Words block(Words counter, std::uint32_t key0, std::uint32_t key1) {
  const PhiloxWords out =
      philox_block({{counter[0], counter[1], counter[2], counter[3]}}, key0, key1);
  return {out.word[0], out.word[1], out.word[2], out.word[3]};
}

// Known answers published with Random123 (kat_vectors, philox4x32 with 10 rounds).
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(block({0, 0, 0, 0}, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t f = 0xffffffff;
  EXPECT_EQ(block({f, f, f, f}, f, f), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, EveryPartOfTheAddressMatters) {
  std::set<std::uint32_t> seen;
  for (const std::uint64_t seed : {1ull, 2ull, 1ull << 32}) {
    for (const Purpose purpose : {Purpose::kSample, Purpose::kDecode}) {
      for (const std::uint64_t row : {0ull, 1ull, 1ull << 32}) {
        for (const std::uint32_t draw : {0u, 1u, 4u})
          seen.insert(random_bits(seed, purpose, row, draw));
      }
    }
  }
  EXPECT_EQ(seen.size(), 54u);
}

TEST(Philox, AStreamIsTheSameAsItsAddresses) {
  PhiloxStream stream(7, Purpose::kShuffle, 3);
  for (std::uint32_t draw = 0; draw < 9; ++draw)
    EXPECT_EQ(stream(), random_bits(7, Purpose::kShuffle, 3, draw));
}

TEST(Philox, UniformsStayBelowOne) {
  EXPECT_LT(uniform_float(0xffffffff), 1.0f);
  EXPECT_LT(uniform_double(0xffffffff, 0xffffffff), 1.0);
  EXPECT_EQ(uniform_double(0, 0), 0.0);
}

// 40,000 draws: the mean of a uniform has standard error 0.0014 and that of a normal 0.005; the
// bounds are five of them, so a right generator fails with probability below 1e-6.
TEST(Philox, MomentsAreRight) {
  PhiloxStream stream(1, Purpose::kEvaluate, 0);
  double uniforms = 0, normals = 0, squares = 0;
  const int n = 40000;
  for (int i = 0; i < n; ++i) {
    uniforms += stream.uniform();
    const double z = stream.normal();
    normals += z;
    squares += z * z;
  }
  EXPECT_NEAR(uniforms / n, 0.5, 0.0072);
  EXPECT_NEAR(normals / n, 0.0, 0.025);
  EXPECT_NEAR(squares / n, 1.0, 0.036);
}

TEST(Philox, BelowCoversItsRange) {
  PhiloxStream stream(1, Purpose::kEvaluate, 1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(stream.below(5));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace semblance::base
