#include "trainer/step.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "trainer/cell_loops.hpp"
#include "trainer/gemm.hpp"
#include "trainer/history.hpp"
#include "trainer/noise.hpp"

namespace semblance::trainer {
/// What one pass reads and writes.
struct TrainingStep::Pass {
  const float* weights;
  const TokenRows& data;
  std::span<const std::int64_t> rows;
  StepNoise noise;
  float scale;
  float* grad;         // null: loss alone
  double* column_nll;  // may be null
  StepLoss loss;
  double* row_loss = nullptr;             // [n], added to; may be null
  const LogitVisitor* visitor = nullptr;  // sees the logits in place of the loss; may be null
  bool carries = false;                   // the first block is in carried_

  std::int64_t n() const { return static_cast<std::int64_t>(rows.size()); }
  bool backward() const { return grad != nullptr; }
};

TrainingStep::TrainingStep(const NetworkShape& shape, std::int64_t most_rows)
    : shape_(shape),
      layout_(shape),
      token_offsets_(shape.token_offsets()),
      most_rows_(most_rows),
      carried_(shape_, layout_) {
  const auto rows = [&](std::int64_t width) {
    return std::vector<float>(static_cast<std::size_t>(most_rows * width));
  };
  const std::int64_t g = shape.latent > 0 ? shape.encoder : 0, l = shape.latent, h = shape.hidden;
  tokens_.resize(static_cast<std::size_t>(most_rows * shape.columns()));
  for (auto* v : {&encoder_sum_, &encoder1_, &slope1_, &encoder2_, &slope2_, &encoder_grad_}) {
    *v = rows(g);
  }
  for (auto* v : {&statistics_, &statistics_grad_}) *v = rows(2 * l);
  for (auto* v : {&epsilon_, &z_, &z_grad_}) *v = rows(l);
  for (auto* v : {&context_, &context_grad_, &hidden_, &hidden_slope_, &hidden_grad_}) *v = rows(h);
  for (int k = 0; k <= shape.blocks; ++k) stream_.push_back(rows(h));
  for (int k = 0; k < shape.blocks; ++k) {
    unit_.push_back(rows(shape.block_width));
    unit_slope_.push_back(rows(shape.block_width));
  }
  unit_grad_ = rows(shape.block_width);
  logits_ = rows(*std::max_element(shape.cardinalities.begin(), shape.cardinalities.end()));
  nll_ = rows(1);
  scratch_ = rows(3);
}

void TrainingStep::gather_tokens(const Pass& pass) {
  const int columns = shape_.columns();
  const std::int64_t n = pass.n();
  for (std::int64_t r = 0; r < n; ++r) {
    const std::uint16_t* row = pass.data.tokens.data() + pass.rows[r] * columns;
    for (int s = 0; s < columns; ++s) tokens_[s * n + r] = row[s];
  }
}

/// A row's share of its z's KL: the rows of an entity have one z together.
float TrainingStep::kl_share(const Pass& pass, std::int64_t r) const {
  return shape_.panel ? 1.0f / static_cast<float>(pass.data.size[pass.rows[r]]) : 1.0f;
}

/// encoder_sum_ += the embeddings of a row's tokens; of a panel the mean over some rows of its
/// entity.
void TrainingStep::sum_embeddings(const Pass& pass) {
  const std::int64_t n = pass.n(), g = shape_.encoder;
  const float* table = pass.weights + layout_.offset(layout_.encoder_embedding);
  for (int s = 0; s < shape_.columns() && !shape_.panel; ++s) {
    gather_add(table + token_offsets_[s] * g, &tokens_[s * n], n, g, encoder_sum_.data());
  }
  for (std::int64_t r = 0; r < n && shape_.panel; ++r) {
    const auto pool = pooled_rows(pass.data, pass.rows[r], pass.noise.seed, pass.noise.epoch);
    for (const std::int64_t row : pool) {
      const std::uint16_t* tokens = pass.data.tokens.data() + row * shape_.columns();
      for (int s = 0; s < shape_.columns(); ++s) {
        add_scaled(table + (token_offsets_[s] + tokens[s]) * g,
                   1.0f / static_cast<float>(pool.size()), g, &encoder_sum_[r * g]);
      }
    }
  }
}

/// The gradient of the same, from that in encoder_sum_.
void TrainingStep::sum_embeddings_backward(const Pass& pass) {
  const std::int64_t n = pass.n(), g = shape_.encoder;
  float* table = pass.grad + layout_.offset(layout_.encoder_embedding);
  for (int s = 0; s < shape_.columns() && !shape_.panel; ++s) {
    scatter_add(encoder_sum_.data(), &tokens_[s * n], n, g, table + token_offsets_[s] * g);
  }
  for (std::int64_t r = 0; r < n && shape_.panel; ++r) {
    const auto pool = pooled_rows(pass.data, pass.rows[r], pass.noise.seed, pass.noise.epoch);
    for (const std::int64_t row : pool) {
      const std::uint16_t* tokens = pass.data.tokens.data() + row * shape_.columns();
      for (int s = 0; s < shape_.columns(); ++s) {
        add_scaled(&encoder_sum_[r * g], 1.0f / static_cast<float>(pool.size()), g,
                   table + (token_offsets_[s] + tokens[s]) * g);
      }
    }
  }
}

/// q(z | x): means and log variances from the summed embeddings; draws z; adds the KL to the loss.
void TrainingStep::encode(Pass& pass) {
  const std::int64_t n = pass.n(), g = shape_.encoder, l = shape_.latent;
  const auto w = [&](int index) { return pass.weights + layout_.offset(index); };
  fill_rows(nullptr, n, g, encoder_sum_.data());
  sum_embeddings(pass);
  silu_with_slope(encoder_sum_.data(), w(layout_.encoder_bias), n, g, encoder1_.data(),
                  slope1_.data());
  gemm(false, false, n, g, g, encoder1_.data(), w(layout_.encoder_hidden), 0, encoder_sum_.data());
  silu_with_slope(encoder_sum_.data(), w(layout_.encoder_hidden_bias), n, g, encoder2_.data(),
                  slope2_.data());
  fill_rows(w(layout_.encoder_out_bias), n, 2 * l, statistics_.data());
  gemm(false, false, n, 2 * l, g, encoder2_.data(), w(layout_.encoder_out), 1, statistics_.data());

  for (std::int64_t r = 0; r < n; ++r) {
    const float* mean = &statistics_[r * 2 * l];
    float* log_variance = &statistics_[r * 2 * l + l];
    float* epsilon = &epsilon_[r * l];
    latent_noise(pass.noise.seed,
                 shape_.panel ? pass.data.entity[pass.rows[r]] : pass.data.first_row + pass.rows[r],
                 pass.noise.epoch, {epsilon, static_cast<std::size_t>(l)});
    const float share = kl_share(pass, r);
    for (std::int64_t i = 0; i < l; ++i) {
      log_variance[i] = std::clamp(log_variance[i], kLeastLogVariance, kMostLogVariance);
      const float deviation = std::exp(0.5f * log_variance[i]);
      z_[r * l + i] = mean[i] + deviation * epsilon[i];
      const double kl =
          0.5 * share * (mean[i] * mean[i] + deviation * deviation - log_variance[i] - 1.0f);
      pass.loss.kl += kl;
      if (pass.row_loss != nullptr) pass.row_loss[r] += kl;
    }
  }
}

/// Gradient of the encoder from that of z U (context_grad_) and the KL.
void TrainingStep::encode_backward(const Pass& pass) {
  const std::int64_t n = pass.n(), g = shape_.encoder, l = shape_.latent, h = shape_.hidden;
  const auto w = [&](int index) { return pass.weights + layout_.offset(index); };
  const auto d = [&](int index) { return pass.grad + layout_.offset(index); };
  gemm(false, true, n, l, h, context_grad_.data(), w(layout_.latent), 0, z_grad_.data());
  gemm(true, false, l, h, n, z_.data(), context_grad_.data(), 0, d(layout_.latent));
  for (std::int64_t r = 0; r < n; ++r) {
    const float scale = pass.scale * kl_share(pass, r);
    for (std::int64_t i = 0; i < l; ++i) {
      const float mean = statistics_[r * 2 * l + i], log_variance = statistics_[r * 2 * l + l + i];
      const float variance = std::exp(log_variance), dz = z_grad_[r * l + i];
      const bool held = log_variance <= kLeastLogVariance || log_variance >= kMostLogVariance;
      statistics_grad_[r * 2 * l + i] = dz + scale * mean;
      statistics_grad_[r * 2 * l + l + i] =
          held
              ? 0.0f
              : 0.5f * (dz * epsilon_[r * l + i] * std::sqrt(variance) + scale * (variance - 1.0f));
    }
  }
  gemm(true, false, g, 2 * l, n, encoder2_.data(), statistics_grad_.data(), 0,
       d(layout_.encoder_out));
  column_sums(statistics_grad_.data(), n, 2 * l, d(layout_.encoder_out_bias));
  gemm(false, true, n, g, 2 * l, statistics_grad_.data(), w(layout_.encoder_out), 0,
       encoder_grad_.data());
  apply_slope(slope2_.data(), n, g, encoder_grad_.data(), d(layout_.encoder_hidden_bias));
  gemm(true, false, g, g, n, encoder1_.data(), encoder_grad_.data(), 0, d(layout_.encoder_hidden));
  gemm(false, true, n, g, g, encoder_grad_.data(), w(layout_.encoder_hidden), 0,
       encoder_sum_.data());
  apply_slope(slope1_.data(), n, g, encoder_sum_.data(), d(layout_.encoder_bias));
  sum_embeddings_backward(pass);
}

/// From the running sum to silu(context of column s), through the blocks.
void TrainingStep::enter_context(const Pass& pass, int s) {
  const std::int64_t n = pass.n(), h = shape_.hidden, u = shape_.block_width;
  const auto w = [&](int index) { return pass.weights + layout_.offset(index); };
  const float* bias = w(layout_.column_bias) + s * h;
  if (shape_.blocks == 0) {
    return silu_with_slope(context_.data(), bias, n, h, hidden_.data(), hidden_slope_.data());
  }
  add_bias(context_.data(), bias, n, h, stream_[0].data());
  for (int k = 0; k < shape_.blocks; ++k) {
    const NetworkLayout::Block& block = layout_.blocks[k];
    if (k == 0 && pass.carries) {
      silu_with_slope(carried_.sum(), carried_.bias(s), n, u, unit_[k].data(),
                      unit_slope_[k].data());
    } else {
      gemm(false, false, n, u, h, stream_[k].data(), w(block.in), 0, unit_grad_.data());
      silu_with_slope(unit_grad_.data(), w(block.bias) + s * u, n, u, unit_[k].data(),
                      unit_slope_[k].data());
    }
    if (pass.backward() && pass.noise.dropout > 0) {
      const std::uint32_t stream = dropout_stream(pass.noise, shape_, s, k);
      for (std::int64_t r = 0; r < n; ++r) {
        apply_dropout(pass.noise.seed, pass.data.first_row + pass.rows[r], stream,
                      pass.noise.dropout, u, &unit_[k][r * u], &unit_slope_[k][r * u]);
      }
    }
    std::copy_n(stream_[k].data(), n * h, stream_[k + 1].data());
    gemm(false, false, n, h, u, unit_[k].data(), w(block.out), 1, stream_[k + 1].data());
  }
  silu_with_slope(stream_.back().data(), nullptr, n, h, hidden_.data(), hidden_slope_.data());
}

/// Rows that a head judges: all of the pass, or some of them.
struct TrainingStep::HeadRows {
  std::int64_t n;
  const float* hidden;          // [n, H]
  const std::uint16_t* tokens;  // [n]
  float* hidden_grad;           // [n, H]
  const std::int64_t* place;    // [n] rows of the pass; null: all in order
};

/// The column's own head: its loss, and the gradient of silu(context).
/// \param first  overwrite hidden_grad_ instead of adding to it
void TrainingStep::head(Pass& pass, int s, bool first) {
  if (s < shape_.shared) return head_of_first_rows(pass, s);
  head(pass, s, first,
       {pass.n(), hidden_.data(), &tokens_[s * pass.n()], hidden_grad_.data(), nullptr});
}

HistoryHead TrainingStep::history_head(const Pass& pass, int s) const {
  return {s, hidden_.data(), pass.weights + layout_.offset(layout_.transition),
          pass.weights + layout_.offset(layout_.recall),
          pass.weights + layout_.offset(layout_.stay_gate)};
}

void TrainingStep::head(Pass& pass, int s, bool first, const HeadRows& rows) {
  const std::int64_t n = rows.n, h = shape_.hidden, k = shape_.cardinalities[s];
  const std::int64_t at = layout_.offset(layout_.head) + token_offsets_[s] * h;
  const std::int64_t bias_at = layout_.offset(layout_.head_bias) + token_offsets_[s];
  gemm(false, true, k, n, h, pass.weights + at, rows.hidden, 0, logits_.data());
  const bool follows = shape_.panel && s >= shape_.shared;
  const HistoryHead history = follows ? history_head(pass, s) : HistoryHead{};
  if (follows) add_transitions(shape_, pass.data, pass.rows, history, logits_.data());
  if (pass.visitor != nullptr) return (*pass.visitor)(s, n, logits_.data(), rows.tokens);
  std::fill_n(nll_.data(), n, 0.0f);
  softmax_gradient(pass.weights + bias_at, rows.tokens, k, n, pass.scale, logits_.data(),
                   nll_.data(), pass.backward() ? pass.grad + bias_at : nullptr, scratch_.data());
  double sum = 0;
  for (std::int64_t r = 0; r < n; ++r) sum += nll_[r];
  for (std::int64_t r = 0; pass.row_loss != nullptr && r < n; ++r)
    pass.row_loss[rows.place != nullptr ? rows.place[r] : r] += nll_[r];
  pass.loss.nll += sum;
  if (pass.column_nll != nullptr) pass.column_nll[s] += sum;
  if (!pass.backward()) return;
  gemm(false, false, k, h, n, logits_.data(), rows.hidden, 0, pass.grad + at);
  gemm(true, false, n, h, k, logits_.data(), pass.weights + at, first ? 0 : 1, rows.hidden_grad);
  if (follows)
    add_transition_gradient(shape_, pass.data, pass.rows, history, logits_.data(),
                            pass.grad + layout_.offset(layout_.transition),
                            pass.grad + layout_.offset(layout_.recall),
                            pass.grad + layout_.offset(layout_.stay_gate), rows.hidden_grad);
}

/// What belongs to the entity counts once: in its first row. The other rows are told it.
void TrainingStep::head_of_first_rows(Pass& pass, int s) {
  const std::int64_t n = pass.n(), h = shape_.hidden;
  compact_rows_.clear(), compact_tokens_.clear();
  compact_.resize(static_cast<std::size_t>(n * h)), compact_grad_.resize(compact_.size());
  for (std::int64_t r = 0; r < n; ++r) {
    if (pass.data.index[pass.rows[r]] != 0) continue;
    std::copy_n(&hidden_[r * h], h, &compact_[static_cast<std::int64_t>(compact_rows_.size()) * h]);
    compact_rows_.push_back(r);
    compact_tokens_.push_back(tokens_[s * n + r]);
  }
  const auto many = static_cast<std::int64_t>(compact_rows_.size());
  if (many > 0)
    head(pass, s, true,
         {many, compact_.data(), compact_tokens_.data(), compact_grad_.data(),
          compact_rows_.data()});
  if (!pass.backward()) return;
  std::fill_n(hidden_grad_.data(), n * h, 0.0f);
  for (std::int64_t m = 0; m < many; ++m)
    std::copy_n(&compact_grad_[m * h], h, &hidden_grad_[compact_rows_[m] * h]);
}

/// Back through silu and the blocks; leaves the gradient of the running sum in hidden_grad_ (but
/// for what goes through carried_).
void TrainingStep::leave_context(const Pass& pass, int s) {
  const std::int64_t n = pass.n(), h = shape_.hidden, u = shape_.block_width;
  const auto w = [&](int index) { return pass.weights + layout_.offset(index); };
  const auto d = [&](int index) { return pass.grad + layout_.offset(index); };
  float* bias_grad = d(layout_.column_bias) + s * h;
  if (shape_.blocks == 0) {
    return apply_slope(hidden_slope_.data(), n, h, hidden_grad_.data(), bias_grad);
  }
  multiply(hidden_slope_.data(), n * h, hidden_grad_.data());
  for (int k = shape_.blocks - 1; k >= 0; --k) {
    const NetworkLayout::Block& block = layout_.blocks[k];
    gemm(false, true, n, u, h, hidden_grad_.data(), w(block.out), 0, unit_grad_.data());
    gemm(true, false, u, h, n, unit_[k].data(), hidden_grad_.data(), 1, d(block.out));
    apply_slope(unit_slope_[k].data(), n, u, unit_grad_.data(), d(block.bias) + s * u);
    if (k == 0 && pass.carries) {
      carried_.add_gradient(s, &tokens_[s * n], unit_grad_.data());
      continue;
    }
    gemm(true, false, h, u, n, stream_[k].data(), unit_grad_.data(), 1, d(block.in));
    gemm(false, true, n, h, u, unit_grad_.data(), w(block.in), 1, hidden_grad_.data());
  }
  column_sums(hidden_grad_.data(), n, h, bias_grad);
}

/// The columns from the last to the first: the running sum of embeddings is made whole once and
/// then taken apart, so that only one column's context is ever held.
void TrainingStep::run(Pass& pass) {
  const std::int64_t n = pass.n(), h = shape_.hidden;
  const int columns = shape_.columns();
  SEMBLANCE_ASSERT(n <= most_rows_);
  pass.loss.rows = n;
  if (n == 0) return;
  gather_tokens(pass);
  if (shape_.latent > 0) {
    encode(pass);
    gemm(false, false, n, h, shape_.latent, z_.data(),
         pass.weights + layout_.offset(layout_.latent), 0, context_.data());
  } else {
    std::fill_n(context_.data(), n * h, 0.0f);
  }
  if (shape_.panel) {
    add_history(shape_, pass.data, pass.rows, pass.weights + layout_.offset(layout_.previous),
                pass.weights + layout_.offset(layout_.position), context_.data());
  }
  if (!shape_.autoregressive) {
    enter_context(pass, 0);
    for (int s = 0; s < columns; ++s) head(pass, s, s == 0);
    if (!pass.backward()) return;
    leave_context(pass, 0);
    std::swap(context_grad_, hidden_grad_);
    return encode_backward(pass);
  }
  const std::int64_t embedding = layout_.offset(layout_.embedding);
  pass.carries = carried_.pays(n);
  if (pass.carries) carried_.begin(pass.weights, context_.data(), n, pass.backward());
  for (int s = 0; s + 1 < columns; ++s) {
    gather_add(pass.weights + embedding + token_offsets_[s] * h, &tokens_[s * n], n, h,
               context_.data());
    if (pass.carries) carried_.add(s, &tokens_[s * n]);
  }
  if (pass.backward()) std::fill_n(context_grad_.data(), n * h, 0.0f);
  for (int s = columns - 1; s >= 0; --s) {
    enter_context(pass, s);
    head(pass, s, true);
    if (pass.backward()) {
      leave_context(pass, s);
      if (s + 1 < columns) {
        scatter_add(context_grad_.data(), &tokens_[s * n], n, h,
                    pass.grad + embedding + token_offsets_[s] * h);
      }
      accumulate(hidden_grad_.data(), n * h, context_grad_.data());
    }
    if (s > 0) {
      gather_subtract(pass.weights + embedding + token_offsets_[s - 1] * h, &tokens_[(s - 1) * n],
                      n, h, context_.data());
      if (pass.carries) carried_.subtract(s - 1, &tokens_[(s - 1) * n]);
    }
  }
  if (!pass.backward()) return;
  if (pass.carries) carried_.finish(context_.data(), pass.grad, context_grad_.data());
  if (shape_.panel) {
    add_history_gradient(shape_, pass.data, pass.rows, context_grad_.data(),
                         pass.grad + layout_.offset(layout_.previous),
                         pass.grad + layout_.offset(layout_.position));
  }
  if (shape_.latent > 0) encode_backward(pass);
}

StepLoss TrainingStep::gradient(const float* weights, const TokenRows& data,
                                std::span<const std::int64_t> rows, const StepNoise& noise,
                                float scale, float* gradient) {
  std::fill_n(gradient, layout_.size, 0.0f);
  Pass pass{weights, data, rows, noise, scale, gradient, nullptr, {}};
  run(pass);
  return pass.loss;
}

StepLoss TrainingStep::loss(const float* weights, const TokenRows& data,
                            std::span<const std::int64_t> rows, const StepNoise& noise,
                            double* column_nll) {
  Pass pass{weights, data, rows, noise, 1.0f, nullptr, column_nll, {}};
  run(pass);
  return pass.loss;
}

void TrainingStep::row_losses(const float* weights, const TokenRows& data,
                              std::span<const std::int64_t> rows, const StepNoise& noise,
                              double* row_loss) {
  std::fill_n(row_loss, rows.size(), 0.0);
  Pass pass{weights, data, rows, noise, 1.0f, nullptr, nullptr, {}, row_loss};
  run(pass);
}

void TrainingStep::visit_logits(const float* weights, const TokenRows& data,
                                std::span<const std::int64_t> rows, const StepNoise& noise,
                                const LogitVisitor& visitor) {
  Pass pass{weights, data, rows, noise, 1.0f, nullptr, nullptr, {}, nullptr, &visitor};
  run(pass);
}

}  // namespace semblance::trainer
