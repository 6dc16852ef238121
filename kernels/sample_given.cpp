#include "kernels/sample_given.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "kernels/decoder_tile.hpp"
#include "kernels/sample_cell.hpp"

namespace semblance::kernels {
namespace {

constexpr double kImpossible = -1e30;  // log-weight of a candidate that meets no condition
constexpr int kMostLatent = 1 << 14;   // numbers of z between one candidate and the next

/// The conditions by column in the order of generation, and how far they reach in each row.
class Conditions {
 public:
  Conditions(const DecoderTile& tile, const GivenRows& rows);

  std::uint16_t fixed(int s, std::int64_t row) const {
    return rows_.fixed.empty() ? kFreeToken : rows_.fixed[tile_.output(s) * rows_.n_rows + row];
  }
  bool any(int s, std::int64_t row) const {
    return fixed(s, row) != kFreeToken ||
           std::any_of(masks_[s].begin(), masks_[s].end(),
                       [&](const Mask& mask) { return mask.holds_for(row); });
  }
  /// The last column under a condition; -1 for none.
  int last(std::int64_t row) const { return last_[row]; }
  /// weights[t] *= share of token t that is allowed. \param tokens  of the columns before s
  bool restrict(int s, std::int64_t row, const std::uint16_t* tokens, float* weights) const;

 private:
  struct Mask {
    const TokenMask* mask;
    int given;  // in the order of generation
    bool holds_for(std::int64_t row) const { return mask->rows.empty() || mask->rows[row] != 0; }
  };
  void check() const;

