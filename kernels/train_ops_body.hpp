/// The bodies of the operations of kernels/train_ops.hpp, written once. A launcher runs them: a
/// loop on the CPU, a grid on CUDA.
#pragma once

#include "kernels/activation.hpp"
#include "kernels/train_noise.hpp"
#include "kernels/train_ops.hpp"

namespace semblance::kernels {

/// Element i of [B, C]: one cell.
struct GatherBody {
  BatchSource source;
  int columns;
  BatchRows rows;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    const BatchPlan plan = source.plan[*source.step];
    const std::int64_t r = i / columns, c = i % columns;
    const bool own = r < plan.rows;
    const std::int64_t row = own ? source.order[plan.first + r] : 0;
    rows.tokens[c * rows.rows + r] = own ? source.tokens[row * columns + c] : std::uint16_t{0};
    if (c > 0) return;
    rows.numbers[r] = own ? source.first_row + row : -1;
    rows.scale[r] = own ? plan.scale : 0.0f;
  }
};

SEMBLANCE_HD inline void silu_and_slope(float x, float& value, float& slope) {
  const float s = sigmoid(x);
  value = x * s;
  slope = s + x * s * (1.0f - s);
}

/// Element i of [B, W].
struct SumEmbeddingsBody {
  TokenColumns columns;
  BatchRows rows;
  const float *table, *bias;
  int width;
  float *value, *slope;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    const std::int64_t r = i / width, h = i % width;
    float sum = 0;
    for (int c = 0; c < columns.columns; ++c) {
      sum += table[(columns.offset[c] + rows.tokens[std::int64_t{c} * rows.rows + r]) * width + h];
    }
    silu_and_slope(sum + bias[h], value[i], slope[i]);
  }
};

/// Element i of [S, B, W].
struct SiluBody {
  const float *in, *bias;
  const std::int32_t* place;
  std::int64_t rows, width;
  float *value, *slope;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    const std::int64_t each = rows * width, s = i / each;
    const std::int64_t to = place == nullptr ? i : place[s] * each + i % each;
    const float x = bias == nullptr ? in[i] : in[i] + bias[s * width + i % width];
    silu_and_slope(x, value[to], slope[i]);
  }
};

/// Element i of [S, B, W].
struct DropBody {
  DropoutMasks masks;
  BatchSource source;
  BatchRows rows;
  int contexts, width;
  float *value, *slope;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    const std::int64_t each = std::int64_t{rows.rows} * width, s = i / each;
    const std::int64_t row = rows.numbers[i % each / width];
    if (row < 0) return;
    const std::uint32_t epoch = source.plan[*source.step].epoch;
    const std::uint32_t stream =
        (epoch * static_cast<std::uint32_t>(contexts) + static_cast<std::uint32_t>(s)) *
            static_cast<std::uint32_t>(masks.blocks) +
        static_cast<std::uint32_t>(masks.block);
    const float factor = dropout_factor(masks.seed, static_cast<std::uint64_t>(row), stream,
                                        masks.threshold, width, static_cast<int>(i % width));
    value[i] *= factor;
    slope[i] *= factor;
  }
};

/// Element i of [S, B, W].
struct MultiplySlopeBody {
  const float *grad, *slope;
  const std::int32_t* place;
  std::int64_t each;
  float* out;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    const std::int64_t from = place == nullptr ? i : place[i / each] * each + i % each;
    out[i] = grad[from] * slope[i];
  }
};

/// Element i of [B, L].
struct DrawLatentBody {
  BatchSource source;
  BatchRows rows;
  std::uint64_t seed;
  const float* bias;
  int latent;
  float least, most;
  float *statistics, *z, *kl;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    const std::int64_t r = i / latent;
    const int l = static_cast<int>(i % latent);
    float* const of_row = statistics + r * 2 * latent;
    const float mean = of_row[l] += bias[l];
    float log_variance = of_row[latent + l] += bias[latent + l];
    log_variance = fminf(fmaxf(log_variance, least), most);
    const std::int64_t row = rows.numbers[r];
    const float noise = row < 0 ? 0.0f
                                : training_normal_of(seed, static_cast<std::uint64_t>(row),
                                                     source.plan[*source.step].epoch, latent, l);
    z[i] = mean + expf(0.5f * log_variance) * noise;
    kl[i] = row < 0 ? 0.0f : 0.5f * (mean * mean + expf(log_variance) - log_variance - 1.0f);
  }
};

