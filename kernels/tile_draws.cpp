#include "kernels/tile_draws.hpp"

#include <algorithm>

#include "kernels/sample_cell.hpp"
#include "kernels/target_clones.hpp"

namespace semblance::kernels {
namespace {

constexpr int kMany = 64;  // rows at a time

/// The words of kMany rows at one address: words[i] belongs to row first_row + i.
SEMBLANCE_CLONES void draw_words(std::uint64_t seed, base::Purpose purpose, std::uint64_t first_row,
                                 std::uint32_t block, std::uint32_t (*__restrict words)[kMany]) {
  const auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  std::uint32_t w0[kMany], w1[kMany], w2[kMany], w3[kMany];
  for (int r = 0; r < kMany; ++r) {
    const std::uint64_t row = first_row + static_cast<std::uint64_t>(r);
    w0[r] = block;
    w1[r] = static_cast<std::uint32_t>(purpose);
    w2[r] = static_cast<std::uint32_t>(row);
    w3[r] = static_cast<std::uint32_t>(row >> 32);
  }
  for (int round = 0; round < 10; ++round) {
    const std::uint32_t k0 = key0 + static_cast<std::uint32_t>(round) * 0x9E3779B9u,
                        k1 = key1 + static_cast<std::uint32_t>(round) * 0xBB67AE85u;
    for (int r = 0; r < kMany; ++r) {
      const std::uint64_t a = std::uint64_t{0xD2511F53u} * w0[r],
                          b = std::uint64_t{0xCD9E8D57u} * w2[r];
      w0[r] = static_cast<std::uint32_t>(b >> 32) ^ w1[r] ^ k0;
      w2[r] = static_cast<std::uint32_t>(a >> 32) ^ w3[r] ^ k1;
      w1[r] = static_cast<std::uint32_t>(b);
      w3[r] = static_cast<std::uint32_t>(a);
    }
  }
  for (int r = 0; r < kMany; ++r) {
    words[0][r] = w0[r];
    words[1][r] = w1[r];
    words[2][r] = w2[r];
    words[3][r] = w3[r];
  }
}

/// Two normals of each row from two words.
SEMBLANCE_CLONES void to_normals(const std::uint32_t* first, const std::uint32_t* second,
                                 float* __restrict even, float* __restrict odd) {
  for (int r = 0; r < kMany; ++r) {
    const NormalPair pair = normal_pair(first[r], second[r]);
    even[r] = pair.even;
    odd[r] = pair.odd;
  }
}

SEMBLANCE_CLONES void to_uniform(const std::uint32_t* words, int rows, float* __restrict u) {
  for (int r = 0; r < rows; ++r) u[r] = base::uniform_float(words[r]);
}

}  // namespace

void draw_latent_rows(std::uint64_t seed, std::uint64_t first_row, int rows, int latent, float* z) {
  std::uint32_t words[4][kMany];
  float normals[4][kMany];
  for (int done = 0; done < rows; done += kMany, z += std::int64_t{kMany} * latent) {
    const int many = std::min(kMany, rows - done);
    for (int i = 0; i < latent; i += 4) {
      draw_words(seed, base::Purpose::kLatent, first_row + static_cast<std::uint64_t>(done),
                 static_cast<std::uint32_t>(i / 4), words);
      to_normals(words[0], words[1], normals[0], normals[1]);
      to_normals(words[2], words[3], normals[2], normals[3]);
      for (int r = 0; r < many; ++r)
        for (int k = 0; k < std::min(4, latent - i); ++k) z[r * latent + i + k] = normals[k][r];
    }
  }
}

void draw_uniform_rows(std::uint64_t seed, std::uint64_t first_row, int rows, int columns,
                       float* u) {
  std::uint32_t words[4][kMany];
  for (int done = 0; done < rows; done += kMany) {
    const int many = std::min(kMany, rows - done);
    for (int s = 0; s < columns; s += 4) {
      draw_words(seed, base::Purpose::kSample, first_row + static_cast<std::uint64_t>(done),
                 static_cast<std::uint32_t>(s / 4), words);
      for (int k = 0; k < 4; ++k) to_uniform(words[k], many, u + std::int64_t{s + k} * rows + done);
    }
  }
}

}  // namespace semblance::kernels