  const DecoderTile& tile_;
  const GivenRows& rows_;
  std::vector<std::vector<Mask>> masks_;
  std::vector<int> last_;
};

Conditions::Conditions(const DecoderTile& tile, const GivenRows& rows)
    : tile_(tile), rows_(rows), masks_(tile.columns()), last_(rows.n_rows, -1) {
  std::vector<int> place(tile.columns());
  for (int s = 0; s < tile.columns(); ++s) place[tile.output(s)] = s;
  for (const TokenMask& mask : rows.masks) {
    SEMBLANCE_EXPECT(mask.column >= 0 && mask.column < tile.columns() &&
                         mask.given < tile.columns() &&
                         (mask.given < 0 || place[mask.given] < place[mask.column]),
                     kUsage, "a mask names column {} given column {} of {}", mask.column,
                     mask.given, tile.columns());
    const int s = place[mask.column], given = mask.given < 0 ? -1 : place[mask.given];
    const std::int64_t wanted =
        std::int64_t{tile.cardinality(s)} * (given < 0 ? 1 : tile.cardinality(given));
    SEMBLANCE_EXPECT(
        static_cast<std::int64_t>(mask.weights.size()) == wanted &&
            (mask.rows.empty() || static_cast<std::int64_t>(mask.rows.size()) == rows.n_rows),
        kUsage, "a mask of column {} has {} weights for {} tokens", mask.column,
        mask.weights.size(), wanted);
    masks_[s].push_back({&mask, given});
  }
  check();
  for (std::int64_t row = 0; row < rows.n_rows; ++row) {
    for (int s = tile.columns() - 1; s >= 0 && last_[row] < 0; --s) {
      if (any(s, row)) last_[row] = s;
    }
    // Columns that are drawn are drawn alike, however many of those behind them are asked for.
    if (rows.columns > 0) last_[row] = std::min(last_[row], rows.columns - 1);
  }
}

void Conditions::check() const {
  SEMBLANCE_EXPECT(std::has_single_bit(static_cast<unsigned>(rows_.particles)) &&
                       rows_.particles <= kMostParticles,
                   kUsage, "particles is {}; it must be 1, 2, 4, 8 ... {}", rows_.particles,
                   kMostParticles);
  const std::int64_t cells = tile_.columns() * rows_.n_rows;
  const GivenRows::History* history = rows_.history;
  SEMBLANCE_EXPECT((history == nullptr) != tile_.panel() &&
                       (history == nullptr ||
                        (static_cast<std::int64_t>(history->row.size()) == rows_.n_rows &&
                         static_cast<std::int64_t>(history->entity.size()) == rows_.n_rows &&
                         static_cast<std::int64_t>(history->index.size()) == rows_.n_rows &&
                         static_cast<std::int64_t>(history->size.size()) == rows_.n_rows &&
                         (history->candidate.empty() ||
                          static_cast<std::int64_t>(history->candidate.size()) == rows_.n_rows) &&
                         static_cast<std::int64_t>(history->previous.size()) == kLookBack * cells)),
                   kUsage, "a decoder of a panel, and no other, needs the history of its rows");
  SEMBLANCE_EXPECT(rows_.fixed.empty() || static_cast<std::int64_t>(rows_.fixed.size()) == cells,
                   kUsage, "{} given tokens for {} cells", rows_.fixed.size(), cells);
  for (int s = 0; s < tile_.columns() && !rows_.fixed.empty(); ++s) {
    for (std::int64_t row = 0; row < rows_.n_rows; ++row) {
      SEMBLANCE_EXPECT(fixed(s, row) == kFreeToken || fixed(s, row) < tile_.cardinality(s), kUsage,
                       "given token {} of a column with {}", fixed(s, row), tile_.cardinality(s));
    }
  }
}

bool Conditions::restrict(int s, std::int64_t row, const std::uint16_t* tokens,
                          float* weights) const {
  const int n = tile_.cardinality(s);
  bool any = false;
  for (const Mask& mask : masks_[s]) {
    if (!mask.holds_for(row)) continue;
    any = true;
    const float* allowed =
        mask.mask->weights.data() + (mask.given < 0 ? 0 : std::int64_t{tokens[mask.given]} * n);
    for (int t = 0; t < n; ++t) weights[t] *= allowed[t];
  }
  return any;
}

/// Lane sums of weights as pick_token() wants them; their sum.
float sum_lanes(const float* weights, std::int64_t padded, float* lanes) {
  std::fill_n(lanes, kPickLanes, 0.0f);
  for (std::int64_t t = 0; t < padded; t += kPickLanes) {
    for (int l = 0; l < kPickLanes; ++l) lanes[l] += weights[t + l];
  }
  float sum = 0;
  for (int l = 0; l < kPickLanes; ++l) sum += lanes[l];
  return sum;
}

/// The candidates of one row: all that the samplers need of the weights.
struct Weights {
  double log_mass = 0;  ///< of the steps before the last resampling
  double effective;     ///< least so far
};

/// Normalises log-weights; the log of their mean.
double normalise(std::span<const double> log_weights, std::vector<double>& shares) {
  const double top = *std::max_element(log_weights.begin(), log_weights.end());
  shares.resize(log_weights.size());
  double sum = 0;
  for (std::size_t p = 0; p < shares.size(); ++p) {
    shares[p] = std::exp(log_weights[p] - top);
    sum += shares[p];
  }
  for (double& share : shares) share /= sum;
  return top + std::log(sum / static_cast<double>(shares.size()));
}

double effective_number(const std::vector<double>& shares) {
  double squares = 0;
  for (const double share : shares) squares += share * share;
  return 1 / squares;
}

/// The candidates at equal steps of probability from u / P on (systematic resampling).
void systematic(const std::vector<double>& shares, double u, std::vector<int>& ancestors) {
  const auto many = static_cast<double>(shares.size());
  ancestors.clear();
  double below = 0;
  for (std::size_t p = 0; p < shares.size(); ++p) {
    below += shares[p] * many;
    while (ancestors.size() < shares.size() && u + static_cast<double>(ancestors.size()) < below) {
      ancestors.push_back(static_cast<int>(p));
    }
  }
  const int heaviest =
      static_cast<int>(std::max_element(shares.begin(), shares.end()) - shares.begin());
  ancestors.resize(shares.size(), heaviest);  // rounding may leave the last one open
}

class CpuGivenSampler : public GivenSampler {
 public:
  explicit CpuGivenSampler(const DecoderWeights& weights) : tile_(weights) {}
  GivenTokens sample(const GivenRows& rows, int threads) const override;

