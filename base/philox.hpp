/// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as
/// 1, 2, 3", SC 2011). A value is addressed by (seed, purpose, row, draw) and depends on nothing
/// else: not on ranks, threads, shards, batches or the device.
#pragma once

#include <cstdint>

#include "base/host_device.hpp"

namespace semblance::base {

/// What a random number is for; streams of different purposes never overlap.
enum class Purpose : std::uint32_t {
  kSample = 1,        ///< tokens of a synthetic row
  kDecode = 2,        ///< continuous values within a bin
  kLatent = 3,        ///< latent variables of the model
  kShuffle = 4,       ///< order of training rows
  kSplit = 5,         ///< validation and holdout splits
  kInitialise = 6,    ///< initial weights
  kDropout = 7,       ///< dropout masks
  kMockHospital = 8,  ///< mock hospital tables
  kEvaluate = 9,      ///< sub-samples and bootstraps of the evaluation
  kIdentifier = 10,   ///< re-issued identifiers
  kRetry = 11,        ///< rows drawn again to satisfy a constraint
  kPrepare = 12,      ///< date shifts and samples of a recipe
  kParticle = 13,     ///< tokens of the candidates for a row under conditions
  kResample = 14,     ///< which of these candidates go on
  kPool = 15,         ///< rows of an entity that tell its z
};

/// Four 32-bit words of randomness.
struct PhiloxWords {
  std::uint32_t word[4];  ///< independent of each other, each uniform
};

/// One Philox4x32-10 block for a 128-bit counter and a 64-bit key.
SEMBLANCE_HD inline PhiloxWords philox_block(PhiloxWords counter, std::uint32_t key0,
                                             std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter.word[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * counter.word[2];
    const std::uint32_t c1 = counter.word[1], c3 = counter.word[3];
    counter.word[0] = static_cast<std::uint32_t>(b >> 32) ^ c1 ^ key0;
    counter.word[1] = static_cast<std::uint32_t>(b);
    counter.word[2] = static_cast<std::uint32_t>(a >> 32) ^ c3 ^ key1;
    counter.word[3] = static_cast<std::uint32_t>(a);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

/// The four words at (seed, purpose, row, draw / 4).
SEMBLANCE_HD inline PhiloxWords philox(std::uint64_t seed, Purpose purpose, std::uint64_t row,
                                       std::uint32_t block) {
  const PhiloxWords counter = {{block, static_cast<std::uint32_t>(purpose),
                                static_cast<std::uint32_t>(row),
                                static_cast<std::uint32_t>(row >> 32)}};
  return philox_block(counter, static_cast<std::uint32_t>(seed),
                      static_cast<std::uint32_t>(seed >> 32));
}

/// 32 random bits at (seed, purpose, row, draw).
SEMBLANCE_HD inline std::uint32_t random_bits(std::uint64_t seed, Purpose purpose,
                                              std::uint64_t row, std::uint32_t draw) {
  return philox(seed, purpose, row, draw / 4).word[draw % 4];
}

/// Uniform in [0, 1) with 24 bits, from 32 random bits.
SEMBLANCE_HD inline float uniform_float(std::uint32_t bits) {
  return static_cast<float>(bits >> 8) * (1.0f / 16777216.0f);
}

/// Uniform in [0, 1) with 53 bits, from two words.
SEMBLANCE_HD inline double uniform_double(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 11;
  return static_cast<double>(bits) * (1.0 / 9007199254740992.0);
}

/// Uniform in [0, 1) at (seed, purpose, row, draw); draws 2k and 2k+1 make the k-th double.
SEMBLANCE_HD inline double uniform(std::uint64_t seed, Purpose purpose, std::uint64_t row,
                                   std::uint32_t draw) {
  const PhiloxWords words = philox(seed, purpose, row, draw / 2);
  return draw % 2 == 0 ? uniform_double(words.word[0], words.word[1])
                       : uniform_double(words.word[2], words.word[3]);
}

/// A sequential view of one (seed, purpose, row) stream, for host code that draws many values.
class PhiloxStream {
 public:
  /// Begins at draw 0; two streams of one address give the same values.
  PhiloxStream(std::uint64_t seed, Purpose purpose, std::uint64_t row)
      : seed_(seed), purpose_(purpose), row_(row) {}

  /// Satisfies UniformRandomBitGenerator; note that std distributions are not portable.
  using result_type = std::uint32_t;
  static constexpr result_type min() { return 0; }            ///< least value
  static constexpr result_type max() { return 0xFFFFFFFFu; }  ///< greatest value, taken in
  result_type operator()() {
    if (next_ % 4 == 0) words_ = philox(seed_, purpose_, row_, next_ / 4);
    return words_.word[next_++ % 4];
  }

  /// Uniform in [0, 1).
  double uniform() {
    const std::uint32_t high = (*this)();
    return uniform_double(high, (*this)());
  }
  /// Uniform integer in [0, n), n >= 1 (multiply-shift; bias below n / 2^64).
  std::uint64_t below(std::uint64_t n) {
    const std::uint64_t high = (*this)();
    const std::uint64_t bits = high << 32 | (*this)();
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits) * n) >> 64);
  }
  /// Standard normal (Box-Muller, one of the pair).
  double normal();

 private:
  std::uint64_t seed_;
  Purpose purpose_;
  std::uint64_t row_;
  std::uint32_t next_ = 0;
  PhiloxWords words_{};
};

}  // namespace semblance::base
