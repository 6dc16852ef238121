#include "trainer/tensor_step.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "trainer/cuda_library.hpp"
#include "trainer/noise.hpp"

namespace semblance::trainer {
namespace {

/// Rows of one pass: bounds the memory on the device.
constexpr std::int64_t kPassRows = 4096;

/// A copy: the backward pass reads it after `values` is gone.
at::Tensor to_device(const std::vector<float>& values, at::IntArrayRef sizes,
                     const at::Device& device) {
  const at::Tensor view = at::from_blob(const_cast<float*>(values.data()), sizes);
  return view.to(device, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace

struct TensorStep::State {
  NetworkShape shape;
  NetworkLayout layout;
  at::Device device;
  at::Tensor token_offsets;  ///< [C, 1]
  at::Tensor
      padded_rows;     ///< [C * K] row of `head` for each (column, token); 0 behind the last token
  at::Tensor padding;  ///< [C, 1, K] 0, and minus infinity behind a column's last token
  std::int64_t most_tokens = 1;

  State(const NetworkShape& s, const std::string& device_name)
      : shape(s), layout(s), device(device_name) {
    if (device.is_cuda()) load_torch_cuda();
    const std::vector<std::int64_t> offsets = shape.token_offsets();
    most_tokens = *std::max_element(shape.cardinalities.begin(), shape.cardinalities.end());
    const auto columns = static_cast<std::int64_t>(shape.columns());
    at::Tensor rows = at::zeros({columns, most_tokens}, at::kLong);
    at::Tensor behind = at::zeros({columns, 1, most_tokens});
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int64_t k = shape.cardinalities[static_cast<std::size_t>(c)];
      rows[c].narrow(0, 0, k).copy_(at::arange(k, at::kLong) +
                                    offsets[static_cast<std::size_t>(c)]);
      behind[c][0].narrow(0, k, most_tokens - k).fill_(-std::numeric_limits<float>::infinity());
    }
    padded_rows = rows.flatten().to(device);
    padding = behind.to(device);
    token_offsets = at::tensor(at::ArrayRef<std::int64_t>(offsets.data(), offsets.size() - 1))
                        .unsqueeze(1)
                        .to(device);
  }

  /// One pass over at most kPassRows rows. Adds to column_nll when not null.
  struct Pass {
    const TokenRows& data;
    std::span<const std::int64_t> rows;
    const StepNoise& noise;
    bool dropout;
    std::int64_t n() const { return static_cast<std::int64_t>(rows.size()); }
  };
  struct Loss {
    at::Tensor column_nll;  ///< [C]
    at::Tensor kl;          ///< scalar
  };

  at::Tensor parameter(const at::Tensor& weights, int index) const {
    const Parameter& p = layout.parameters[static_cast<std::size_t>(index)];
    return weights.narrow(0, p.offset, p.size()).view({p.rows, p.columns});
  }

  /// [C, n] tokens, columns in the order of generation.
  at::Tensor gather_tokens(const Pass& pass) const {
    const std::int64_t columns = shape.columns();
    at::Tensor out = at::empty({columns, pass.n()}, at::kLong);
    auto* cells = out.data_ptr<std::int64_t>();
    for (std::int64_t r = 0; r < pass.n(); ++r) {
      const std::uint16_t* row =
          pass.data.tokens.data() + pass.rows[static_cast<std::size_t>(r)] * columns;
      for (std::int64_t c = 0; c < columns; ++c) cells[c * pass.n() + r] = row[c];
    }
    return out.to(device);
  }

  /// q(z | x), a draw of z and its KL from the standard normal.
  std::pair<at::Tensor, at::Tensor> encode(const at::Tensor& w, const at::Tensor& ids,
                                           const Pass& pass) const {
    const std::int64_t l = shape.latent;
    std::vector<float> epsilon(static_cast<std::size_t>(pass.n() * l));
    for (std::int64_t r = 0; r < pass.n(); ++r) {
      latent_noise(
          pass.noise.seed, pass.data.first_row + pass.rows[static_cast<std::size_t>(r)],
          pass.noise.epoch,
          std::span(epsilon).subspan(static_cast<std::size_t>(r * l), static_cast<std::size_t>(l)));
    }
    const at::Tensor sum = at::embedding(parameter(w, layout.encoder_embedding), ids).sum(0);
    const at::Tensor first = at::silu(sum + parameter(w, layout.encoder_bias));
    const at::Tensor second = at::silu(at::matmul(first, parameter(w, layout.encoder_hidden)) +
                                       parameter(w, layout.encoder_hidden_bias));
    const at::Tensor statistics = at::matmul(second, parameter(w, layout.encoder_out)) +
                                  parameter(w, layout.encoder_out_bias);
    const at::Tensor mean = statistics.narrow(1, 0, l);
    const at::Tensor log_variance =
        statistics.narrow(1, l, l).clamp(kLeastLogVariance, kMostLogVariance);
    const at::Tensor z =
        mean + (0.5 * log_variance).exp() * to_device(epsilon, {pass.n(), l}, device);
    return {z, 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()};
  }

  /// [contexts, n, W] factors of block k.
  at::Tensor dropout_mask(const Pass& pass, std::int64_t contexts, int k) const {
    const std::int64_t width = shape.block_width, n = pass.n();
    std::vector<float> mask(static_cast<std::size_t>(contexts * n * width), 1.0f),
        unused(mask.size(), 1.0f);
    for (std::int64_t s = 0; s < contexts; ++s) {
      const std::uint32_t stream = dropout_stream(pass.noise, shape, s, k);
      for (std::int64_t r = 0; r < n; ++r) {
        const std::int64_t at = (s * n + r) * width;
        apply_dropout(pass.noise.seed, pass.data.first_row + pass.rows[static_cast<std::size_t>(r)],
                      stream, pass.noise.dropout, width, &mask[static_cast<std::size_t>(at)],
                      &unused[static_cast<std::size_t>(at)]);
      }
    }
    return to_device(mask, {contexts, n, width}, device);
  }

  Loss forward(const at::Tensor& w, const Pass& pass) const {
    const at::Tensor tokens = gather_tokens(pass);
    const at::Tensor ids = tokens + token_offsets;
    const std::int64_t columns = shape.columns(), n = pass.n();
    at::Tensor kl = at::zeros({}, at::TensorOptions(device));
    at::Tensor context = at::zeros({1, n, shape.hidden}, at::TensorOptions(device));
    if (shape.latent > 0) {
      const auto [z, divergence] = encode(w, ids, pass);
      kl = divergence;
      context = at::matmul(z, parameter(w, layout.latent)).unsqueeze(0);
    }
    if (shape.autoregressive && columns > 1) {
      const at::Tensor embedded =
          at::embedding(parameter(w, layout.embedding), ids.narrow(0, 0, columns - 1));
      context = at::cat({context, context + embedded.cumsum(0)});
    }
    context = context + parameter(w, layout.column_bias).unsqueeze(1);
    for (std::size_t k = 0; k < layout.blocks.size(); ++k) {
      const NetworkLayout::Block& block = layout.blocks[k];
      at::Tensor unit = at::silu(at::matmul(context, parameter(w, block.in)) +
                                 parameter(w, block.bias).unsqueeze(1));
      if (pass.dropout && pass.noise.dropout > 0)
        unit = unit * dropout_mask(pass, context.size(0), static_cast<int>(k));
      context = context + at::matmul(unit, parameter(w, block.out));
    }
    const at::Tensor hidden = at::silu(context).expand({columns, n, shape.hidden});
    const at::Tensor head = parameter(w, layout.head)
                                .index_select(0, padded_rows)
                                .view({columns, most_tokens, shape.hidden});
    const at::Tensor bias = parameter(w, layout.head_bias)
                                .flatten()
                                .index_select(0, padded_rows)
                                .view({columns, 1, most_tokens});
    const at::Tensor logits = at::bmm(hidden, head.transpose(1, 2)) + bias + padding;
    const at::Tensor picked = at::log_softmax(logits, 2).gather(2, tokens.unsqueeze(2)).squeeze(2);
    return {-picked.sum(1), kl};
  }

  /// Calls body(pass) for the rows in pieces.
  template <class Body>
  static void in_pieces(const TokenRows& data, std::span<const std::int64_t> rows,
                        const StepNoise& noise, bool dropout, Body body) {
    for (std::size_t at = 0; at < rows.size(); at += kPassRows) {
      body(Pass{data, rows.subspan(at, std::min<std::size_t>(kPassRows, rows.size() - at)), noise,
                dropout});
    }
  }

  static void add(const at::Tensor& column_nll, const at::Tensor& kl, std::int64_t rows,
                  StepLoss& sum) {
    sum.nll += column_nll.sum().item<double>();
    sum.kl += kl.item<double>();
    sum.rows += rows;
  }
};

TensorStep::TensorStep(const NetworkShape& shape, const std::string& device)
    : state_(std::make_unique<State>(shape, device)) {}
TensorStep::~TensorStep() = default;

StepLoss TensorStep::gradient(const float* weights, const TokenRows& data,
                              std::span<const std::int64_t> rows, const StepNoise& noise,
                              float scale, std::span<float> gradient) {
  std::fill(gradient.begin(), gradient.end(), 0.0f);
  StepLoss sum;
  if (rows.empty()) return sum;
  const at::Tensor host = at::from_blob(const_cast<float*>(weights), {state_->layout.size});
  const at::Tensor w =
      host.to(state_->device, at::kFloat, false, /*copy=*/true).set_requires_grad(true);
  State::in_pieces(data, rows, noise, true, [&](const State::Pass& pass) {
    const State::Loss loss = state_->forward(w, pass);
    ((loss.column_nll.sum() + loss.kl) * scale).backward();
    State::add(loss.column_nll.detach(), loss.kl.detach(), pass.n(), sum);
  });
  at::from_blob(gradient.data(), {state_->layout.size}).copy_(w.grad());
  return sum;
}

StepLoss TensorStep::loss(const float* weights, const TokenRows& data,
                          std::span<const std::int64_t> rows, const StepNoise& noise,
                          double* column_nll) {
  StepLoss sum;
  const at::Tensor host = at::from_blob(const_cast<float*>(weights), {state_->layout.size});
  const at::Tensor w = host.to(state_->device);
  State::in_pieces(data, rows, noise, false, [&](const State::Pass& pass) {
    const State::Loss loss = state_->forward(w, pass);
    State::add(loss.column_nll, loss.kl, pass.n(), sum);
    if (column_nll == nullptr) return;
    const at::Tensor columns = loss.column_nll.to(at::kCPU, at::kDouble);
    for (int c = 0; c < state_->shape.columns(); ++c) column_nll[c] += columns[c].item<double>();
  });
  return sum;
}

}  // namespace semblance::trainer
