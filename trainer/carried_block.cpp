#include "trainer/carried_block.hpp"

#include <algorithm>

#include "trainer/cell_loops.hpp"
#include "trainer/gemm.hpp"

namespace semblance::trainer {

CarriedBlock::CarriedBlock(const NetworkShape& shape, const NetworkLayout& layout)
    : layout_(layout),
      exists_(shape.autoregressive && shape.blocks > 0),
      columns_(shape.columns()),
      hidden_(shape.hidden),
      width_(shape.block_width),
      token_offsets_(shape.token_offsets()),
      tokens_(token_offsets_[static_cast<std::size_t>(columns_ - 1)]) {}

bool CarriedBlock::pays(std::int64_t n) const {
  return exists_ && 2 * (tokens_ + columns_ + n) < columns_ * n;
}

void CarriedBlock::begin(const float* weights, const float* context, std::int64_t n,
                         bool backward) {
  weights_ = weights;
  n_ = n;
  const NetworkLayout::Block& block = layout_.blocks[0];
  const float* in = weights + layout_.offset(block.in);
  table_.resize(static_cast<std::size_t>(tokens_ * width_));
  sum_.resize(static_cast<std::size_t>(n * width_));
  const float* biases = weights + layout_.offset(block.bias);
  bias_.assign(biases, biases + columns_ * width_);
  gemm(false, false, tokens_, width_, hidden_, weights + layout_.offset(layout_.embedding), in, 0,
       table_.data());
  gemm(false, false, columns_, width_, hidden_, weights + layout_.offset(layout_.column_bias), in,
       1, bias_.data());
  gemm(false, false, n, width_, hidden_, context, in, 0, sum_.data());
  if (!backward) return;
  table_grad_.assign(table_.size(), 0.0f);
  sum_grad_.assign(sum_.size(), 0.0f);
}

void CarriedBlock::add(int s, const std::uint16_t* tokens) {
  gather_add(table_.data() + token_offsets_[static_cast<std::size_t>(s)] * width_, tokens, n_,
             width_, sum_.data());
}

void CarriedBlock::subtract(int s, const std::uint16_t* tokens) {
  gather_subtract(table_.data() + token_offsets_[static_cast<std::size_t>(s)] * width_, tokens, n_,
                  width_, sum_.data());
}

void CarriedBlock::add_gradient(int s, const std::uint16_t* tokens, const float* unit_grad) {
  if (s + 1 < columns_) {
    scatter_add(sum_grad_.data(), tokens, n_, width_,
                table_grad_.data() + token_offsets_[static_cast<std::size_t>(s)] * width_);
  }
  accumulate(unit_grad, n_ * width_, sum_grad_.data());
}

void CarriedBlock::finish(const float* context, float* gradient, float* context_grad) {
  const NetworkLayout::Block& block = layout_.blocks[0];
  const auto w = [&](int index) { return weights_ + layout_.offset(index); };
  const auto d = [&](int index) { return gradient + layout_.offset(index); };
  const float* in = w(block.in);
  /// rows [many, H] and the gradient [many, W] of their products with W1.
  const auto through = [&](std::int64_t many, const float* rows, const float* product_grad,
                           float* rows_grad) {
    gemm(true, false, hidden_, width_, many, rows, product_grad, 1, d(block.in));
    gemm(false, true, many, hidden_, width_, product_grad, in, 1, rows_grad);
  };
  through(tokens_, w(layout_.embedding), table_grad_.data(), d(layout_.embedding));
  through(columns_, w(layout_.column_bias), d(block.bias), d(layout_.column_bias));
  through(n_, context, sum_grad_.data(), context_grad);
}

}  // namespace semblance::trainer