 private:
  /// Working memory of one thread: the candidates of some rows, and the rows that go on alone.
  struct Work {
    DecoderTile::Work tile;
    std::vector<float> context, spare_context;          // [slots, stride]
    std::vector<std::uint16_t> history, spare_history;  // [slots, C] in the order of generation
    std::vector<double> log_weight;                     // [slots]
    std::vector<std::int32_t> origin, spare_origin;     // [slots] candidates whose z they have
    std::vector<float> z;                               // [kTile, L]
    std::vector<float> final_context;                   // [kTile, stride]
    std::vector<std::uint16_t> final_tokens;            // [kTile, C]
    std::vector<double> shares;
    std::vector<int> ancestors;
  };
  struct Job {
    const GivenRows& rows;
    const Conditions& conditions;
    GivenTokens& out;
    /// What addresses the draws of a row, and those of its z.
    std::uint64_t number(std::int64_t row) const {
      return rows.history != nullptr ? rows.history->row[static_cast<std::size_t>(row)]
                                     : static_cast<std::uint64_t>(rows.first_row + row);
    }
    std::uint64_t latent_number(std::int64_t row) const {
      return rows.history != nullptr ? rows.history->entity[static_cast<std::size_t>(row)]
                                     : number(row);
    }
  };

  int slots(int particles) const { return std::max(kTile, particles); }
  Work make_work(int particles) const;
  void draw_latent(const Job& job, std::int64_t first, std::int64_t last, Work& work) const;
  void add_history(const Job& job, std::int64_t first, std::int64_t last, Work& work) const;
  void add_transitions(const Job& job, int s, std::int64_t row, int r, Work& work) const;
  void draw_column(const Job& job, int s, std::int64_t first, std::int64_t last, Work& work) const;
  double draw_cell(const Job& job, int s, std::int64_t row, int particle, float* weights,
                   std::uint16_t* history) const;
  void weigh(const Job& job, int s, std::int64_t row, std::int64_t first, Weights& weights,
             Work& work) const;
  void resample(std::int64_t slot, int particles, Work& work) const;
  void choose(const Job& job, std::int64_t row, std::int64_t slot, std::int64_t final_row,
              Weights& weights, Work& work) const;
  void run_candidates(const Job& job, std::int64_t first, std::int64_t last,
                      std::int64_t first_final, Work& work) const;
  void go_on_alone(const Job& job, std::int64_t first, std::int64_t last, Work& work) const;

