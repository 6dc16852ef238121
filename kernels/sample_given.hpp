/// Rows of tokens under conditions: some tokens are given, of others only some are allowed.
/// Sequential importance resampling (Doucet, de Freitas, Gordon 2001, "Sequential Monte Carlo
/// methods in practice", chapter 1); equations: docs/MODEL.md, "Under conditions". On the CPU.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/position.hpp"
#include "kernels/sample_rows.hpp"

namespace semblance::kernels {

/// A token that is not given.
inline constexpr std::uint16_t kFreeToken = 0xFFFF;
/// Candidates a row at most.
inline constexpr int kMostParticles = 4096;

/// What the tokens of one column may be. Columns are numbered as in the output.
struct TokenMask {
  int column = 0;  ///< under the condition
  int given = -1;  ///< a column generated before it, whose token picks the weights; -1
  std::vector<float>
      weights;             ///< [K], or [K_given, K]: share in [0, 1] of the token that is allowed
  std::vector<char> rows;  ///< [n_rows] whether it holds for the row; empty: for all
};

/// The rows that are asked for, and what they must be.
struct GivenRows {
  /// Rows of entities (a panel): whose they are and what came before.
  struct History {
    std::span<const std::uint64_t> row;       ///< [n_rows] addresses a row's draws
    std::span<const std::uint64_t> entity;    ///< [n_rows] addresses its z
    std::span<const std::uint16_t> previous;  ///< [kLookBack, C, n_rows] tokens of the row before,
                                              ///< of the one before it ...; anything where an
                                              ///< entity has no such row
    std::span<const std::int32_t> index;      ///< [n_rows] rows of the entity before this one
    std::span<const std::int32_t> size;       ///< [n_rows] rows of the entity
    /// [n_rows] GivenTokens::candidate of the entity's first row, whose z all candidates have;
    /// empty: each has its own.
    std::span<const std::int32_t> candidate = {};
  };

  /// Numbers of the output: rows first_row to first_row + n_rows - 1.
  std::int64_t first_row = 0, n_rows = 0;
  std::uint64_t seed = 1;                ///< as of RowSampler::sample
  std::span<const TokenMask> masks;      ///< several of one column are multiplied
  std::span<const std::uint16_t> fixed;  ///< [C, n_rows] given tokens or kFreeToken; empty: none
  int particles = 32;                ///< candidates a row: a power of two, at most kMostParticles
  const History* history = nullptr;  ///< of a panel; then first_row tells nothing
  int columns = 0;  ///< how many columns to draw, in the order of generation; 0: all. The others
                    ///< are 0
};

/// What was drawn, and how well the candidates fitted.
struct GivenTokens {
  std::vector<std::uint16_t> tokens;  ///< [C, n_rows] column-major, as RowSampler::sample
  std::vector<float> effective;  ///< [n_rows] least effective number of candidates, 1 to particles
  std::vector<std::int32_t> candidate;  ///< [n_rows] number of the candidate whose z the row has
  std::vector<double> log_mass;  ///< [n_rows] estimate of the log-probability of the conditions
};

/// A decoder made ready for rows under conditions. Its const members are thread-safe.
class GivenSampler {
 public:
  virtual ~GivenSampler() = default;
  /// Candidates go through the columns together; where a column is under a condition, each weighs
  /// the probability that it gave to what is allowed, and is drawn from that. When their effective
  /// number falls below a half they are resampled. After the last such column one is drawn by
  /// weight and goes on alone. A row of which all conditioned columns come first is exact (but for
  /// z); otherwise the law of a row is right as the number of candidates grows.
  /// \param threads  0 for all
  /// \return a row has the same bits for any block of rows it is drawn in and any number of threads
  /// \throws Error{kUsage} when sizes disagree
  virtual GivenTokens sample(const GivenRows& rows, int threads) const = 0;
};

/// \throws Error{kData} as check()
std::unique_ptr<GivenSampler> make_given_sampler(const DecoderWeights& weights);

}  // namespace semblance::kernels