/// Element i of [B, L].
struct LatentGradientBody {
  BatchRows rows;
  const float *statistics, *z, *z_gradient;
  int latent;
  float least, most;
  float* gradient;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    const std::int64_t r = i / latent, l = i % latent;
    const float* const of_row = statistics + r * 2 * latent;
    const float mean = of_row[l], s = of_row[latent + l], scale = rows.scale[r];
    const bool held = s < least || s > most;
    float* const to = gradient + r * 2 * latent;
    to[l] = z_gradient[i] + scale * mean;
    // z - mean = exp(s / 2) * noise
    to[latent + l] =
        held ? 0.0f : 0.5f * (z_gradient[i] * (z[i] - mean) + scale * (expf(s) - 1.0f));
  }
};

/// Element i of [B, H].
struct PrefixSumsBody {
  TokenColumns columns;
  BatchRows rows;
  const float *start, *bias, *embedding;
  int contexts, width;
  float* context;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    const std::int64_t r = i / width, h = i % width, each = std::int64_t{rows.rows} * width;
    float sum = start == nullptr ? 0.0f : start[i];
    for (std::int64_t s = 0; s < contexts; ++s) {
      context[s * each + i] = sum + bias[s * width + h];
      if (s + 1 == contexts) return;
      sum += embedding[(columns.offset[s] + rows.tokens[s * rows.rows + r]) * width + h];
    }
  }
};

/// Element i of [B, H].
struct SuffixSumsBody {
  int contexts;
  std::int64_t each;
  float* grad;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    float sum = 0;
    for (std::int64_t s = contexts - 1; s >= 0; --s) sum = grad[s * each + i] += sum;
  }
};

/// Element i of [T, W].
struct TokenGradientBody {
  TokenColumns columns;
  BatchRows rows;
  const float* grad;
  bool by_column;
  int first_columns, width;
  float* out;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    const std::int64_t t = i / width, h = i % width, c = columns.column[t];
    float sum = 0;
    if (c < first_columns) {
      const float* from = grad + (by_column ? c * rows.rows * width : 0) + h;
      const std::uint16_t* tokens = rows.tokens + c * rows.rows;
      const auto token = static_cast<std::uint16_t>(t - columns.offset[c]);
      for (std::int64_t r = 0; r < rows.rows; ++r) {
        if (tokens[r] == token) sum += from[r * width];
      }
    }
    out[i] = sum;
  }
};

/// Row i of [C, B], by the lanes of a team.
struct SoftmaxBody {
  TokenColumns columns;
  BatchRows rows;
  const float* bias;
  float *logits, *nll;
  template <class Team>
  SEMBLANCE_HD void operator()(std::int64_t i, const Team& team) const {
    const std::int64_t c = i / rows.rows, r = i % rows.rows;
    const int size = columns.size[c], padded = columns.padded[c];
    float* const of_row = logits + columns.logits[c] + r * padded;
    const float* const of_column = bias + columns.offset[c];
    const int target = rows.tokens[i];
    const float scale = rows.scale[r];
    float largest = -3e38f;
    for (int t = team.lane(); t < size; t += team.lanes()) {
      largest = fmaxf(largest, of_row[t] + of_column[t]);
    }
    largest = team.largest(largest);
    float sum = 0, picked = 0;
    for (int t = team.lane(); t < size; t += team.lanes()) {
      const float x = of_row[t] + of_column[t] - largest;
      if (t == target) picked = x;
      sum += of_row[t] = expf(x);
    }
    sum = team.sum(sum);
    picked = team.sum(picked);
    const float factor = scale / sum;
    for (int t = team.lane(); t < padded; t += team.lanes()) {
      of_row[t] = t < size ? of_row[t] * factor - (t == target ? scale : 0.0f) : 0.0f;
    }
    if (team.lane() == 0) nll[i] = scale > 0 ? logf(sum) - picked : 0.0f;
  }
};

/// Element i of [rows, most_width].
struct AddRowsBody {
  SparseRows sparse;
  bool accumulate;
  const float* from;
  float* to;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    const std::int64_t row = i / sparse.most_width, h = i % sparse.most_width;
    if (h >= sparse.width[row]) return;
    float* const out = to + sparse.at[row] + h;
    float sum = accumulate ? *out : 0.0f;
    for (std::int64_t e = sparse.begin[row]; e < sparse.begin[row + 1]; ++e) {
      sum += sparse.share[e] * from[sparse.from[e] + h];
    }
    *out = sum;
  }
};

/// Element i of the trained numbers.
struct AdamBody {
  const BatchPlan* plan;
  const std::int64_t* step;
  AdamArrays a;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    const BatchPlan now = plan[*step];
    const int group = a.group[i];
    const float clip = *a.norm > a.most_norm ? a.most_norm / *a.norm : 1.0f;
    const float g = a.gradient[i] * clip;
    const float m = a.beta1 * a.first[i] + (1.0f - a.beta1) * g;
    const float v = a.beta2 * a.second[i] + (1.0f - a.beta2) * g * g;
    a.first[i] = m;
    a.second[i] = v;
    const float floor = a.floor[group] * now.unbias2 * a.second_sum[group];
    const float kept = a.decays[group] != 0 ? a.trained[i] * now.keep : a.trained[i];
    const float w = kept - now.rate * m / (sqrtf(v * now.unbias2 + floor) + a.epsilon);
    a.trained[i] = w;
    if (i < a.weights_size) a.weights[i] = w;
  }
};