  DecoderTile tile_;
};

CpuGivenSampler::Work CpuGivenSampler::make_work(int particles) const {
  const auto many = static_cast<std::size_t>(slots(particles)),
             columns = static_cast<std::size_t>(tile_.columns()),
             stride = static_cast<std::size_t>(tile_.stride());
  Work work;
  work.tile = tile_.work();
  work.context.resize(many * stride);
  work.history.resize(many * columns);
  work.log_weight.resize(many);
  work.origin.resize(many);
  work.z.resize(static_cast<std::size_t>(kTile * tile_.latent()));
  work.final_context.resize(kTile * stride);
  work.final_tokens.resize(kTile * columns);
  return work;
}

void CpuGivenSampler::draw_latent(const Job& job, std::int64_t first, std::int64_t last,
                                  Work& work) const {
  std::fill(work.context.begin(), work.context.end(), 0.0f);
  const int latent = tile_.latent(), particles = job.rows.particles;
  if (latent == 0) return;
  const std::int64_t used = (last - first) * particles;
  for (std::int64_t chunk = 0; chunk < used; chunk += kTile) {
    for (std::int64_t slot = chunk; slot < std::min(used, chunk + kTile); ++slot) {
      const std::int64_t row = first + slot / particles;
      const bool own = job.rows.history == nullptr || job.rows.history->candidate.empty();
      const auto particle = static_cast<std::uint32_t>(
          own ? slot % particles : job.rows.history->candidate[static_cast<std::size_t>(row)]);
      work.origin[static_cast<std::size_t>(slot)] = static_cast<std::int32_t>(particle);
      for (int i = 0; i < latent; ++i) {
        work.z[(slot - chunk) * latent + i] =
            latent_normal(job.rows.seed, job.latent_number(row),
                          particle * kMostLatent + static_cast<std::uint32_t>(i));
      }
    }
    tile_.add_latent(work.z.data(), work.context.data() + chunk * tile_.stride());
  }
}

void CpuGivenSampler::add_history(const Job& job, std::int64_t first, std::int64_t last,
                                  Work& work) const {
  const GivenRows::History* history = job.rows.history;
  if (history == nullptr) return;
  for (std::int64_t slot = 0; slot < (last - first) * job.rows.particles; ++slot) {
    const auto row = static_cast<std::size_t>(first + slot / job.rows.particles);
    tile_.add_history(history->previous.data() + row, job.rows.n_rows, history->index[row],
                      history->size[row], work.context.data() + slot * tile_.stride());
  }
}

/// What the row before makes of the logits of the tile's r-th row.
void CpuGivenSampler::add_transitions(const Job& job, int s, std::int64_t row, int r,
                                      Work& work) const {
  const GivenRows::History* history = job.rows.history;
  if (history == nullptr) return;
  tile_.add_transitions(s, history->previous.data() + row, job.rows.n_rows,
                        history->index[static_cast<std::size_t>(row)], r, work.tile);
}

/// Draws one candidate's token of column s into its history.
/// \param weights  unnormalised probabilities; restricted in place
/// \return         log-probability of what is allowed
double CpuGivenSampler::draw_cell(const Job& job, int s, std::int64_t row, int particle,
                                  float* weights, std::uint16_t* history) const {
  const std::int64_t stride = tile_.head_stride(s);
  float lanes[kPickLanes];
  tile_.exponentiate(s, weights, lanes);
  float total = 0;
  for (int l = 0; l < kPickLanes; ++l) total += lanes[l];
  const std::uint16_t fixed = job.conditions.fixed(s, row);
  if (fixed != kFreeToken) {
    history[s] = fixed;
    float left = weights[fixed];
    if (job.conditions.restrict(s, row, history, weights)) left = weights[fixed];
    return left > 0 ? std::log(static_cast<double>(left) / total) : kImpossible;
  }
  double log_share = 0;
  if (job.conditions.restrict(s, row, history, weights)) {
    const float left = sum_lanes(weights, stride, lanes);
    if (left <= 0) {
      history[s] = 0;
      return kImpossible;
    }
    log_share = std::log(static_cast<double>(left) / total);
  }
  // Latin hypercube (McKay et al. 1979): the candidates of a row share out [0, 1) among them.
  const auto many = static_cast<std::uint32_t>(job.rows.particles);
  const base::PhiloxWords words = base::philox(job.rows.seed, base::Purpose::kResample,
                                               job.number(row), static_cast<std::uint32_t>(s));
  const std::uint32_t stratum =
      ((words.word[0] | 1u) * static_cast<std::uint32_t>(particle) + words.word[1]) & (many - 1);
  const float jitter = base::uniform_float(
      base::random_bits(job.rows.seed, base::Purpose::kParticle, job.number(row),
                        static_cast<std::uint32_t>(s * kMostParticles + particle)));
  const float u = (static_cast<float>(stratum) + jitter) / static_cast<float>(many);
  history[s] = static_cast<std::uint16_t>(
      pick_token(weights, static_cast<int>(stride), lanes, std::min(u, 0.99999994f)));
  return log_share;
}

void CpuGivenSampler::draw_column(const Job& job, int s, std::int64_t first, std::int64_t last,
                                  Work& work) const {
  const int particles = job.rows.particles;
  const std::int64_t used = (last - first) * particles, stride = tile_.head_stride(s);
  for (std::int64_t chunk = 0; chunk < used; chunk += kTile) {
    if (tile_.autoregressive() || s == 0 || used > kTile) {
      tile_.enter(s, work.context.data() + chunk * tile_.stride(), work.tile);
    }
    tile_.logits(s, work.tile);
    for (std::int64_t slot = chunk; slot < std::min(used, chunk + kTile); ++slot) {
      const std::int64_t row = first + slot / particles;
      if (s > job.conditions.last(row)) continue;
      add_transitions(job, s, row, static_cast<int>(slot - chunk), work);
      std::uint16_t* history = work.history.data() + slot * tile_.columns();
      tile_.add_pairs(
          s, static_cast<int>(slot - chunk), [&](int g) { return history[g]; }, work.tile);
      work.log_weight[slot] +=
          draw_cell(job, s, row, static_cast<int>(slot % particles),
                    work.tile.logits.data() + (slot - chunk) * stride, history);
      tile_.feed(s, history[s], work.context.data() + slot * tile_.stride());
    }
  }
}

/// After a column under a condition: how many candidates still count, and fresh ones if too few.
void CpuGivenSampler::weigh(const Job& job, int s, std::int64_t row, std::int64_t slot,
                            Weights& weights, Work& work) const {
  const int particles = job.rows.particles;
  const std::span<double> log_weights(work.log_weight.data() + slot,
                                      static_cast<std::size_t>(particles));
  const double log_mean = normalise(log_weights, work.shares);
  const double effective = effective_number(work.shares);
  weights.effective = std::min(weights.effective, effective);
  if (s == job.conditions.last(row) || 2 * effective >= particles) return;
  weights.log_mass += log_mean;
  const base::PhiloxWords words = base::philox(job.rows.seed, base::Purpose::kResample,
                                               job.number(row), static_cast<std::uint32_t>(s));
  systematic(work.shares, base::uniform_float(words.word[2]), work.ancestors);
  resample(slot, particles, work);
}

void CpuGivenSampler::resample(std::int64_t slot, int particles, Work& work) const {
  const std::int64_t stride = tile_.stride(), columns = tile_.columns();
  work.spare_context.assign(work.context.begin() + slot * stride,
                            work.context.begin() + (slot + particles) * stride);
  work.spare_history.assign(work.history.begin() + slot * columns,
                            work.history.begin() + (slot + particles) * columns);
  work.spare_origin.assign(work.origin.begin() + slot, work.origin.begin() + slot + particles);
  for (int p = 0; p < particles; ++p) {
    const std::int64_t from = work.ancestors[static_cast<std::size_t>(p)];
    std::copy_n(work.spare_context.begin() + from * stride, stride,
                work.context.begin() + (slot + p) * stride);
    std::copy_n(work.spare_history.begin() + from * columns, columns,
                work.history.begin() + (slot + p) * columns);
    work.log_weight[slot + p] = 0;
    work.origin[slot + p] = work.spare_origin[from];
  }
}

/// One candidate by weight becomes the row.
void CpuGivenSampler::choose(const Job& job, std::int64_t row, std::int64_t slot,
                             std::int64_t final_row, Weights& weights, Work& work) const {
  const int particles = job.rows.particles;
  const std::span<double> log_weights(work.log_weight.data() + slot,
                                      static_cast<std::size_t>(particles));
  weights.log_mass += normalise(log_weights, work.shares);
  const base::PhiloxWords words =
      base::philox(job.rows.seed, base::Purpose::kResample, job.number(row),
                   static_cast<std::uint32_t>(tile_.columns()));
  double left = base::uniform_double(words.word[0], words.word[1]);
  int chosen = 0;
  while (chosen + 1 < particles && left >= work.shares[static_cast<std::size_t>(chosen)]) {
    left -= work.shares[static_cast<std::size_t>(chosen++)];
  }
  while (chosen > 0 && work.shares[static_cast<std::size_t>(chosen)] <= 0) --chosen;
  std::copy_n(work.context.begin() + (slot + chosen) * tile_.stride(), tile_.stride(),
              work.final_context.begin() + final_row * tile_.stride());
  std::copy_n(work.history.begin() + (slot + chosen) * tile_.columns(), tile_.columns(),
              work.final_tokens.begin() + final_row * tile_.columns());
  job.out.effective[static_cast<std::size_t>(row)] = static_cast<float>(weights.effective);
  job.out.log_mass[static_cast<std::size_t>(row)] = weights.log_mass;
  job.out.candidate[static_cast<std::size_t>(row)] =
      work.origin[static_cast<std::size_t>(slot + chosen)];
}

/// Rows [first, last) up to their last conditioned columns; they become rows first_final ... of the
/// final tile.
void CpuGivenSampler::run_candidates(const Job& job, std::int64_t first, std::int64_t last,
                                     std::int64_t first_final, Work& work) const {
  const int particles = job.rows.particles;
  draw_latent(job, first, last, work);
  add_history(job, first, last, work);
  std::fill(work.log_weight.begin(), work.log_weight.end(), 0.0);
  std::vector<Weights> weights(static_cast<std::size_t>(last - first),
                               {0, static_cast<double>(particles)});
  const auto finish = [&](std::int64_t row) {
    choose(job, row, (row - first) * particles, first_final + row - first,
           weights[static_cast<std::size_t>(row - first)], work);
  };
  int furthest = -1;
  for (std::int64_t row = first; row < last; ++row) {
    furthest = std::max(furthest, job.conditions.last(row));
    if (job.conditions.last(row) < 0) finish(row);
  }
  for (int s = 0; s <= furthest; ++s) {
    draw_column(job, s, first, last, work);
    for (std::int64_t row = first; row < last; ++row) {
      if (job.conditions.last(row) < s) continue;
      if (job.conditions.any(s, row)) {
        weigh(job, s, row, (row - first) * particles,
              weights[static_cast<std::size_t>(row - first)], work);
      }
      if (job.conditions.last(row) == s) finish(row);
    }
  }
}

/// The columns after the conditioned ones, drawn as RowSampler does.
void CpuGivenSampler::go_on_alone(const Job& job, std::int64_t first, std::int64_t last,
                                  Work& work) const {
  int s = tile_.columns();
  for (std::int64_t row = first; row < last; ++row) s = std::min(s, job.conditions.last(row) + 1);
  const int end = job.rows.columns > 0 ? job.rows.columns : tile_.columns();
  for (const int start = s; s < end; ++s) {
    if (tile_.autoregressive() || s == start) {
      tile_.enter(s, work.final_context.data(), work.tile);
    }
    tile_.logits(s, work.tile);
    for (std::int64_t row = first; row < last; ++row) {
      if (s <= job.conditions.last(row)) continue;
      const std::int64_t r = row - first;
      add_transitions(job, s, row, static_cast<int>(r), work);
      const std::uint16_t* earlier = work.final_tokens.data() + r * tile_.columns();
      tile_.add_pairs(
          s, static_cast<int>(r), [&](int g) { return earlier[g]; }, work.tile);
      float* weights = work.tile.logits.data() + r * tile_.head_stride(s);
      float lanes[kPickLanes];
      tile_.exponentiate(s, weights, lanes);
      const std::uint32_t bits = base::random_bits(job.rows.seed, base::Purpose::kSample,
                                                   job.number(row), static_cast<std::uint32_t>(s));
      const int token = pick_token(weights, static_cast<int>(tile_.head_stride(s)), lanes,
                                   base::uniform_float(bits));
      work.final_tokens[r * tile_.columns() + s] = static_cast<std::uint16_t>(token);
      tile_.feed(s, token, work.final_context.data() + r * tile_.stride());
    }
  }
}

GivenTokens CpuGivenSampler::sample(const GivenRows& rows, int threads) const {
  const Conditions conditions(tile_, rows);
  GivenTokens out;
  out.tokens.resize(static_cast<std::size_t>(tile_.columns() * rows.n_rows));
  out.effective.resize(static_cast<std::size_t>(rows.n_rows));
  out.log_mass.resize(static_cast<std::size_t>(rows.n_rows));
  out.candidate.resize(static_cast<std::size_t>(rows.n_rows));
  const Job job{rows, conditions, out};
  const std::int64_t together = std::max(1, kTile / rows.particles);  // rows of a run of candidates
  base::parallel_for((rows.n_rows + kTile - 1) / kTile, threads, [&](std::int64_t task) {
    Work work = make_work(rows.particles);
    const std::int64_t first = task * kTile, last = std::min(rows.n_rows, first + kTile);
    for (std::int64_t row = first; row < last; row += together) {
      run_candidates(job, row, std::min(last, row + together), row - first, work);
    }
    go_on_alone(job, first, last, work);
    for (int s = 0; s < tile_.columns(); ++s) {
      for (std::int64_t row = first; row < last; ++row) {
        out.tokens[tile_.output(s) * rows.n_rows + row] =
            work.final_tokens[(row - first) * tile_.columns() + s];
      }
    }
  });
  return out;
}

}  // namespace

std::unique_ptr<GivenSampler> make_given_sampler(const DecoderWeights& weights) {
  check(weights);
  return std::make_unique<CpuGivenSampler>(weights);
}

}  // namespace semblance::kernels
