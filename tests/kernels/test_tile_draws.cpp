#include "kernels/tile_draws.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/decoder_tile.hpp"
#include "kernels/sample_cell.hpp"
#include "tests/kernels/random_decoder.hpp"

namespace semblance::kernels {
namespace {

constexpr std::uint64_t kFirst = (1ull << 32) - 30;  // rows on both sides of a word's end

TEST(TileDraws, UniformNumbersAreThoseOfEachRow) {
  for (const int rows : {1, 64, 100}) {
    std::vector<float> u(static_cast<std::size_t>(8 * rows));
    draw_uniform_rows(11, kFirst, rows, 6, u.data());
    for (int s = 0; s < 6; ++s) {
      for (int r = 0; r < rows; ++r) {
        const std::uint32_t bits =
            base::random_bits(11, base::Purpose::kSample, kFirst + static_cast<std::uint64_t>(r),
                              static_cast<std::uint32_t>(s));
        EXPECT_EQ(u[static_cast<std::size_t>(s * rows + r)], base::uniform_float(bits));
      }
    }
  }
}

TEST(TileDraws, LatentNumbersAreThoseOfEachRow) {
  for (const int latent : {1, 6, 16}) {
    std::vector<float> z(static_cast<std::size_t>(100 * latent));
    draw_latent_rows(11, kFirst, 100, latent, z.data());
    for (int r = 0; r < 100; ++r) {
      for (int i = 0; i < latent; ++i) {
        EXPECT_NEAR(z[static_cast<std::size_t>(r * latent + i)],
                    latent_normal(11, kFirst + static_cast<std::uint64_t>(r),
                                  static_cast<std::uint32_t>(i)),
                    2e-6);
      }
    }
  }
}

TEST(NormalPair, IsBoxAndMullers) {
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const base::PhiloxWords words = base::philox(5, base::Purpose::kLatent, i, 0);
    const double radius =
        std::sqrt(-2 * std::log1p(-static_cast<double>(base::uniform_float(words.word[0]))));
    const double angle = 2 * M_PI * static_cast<double>(base::uniform_float(words.word[1]));
    const NormalPair pair = normal_pair(words.word[0], words.word[1]);
    EXPECT_NEAR(pair.even, radius * std::cos(angle), 3e-6);
    EXPECT_NEAR(pair.odd, radius * std::sin(angle), 3e-6);
  }
  EXPECT_EQ(normal_pair(0, 77).even, 0.0f);  // the logarithm of 1
  EXPECT_NEAR(normal_pair(0xFFFFFFFFu, 0).even, std::sqrt(48 * std::log(2.0)), 1e-5);
}

TEST(DecoderTile, PicksTheTokensOfEachRowByItself) {
  const RandomDecoder decoder(true, 2, 20, 1, 24);
  const DecoderTile tile(decoder.weights);
  DecoderTile::Work work = tile.work();
  std::vector<float> context(static_cast<std::size_t>(kTile * tile.stride())), u(kTile);
  for (int r = 0; r < kTile; ++r)
    u[static_cast<std::size_t>(r)] = (static_cast<float>(r) + 0.5f) / kTile;
  for (int s = 0; s < tile.columns(); ++s) {
    tile.enter(s, context.data(), work);
    tile.logits(s, work);
    std::vector<float> logits = work.logits;
    std::vector<std::uint16_t> tokens(kTile);
    tile.pick(s, kTile, u.data(), work, tokens.data());
    for (int r = 0; r < kTile; ++r) {
      float lanes[kPickLanes];
      float* row = logits.data() + r * tile.head_stride(s);
      tile.exponentiate(s, row, lanes);
      EXPECT_EQ(tokens[static_cast<std::size_t>(r)],
                pick_token(row, static_cast<int>(tile.head_stride(s)), lanes,
                           u[static_cast<std::size_t>(r)]));
    }
    tile.feed(s, kTile, tokens.data(), context.data());
  }
}

}  // namespace
}  // namespace semblance::kernels
