#include "trainer/device_network.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "trainer/head_groups.hpp"
#include "trainer/step.hpp"

namespace semblance::trainer {
namespace {

template <class T>
at::Tensor to_device(const std::vector<T>& values, const at::Device& device) {
  return at::tensor(at::ArrayRef<T>(values)).to(device);
}

/// [T] the column of each token.
std::vector<std::int32_t> columns_of_tokens(const std::vector<int>& cardinalities) {
  std::vector<std::int32_t> columns;
  for (std::size_t c = 0; c < cardinalities.size(); ++c)
    columns.insert(columns.end(), static_cast<std::size_t>(cardinalities[c]),
                   static_cast<std::int32_t>(c));
  return columns;
}

float* floats(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.data_ptr<float>() : nullptr;
}

}  // namespace

struct DeviceNetwork::State {
  NetworkShape shape;
  NetworkLayout layout;
  DeviceQueue& queue;
  kernels::TrainOps& ops;
  at::Device device;
  std::uint64_t seed;
  std::uint32_t threshold;  // of dropout
  HeadGroups groups;
  std::int64_t contexts;  // S
  at::Tensor place, head_tokens, token_rows;
  at::Tensor offset, size, column, logits_at, padded;  // what kernels::TokenColumns points to
  kernels::TokenColumns columns;

  // Memory of a pass over B rows.
  struct Block {
    at::Tensor in, unit, slope;  // [S, B, H], [S, B, W] twice
  };
  std::int64_t rows = 0;  // B
  at::Tensor tokens, numbers, scale;
  at::Tensor first, first_slope, second_in, second, second_slope, statistics, z, kl, start;
  std::vector<Block> blocks;
  at::Tensor context, hidden, slope;  // context: behind the last block
  at::Tensor heads, logits, nll;
  // Of the gradient alone.
  at::Tensor heads_gradient, bias_gradient, hidden_gradient, context_gradient, unit_gradient;
  at::Tensor z_gradient, statistics_gradient, second_gradient, first_gradient;

  State(const NetworkShape& s, DeviceQueue& q, std::uint64_t noise_seed, double dropout)
      : shape(s),
        layout(s),
        queue(q),
        ops(q.ops()),
        device(q.device_name()),
        seed(noise_seed),
        threshold(static_cast<std::uint32_t>(std::lround(256 * dropout))),
        groups(s.cardinalities),
        contexts(s.autoregressive ? s.columns() : 1) {
    SEMBLANCE_ASSERT(!shape.panel);
    std::vector<std::int64_t> offsets = shape.token_offsets();
    columns.columns = shape.columns();
    columns.tokens = offsets.back();
    offsets.pop_back();
    place = to_device(groups.place, device);
    head_tokens = to_device(groups.token, device);
    token_rows = to_device(groups.row, device);
    offset = to_device(offsets, device);
    size = to_device(shape.cardinalities, device);
    column = to_device(columns_of_tokens(shape.cardinalities), device);
    padded = to_device(groups.padded, device);
    columns.offset = offset.data_ptr<std::int64_t>();
    columns.size = size.data_ptr<std::int32_t>();
    columns.column = column.data_ptr<std::int32_t>();
    columns.padded = padded.data_ptr<std::int32_t>();
  }

  at::Tensor room(at::IntArrayRef sizes) const {
    return at::empty(sizes, at::TensorOptions(device).dtype(at::kFloat));
  }