/// Element i of the weights.
struct BlendBody {
  const BatchPlan* plan;
  const std::int64_t* step;
  const float* weights;
  float* average;
  SEMBLANCE_HD void operator()(std::int64_t i) const {
    average[i] += plan[*step].share * (weights[i] - average[i]);
  }
};

/// \tparam Launcher  each(n, body): body(i) for i < n; each_team(n, body): body(i, team)
template <class Launcher>
class TrainOpsOn : public TrainOps {
 public:
  explicit TrainOpsOn(Launcher launcher) : launcher_(launcher) {}

  void gather(const BatchSource& source, int columns, const BatchRows& rows) override {
    launcher_.each(std::int64_t{rows.rows} * columns, GatherBody{source, columns, rows});
  }
  void sum_embeddings(const TokenColumns& columns, const BatchRows& rows, const float* table,
                      const float* bias, int width, float* value, float* slope) override {
    launcher_.each(std::int64_t{rows.rows} * width,
                   SumEmbeddingsBody{columns, rows, table, bias, width, value, slope});
  }
  void silu(const float* in, const float* bias, const std::int32_t* place, int contexts, int rows,
            int width, float* value, float* slope) override {
    launcher_.each(std::int64_t{contexts} * rows * width,
                   SiluBody{in, bias, place, rows, width, value, slope});
  }
  void drop(const DropoutMasks& masks, const BatchSource& source, const BatchRows& rows,
            int contexts, int width, float* value, float* slope) override {
    if (masks.threshold == 0) return;
    launcher_.each(std::int64_t{contexts} * rows.rows * width,
                   DropBody{masks, source, rows, contexts, width, value, slope});
  }
  void multiply_slope(const float* grad, const float* slope, const std::int32_t* place,
                      int contexts, int rows, int width, float* out) override {
    launcher_.each(std::int64_t{contexts} * rows * width,
                   MultiplySlopeBody{grad, slope, place, std::int64_t{rows} * width, out});
  }
  void draw_latent(const BatchSource& source, const BatchRows& rows, std::uint64_t seed,
                   const float* bias, int latent, float least, float most, float* statistics,
                   float* z, float* kl) override {
    launcher_.each(
        std::int64_t{rows.rows} * latent,
        DrawLatentBody{source, rows, seed, bias, latent, least, most, statistics, z, kl});
  }
  void latent_gradient(const BatchRows& rows, const float* statistics, const float* z,
                       const float* z_gradient, int latent, float least, float most,
                       float* gradient) override {
    launcher_.each(
        std::int64_t{rows.rows} * latent,
        LatentGradientBody{rows, statistics, z, z_gradient, latent, least, most, gradient});
  }
  void prefix_sums(const TokenColumns& columns, const BatchRows& rows, const float* start,
                   const float* bias, const float* embedding, int contexts, int width,
                   float* context) override {
    launcher_.each(std::int64_t{rows.rows} * width,
                   PrefixSumsBody{columns, rows, start, bias, embedding, contexts, width, context});
  }
  void suffix_sums(int contexts, int rows, int width, float* grad) override {
    const std::int64_t each = std::int64_t{rows} * width;
    launcher_.each(each, SuffixSumsBody{contexts, each, grad});
  }
  void token_gradient(const TokenColumns& columns, const BatchRows& rows, const float* grad,
                      bool by_column, int first_columns, int width, float* out) override {
    launcher_.each(columns.tokens * width,
                   TokenGradientBody{columns, rows, grad, by_column, first_columns, width, out});
  }
  void softmax_gradient(const TokenColumns& columns, const BatchRows& rows, const float* bias,
                        float* logits, float* nll) override {
    launcher_.each_team(std::int64_t{columns.columns} * rows.rows,
                        SoftmaxBody{columns, rows, bias, logits, nll});
  }
  void add_rows(const SparseRows& sparse, bool accumulate, const float* from, float* to) override {
    launcher_.each(sparse.rows * sparse.most_width, AddRowsBody{sparse, accumulate, from, to});
  }
  void adam(const BatchPlan* plan, const std::int64_t* step, const AdamArrays& arrays) override {
    launcher_.each(arrays.size, AdamBody{plan, step, arrays});
  }
  void blend(const BatchPlan* plan, const std::int64_t* step, std::int64_t size,
             const float* weights, float* average) override {
    launcher_.each(size, BlendBody{plan, step, weights, average});
  }

 private:
  Launcher launcher_;
};

}  // namespace semblance::kernels
