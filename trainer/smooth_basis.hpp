/// Shared coefficients of neighbouring tokens. Tokens of a numeric column lie in the order of its
/// values, and their rows of the embedding and the head should differ little from their
/// neighbours'. Such a row is written as a row of its own plus a sum of hat functions over the
/// token's position at several widths; the coefficients of the hats are trained beside the rows.
/// The network is unchanged: the sum is taken before each step and only the sum is kept in the
/// model.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/network.hpp"

namespace semblance::trainer {

/// The shared part of the weights: weights = own rows + hats * coefficients. Its const members are
/// thread-safe.
class SmoothBasis {
 public:
  /// \param ordered  [C] leading tokens of each column that follow the order of its values; 0: none
  SmoothBasis(const NetworkShape& shape, const NetworkLayout& layout,
              const std::vector<int>& ordered);

  /// A pair of token and hat: weights [width] at an offset get share * coefficients [width].
  struct Entry {
    std::int64_t weights = 0, coefficients = 0, width = 0;  ///< offsets and floats
    float share = 0;                                        ///< the hat's height at the token
  };
  std::vector<Entry> entries() const;  ///< all of them

  /// Coefficients in all; 0 when no column is ordered.
  std::int64_t size() const { return size_; }
  /// weights += the hats' sums.
  void add(std::span<const float> coefficients, std::span<float> weights) const;
  /// Gradient of the coefficients from that of the weights; overwritten.
  void reduce(std::span<const float> gradient, std::span<float> coefficients) const;

 private:
  /// The hats of one scale over one column's rows of one matrix.
  struct Piece {
    std::int64_t weights = 0;       // offset of the first row
    std::int64_t coefficients = 0;  // offset of the first hat
    std::int64_t width = 0;
    int tokens = 0;
    int intervals = 0;  // hats - 1
  };
  /// Calls body(weights offset, coefficients offset, width, share) for each pair of token and hat.
  template <class Body>
  void for_each(const Piece& piece, const Body& body) const;

  std::vector<Piece> pieces_;
  std::int64_t size_ = 0;
};

}  // namespace semblance::trainer