  void make_room(std::int64_t b) {
    rows = 0;  // until there is memory for them
    const std::int64_t c = shape.columns(), h = shape.hidden, w = shape.block_width,
                       g = shape.encoder, l = shape.latent;
    tokens = at::empty({c, b}, at::TensorOptions(device).dtype(at::kShort));
    numbers = at::empty({b}, at::TensorOptions(device).dtype(at::kLong));
    scale = room({b});
    if (l > 0) {
      first = room({b, g}), first_slope = room({b, g}), first_gradient = room({b, g});
      second_in = room({b, g}), second = room({b, g}), second_slope = room({b, g});
      second_gradient = room({b, g});
      statistics = room({b, 2 * l}), statistics_gradient = room({b, 2 * l});
      z = room({b, l}), kl = room({b, l}), z_gradient = room({b, l});
      start = room({b, h});
    }
    blocks.clear();
    for (std::size_t k = 0; k < layout.blocks.size(); ++k)
      blocks.push_back({room({contexts, b, h}), room({contexts, b, w}), room({contexts, b, w})});
    if (!blocks.empty()) unit_gradient = room({contexts, b, w});
    context = room({contexts, b, h}), hidden = room({contexts, b, h}),
    slope = room({contexts, b, h});
    hidden_gradient = room({contexts, b, h}), context_gradient = room({contexts, b, h});
    heads = room({groups.rows(), h}), heads_gradient = room({groups.rows(), h});
    bias_gradient = room({groups.rows()});
    logits = room({groups.rows() * b}), nll = room({c, b});
    std::vector<std::int64_t> at = groups.logits;
    for (std::int64_t& first_logit : at) first_logit *= b;
    logits_at = to_device(at, device);
    columns.logits = logits_at.data_ptr<std::int64_t>();
    rows = b;
  }

  kernels::BatchRows batch() const {
    return {static_cast<int>(rows),
            reinterpret_cast<std::uint16_t*>(tokens.data_ptr<std::int16_t>()),
            numbers.data_ptr<std::int64_t>(), floats(scale)};
  }

  /// A parameter in a flat array of weights or of gradients; the array is not copied.
  at::Tensor part(const float* flat, int index) const {
    const Parameter& p = layout.parameters[static_cast<std::size_t>(index)];
    // The device is named: finding it out would ask the driver at every step.
    return at::from_blob(
        const_cast<float*>(flat) + p.offset, {p.rows, p.columns}, [](void*) {},
        at::TensorOptions(device).dtype(at::kFloat), device);
  }
  const float* raw(const float* flat, int index) const { return flat + layout.offset(index); }
  float* raw(float* flat, int index) const { return flat + layout.offset(index); }

  at::Tensor flattened(const at::Tensor& matrix) const { return matrix.flatten(0, 1); }

  /// [columns, B, padded] of one group, in the flat memory of the logits.
  at::Tensor logits_of(const HeadGroup& group) const {
    return logits.narrow(0, group.rows * rows, group.many * rows * group.padded)
        .view({group.many, rows, group.padded});
  }
  /// [columns, padded, H] of one group.
  at::Tensor heads_of(const at::Tensor& all, const HeadGroup& group) const {
    return all.narrow(0, group.rows, group.many * group.padded)
        .view({group.many, group.padded, shape.hidden});
  }
  /// [columns, B, H] that a group's heads read.
  at::Tensor hidden_of(const HeadGroup& group) const {
    return shape.autoregressive ? hidden.narrow(0, group.first, group.many)
                                : hidden.expand({group.many, rows, shape.hidden});
  }
  const std::int32_t* places() const {
    return shape.autoregressive ? place.data_ptr<std::int32_t>() : nullptr;
  }

  void encode(const kernels::BatchSource& source, const float* w) {
    const int n = static_cast<int>(rows), g = shape.encoder;
    ops.sum_embeddings(columns, batch(), raw(w, layout.encoder_embedding),
                       raw(w, layout.encoder_bias), g, floats(first), floats(first_slope));
    at::mm_out(second_in, first, part(w, layout.encoder_hidden));
    ops.silu(floats(second_in), raw(w, layout.encoder_hidden_bias), nullptr, 1, n, g,
             floats(second), floats(second_slope));
    at::mm_out(statistics, second, part(w, layout.encoder_out));
    ops.draw_latent(source, batch(), seed, raw(w, layout.encoder_out_bias), shape.latent,
                    kLeastLogVariance, kMostLogVariance, floats(statistics), floats(z), floats(kl));
    at::mm_out(start, z, part(w, layout.latent));
  }

