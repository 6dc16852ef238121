/// The first residual block's product W1^T c as a running sum of its own. The context c of a column
/// is a sum of rows of matrices, so W1^T c is the sum of their products with W1; those of all
/// tokens are made once a pass, which is cheaper than a product for each row and column. The same
/// goes for the gradients: they are added up by token, and multiplied once.
#pragma once

#include <cstdint>
#include <vector>

#include "trainer/network.hpp"

namespace semblance::trainer {

/// Working memory of one pass. Column s is the s-th in the order of generation.
class CarriedBlock {
 public:
  /// \param layout  must outlive this
  CarriedBlock(const NetworkShape& shape, const NetworkLayout& layout);

  /// Whether there is such a block and carrying it costs less than half in a pass over n rows.
  bool pays(std::int64_t n) const;
  /// Starts a pass. \param weights  [layout size] \param context  [n, H] without any tokens
  void begin(const float* weights, const float* context, std::int64_t n, bool backward);
  /// Tokens of column s become part of the sum, or leave it again. \param tokens  [n]
  void add(int s, const std::uint16_t* tokens);
  void subtract(int s, const std::uint16_t* tokens);  ///< see add()

  const float* sum() const { return sum_.data(); }  ///< [n, W]
  /// [W] of column s: a_s + W1^T b_s.
  const float* bias(int s) const { return bias_.data() + s * width_; }

  /// Takes the gradient of column s's W1^T c [n, W]; columns come from the last to the first.
  void add_gradient(int s, const std::uint16_t* tokens, const float* unit_grad);
  /// Ends a pass: adds to the gradients of W1, the embeddings, the column biases, and
  /// `context_grad`. \param gradient  [layout size]; those of the block's biases must be complete
  /// \param context   as of begin()
  void finish(const float* context, float* gradient, float* context_grad);

 private:
  const NetworkLayout& layout_;
  bool exists_;
  int columns_;
  std::int64_t hidden_, width_;              // H, W
  std::vector<std::int64_t> token_offsets_;  // [C + 1]
  std::int64_t tokens_;                      // T without those of the last column

  const float* weights_ = nullptr;
  std::int64_t n_ = 0;
  std::vector<float> table_, table_grad_;  // [T, W]
  std::vector<float> bias_;                // [C, W]
  std::vector<float> sum_, sum_grad_;      // [n, W]
};

}  // namespace semblance::trainer