  void encode_backward(const float* w, float* grad) {
    const int n = static_cast<int>(rows), g = shape.encoder;
    // The gradient of the start of the running sum is that of its first place.
    const at::Tensor start_gradient = context_gradient[0];
    at::Tensor latent = part(grad, layout.latent), out = part(grad, layout.encoder_out),
               middle = part(grad, layout.encoder_hidden);
    at::mm_out(latent, z.t(), start_gradient);
    at::mm_out(z_gradient, start_gradient, part(w, layout.latent).t());
    ops.latent_gradient(batch(), floats(statistics), floats(z), floats(z_gradient), shape.latent,
                        kLeastLogVariance, kMostLogVariance, floats(statistics_gradient));
    at::mm_out(out, second.t(), statistics_gradient);
    sum_rows(statistics_gradient, part(grad, layout.encoder_out_bias));
    at::mm_out(second_gradient, statistics_gradient, part(w, layout.encoder_out).t());
    ops.multiply_slope(floats(second_gradient), floats(second_slope), nullptr, 1, n, g,
                       floats(second_gradient));
    at::mm_out(middle, first.t(), second_gradient);
    sum_rows(second_gradient, part(grad, layout.encoder_hidden_bias));
    at::mm_out(first_gradient, second_gradient, part(w, layout.encoder_hidden).t());
    ops.multiply_slope(floats(first_gradient), floats(first_slope), nullptr, 1, n, g,
                       floats(first_gradient));
    sum_rows(first_gradient, part(grad, layout.encoder_bias));
    ops.token_gradient(columns, batch(), floats(first_gradient), false, columns.columns, g,
                       raw(grad, layout.encoder_embedding));
  }

  static void sum_rows(const at::Tensor& matrix, at::Tensor out) {
    at::sum_out(out, matrix, 0, /*keepdim=*/true);
  }

  void pass_blocks(const kernels::BatchSource& source, const float* w, bool dropout) {
    const int n = static_cast<int>(rows), s = static_cast<int>(contexts), width = shape.block_width;
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      const NetworkLayout::Block& block = layout.blocks[k];
      Block& memory = blocks[k];
      at::Tensor flat_unit = flattened(unit_gradient);  // not in use yet
      at::mm_out(flat_unit, flattened(memory.in), part(w, block.in));
      ops.silu(floats(unit_gradient), raw(w, block.bias), nullptr, s, n, width, floats(memory.unit),
               floats(memory.slope));
      if (dropout) {
        ops.drop({threshold, seed, shape.blocks, static_cast<int>(k)}, source, batch(), s, width,
                 floats(memory.unit), floats(memory.slope));
      }
      at::Tensor next = flattened(k + 1 < blocks.size() ? blocks[k + 1].in : context);
      at::addmm_out(next, flattened(memory.in), flattened(memory.unit), part(w, block.out));
    }
  }

  void blocks_backward(const float* w, float* grad) {
    const int n = static_cast<int>(rows), s = static_cast<int>(contexts), width = shape.block_width;
    at::Tensor back = flattened(context_gradient);
    for (std::size_t k = blocks.size(); k-- > 0;) {
      const NetworkLayout::Block& block = layout.blocks[k];
      const Block& memory = blocks[k];
      at::Tensor out = part(grad, block.out), in = part(grad, block.in),
                 bias = part(grad, block.bias), unit = flattened(unit_gradient);
      at::mm_out(out, flattened(memory.unit).t(), back);
      at::mm_out(unit, back, part(w, block.out).t());
      ops.multiply_slope(floats(unit_gradient), floats(memory.slope), nullptr, s, n, width,
                         floats(unit_gradient));
      at::mm_out(in, flattened(memory.in).t(), unit);
      at::sum_out(bias, unit_gradient, 1);
      back.addmm_(unit, part(w, block.in).t());
    }
  }

  /// Leaves the gradient of the logits in their place.
  void forward(const kernels::BatchSource& source, const float* w, bool dropout, double* sums) {
    const int n = static_cast<int>(rows), h = shape.hidden, s = static_cast<int>(contexts);
    ops.gather(source, columns.columns, batch());
    if (shape.latent > 0) encode(source, w);
    const at::Tensor& entry = blocks.empty() ? context : blocks[0].in;
    ops.prefix_sums(columns, batch(), floats(start), raw(w, layout.column_bias),
                    contexts > 1 ? raw(w, layout.embedding) : nullptr, s, h, floats(entry));
    pass_blocks(source, w, dropout);
    ops.silu(floats(context), nullptr, places(), s, n, h, floats(hidden), floats(slope));
    at::index_select_out(heads, part(w, layout.head), 0, head_tokens);
    for (const HeadGroup& group : groups.groups) {
      at::Tensor out = logits_of(group);
      at::bmm_out(out, hidden_of(group), heads_of(heads, group).transpose(1, 2));
    }
    ops.softmax_gradient(columns, batch(), raw(w, layout.head_bias), floats(logits), floats(nll));
    at::Tensor total = at::from_blob(
        sums, {columns.columns + 1}, [](void*) {}, at::TensorOptions(device).dtype(at::kDouble),
        device);
    total.narrow(0, 0, columns.columns).add_(at::sum(nll, 1, false, at::kDouble));
    if (shape.latent > 0) total[columns.columns].add_(at::sum(kl, at::kDouble));
  }

  void heads_backward(float* grad) {
    for (const HeadGroup& group : groups.groups) {
      const at::Tensor gradient = logits_of(group);
      at::Tensor of_heads = heads_of(heads_gradient, group);
      at::bmm_out(of_heads, gradient.transpose(1, 2), hidden_of(group));
      at::Tensor bias = bias_gradient.narrow(0, group.rows, group.many * group.padded)
                            .view({group.many, group.padded});
      at::sum_out(bias, gradient, 1);
      if (shape.autoregressive) {
        at::Tensor of_hidden = hidden_gradient.narrow(0, group.first, group.many);
        at::bmm_out(of_hidden, gradient, heads_of(heads, group));
      } else {
        const at::Tensor part_of_it =
            at::bmm(gradient, heads_of(heads, group)).sum(0, /*keepdim=*/true);
        if (group.first == 0)
          hidden_gradient.copy_(part_of_it);
        else
          hidden_gradient.add_(part_of_it);
      }
    }
    at::Tensor head = part(grad, layout.head), bias = part(grad, layout.head_bias).view(-1);
    at::index_select_out(head, heads_gradient, 0, token_rows);
    at::index_select_out(bias, bias_gradient, 0, token_rows);
  }

  void backward(const float* w, float* grad) {
    const int n = static_cast<int>(rows), h = shape.hidden, s = static_cast<int>(contexts);
    heads_backward(grad);
    ops.multiply_slope(floats(hidden_gradient), floats(slope), places(), s, n, h,
                       floats(context_gradient));
    blocks_backward(w, grad);
    at::Tensor bias = part(grad, layout.column_bias);
    at::sum_out(bias, context_gradient, 1);
    if (contexts > 1) {
      ops.suffix_sums(s, n, h, floats(context_gradient));
      // Column c adds to the contexts behind it: the sum from place c + 1 on.
      ops.token_gradient(columns, batch(), floats(context_gradient) + std::int64_t{n} * h, true,
                         s - 1, h, raw(grad, layout.embedding));
    } else if (layout.embedding >= 0) {
      part(grad, layout.embedding).zero_();
    }
    if (shape.latent > 0) encode_backward(w, grad);
  }
};

DeviceNetwork::DeviceNetwork(const NetworkShape& shape, DeviceQueue& queue, std::uint64_t seed,
                             double dropout)
    : state_(std::make_unique<State>(shape, queue, seed, dropout)) {}
DeviceNetwork::~DeviceNetwork() = default;

bool DeviceNetwork::resize(std::int64_t rows) {
  if (rows == state_->rows) return false;
  state_->make_room(rows);
  return true;
}

std::int64_t DeviceNetwork::capacity() const { return state_->rows; }

void DeviceNetwork::gradient(const kernels::BatchSource& source, const float* weights,
                             float* gradient, double* sums) {
  state_->forward(source, weights, true, sums);
  state_->backward(weights, gradient);
}

void DeviceNetwork::loss(const kernels::BatchSource& source, const float* weights, double* sums) {
  state_->forward(source, weights, false, sums);
}

}  // namespace semblance::trainer
